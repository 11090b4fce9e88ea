"""A comparison as a terminal table and as Markdown. The HTML page is in page.py."""

from . import text

HEAD = ["engine", "device", "precision", "p50", "p95", "p99", "spread", "runs/s", "first result", "build", "plan",
        "peak memory", "device memory", "largest error", "fell back"]


def cells(row):
    """The row of one measured engine; `~` marks rounds that were unsteady."""
    latency = row["latency_seconds"]
    return [row["engine"], row["device"], row["precision"], text.duration(latency["p50"]), text.duration(latency["p95"]),
            text.duration(latency["p99"]), "%s%.0f %%" % ("~" if row["unsteady"] else "", 100 * row["spread"]),
            text.number(row["runs_per_second"]), text.duration(row["first_result_seconds"]), text.duration(row["build_seconds"]),
            text.size(row.get("plan_bytes")), text.size(row.get("host_peak_bytes")), text.size(row.get("device_growth_bytes")),
            text.error(row), text.fallen(row)]


def split(result):
    """Measured rows, fastest first, and those that are not available."""
    measured = [row for row in result["rows"] if row["available"]]
    measured.sort(key=lambda row: (row["device"], row["latency_seconds"]["p50"]))
    return measured, [row for row in result["rows"] if not row["available"]]


def missing_lines(missing):
    """One line per engine and reason: (engine, "cpu fp32, cpu bf16", reason)."""
    grouped = {}
    for row in missing:
        grouped.setdefault((row["engine"], text.one_line(row["reason"])), []).append("%s %s" % (row["device"], row["precision"]))
    return [(engine, ", ".join(where), reason) for (engine, reason), where in grouped.items()]


def method(result):
    effort = result["effort"]
    threads = "%d thread(s)" % effort["threads"] if effort["threads"] else "each engine's default of threads"
    return ("%d rounds of %.2g s per engine, alternating, one process per engine, %s; spread is the quartile distance of the "
            "rounds over their median (~: above 15 %%); largest error is against %s in fp32, as a share of the largest "
            "magnitude; peak memory is that of the process, the engine's own libraries included."
            % (effort["rounds"], effort["seconds"], threads, result["reference"] or "nothing (no reference ran)"))


def terminal(result):
    measured, missing = split(result)
    lines = ["%s on %s" % (result["model"], result["machine"]), ""]
    if measured:
        lines += [text.table(HEAD, [cells(row) for row in measured]), ""]
    lines += ["%s (%s): %s" % each for each in missing_lines(missing)]
    return "\n".join(lines + ["", method(result)])


def markdown(result):
    measured, missing = split(result)
    parts = ["# %s" % result["model"], "", "%s, %s." % (result["machine"], result["date"]), ""]
    if measured:
        parts += [text.markdown_table(HEAD, [cells(row) for row in measured]), ""]
    if missing:
        parts += [text.markdown_table(["not measured", "where", "why"], missing_lines(missing)), ""]
    return "\n".join(parts + [method(result), ""])
