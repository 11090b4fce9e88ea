"""The suite's table for terminals and as docs/performance.md."""

import math

from . import text

HEAD = ["model", "threads", "ours", "ONNX Runtime", "OpenVINO", "best peer / ours", "quartiles", "fastest rounds", "floor", "error", "evaluated"]


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def verdicts(rows, contests):
    """Per contest and number of threads: the geometric means of medians and of lower quartiles against the targets."""
    found = []
    for name, contest in contests.items():
        for threads in sorted({row["threads"] for row in rows}):
            ratios = [row["ratio"] for row in rows if row["contest"] == name and row["threads"] == threads and "ratio" in row]
            if not ratios:
                continue
            lower = geometric_mean([each["lower"] for each in ratios])
            below = sum(each["lower"] < contest["least"] for each in ratios)
            found.append({"contest": name, "threads": threads, "models": len(ratios), "mean": geometric_mean([each["median"] for each in ratios]),
                          "mean_of_lower": lower, "target": contest["mean"], "met": lower >= contest["mean"],
                          "below_floor": below, "floor": contest["least"]})
    return found


def _time(row, engine):
    figures = row["engines"].get(engine)
    return text.duration(figures["seconds"]) + ("~" if figures["unsteady"] else "") if figures else "-"


def cells(row, least):
    """A line of the table; `~` marks unsteady cells."""
    found = row["ratio"]
    return [row["model"], str(row["threads"]), _time(row, "ingot"), _time(row, "onnxruntime"), _time(row, "openvino"),
            "%.2f%s" % (found["median"], "~" if row["unsteady"] else ""), "%.2f to %.2f" % (found["lower"], found["upper"]),
            "%.2f" % found["fastest"], "met" if found["lower"] >= least else "below", text.error(row), text.fallen({"fallbacks": row["evaluated"]})]


def _verdict(each):
    return ("%d thread(s), %d models: geometric mean %.2f (of lower quartiles %.2f), wanted %.2f: %s; below %.2f: %d"
            % (each["threads"], each["models"], each["mean"], each["mean_of_lower"], each["target"], "met" if each["met"] else "not met",
               each["floor"], each["below_floor"]))


def _parts(result, table, heading):
    for name, contest in result["contests"].items():
        mine = [row for row in result["rows"] if row["contest"] == name]
        rows = [cells(row, contest["least"]) for row in mine if "ratio" in row]
        reasons = {}
        for row in mine:
            if "ratio" not in row:
                reasons.setdefault(text.one_line(row["reason"]), []).append("%s (%d)" % (row["model"], row["threads"]))
            for engine, why in row.get("missing", {}).items():
                reasons.setdefault(text.one_line("%s %s" % (engine, why)), []).append("%s (%d)" % (row["model"], row["threads"]))
        yield heading + contest["title"]
        yield ""
        if rows:
            yield table(HEAD, rows)
            yield ""
        for each in result["verdicts"]:
            if each["contest"] == name:
                yield "- " + _verdict(each)
        for why, where in reasons.items():
            yield "- not measured, %s: %s" % (why, ", ".join(where))
        yield ""


def method(result):
    return ("Each engine has a process of its own. A round asks every engine once for %.2g s of runs, in order and in reverse order by turns; "
            "a cell is the median of %d rounds' medians. The ratio (best peer's time / ours) is taken within each round: median and quartiles "
            "over the rounds, and the ratio of the fastest rounds beside it. A floor or target counts as met when lower quartiles reach it. "
            "`~` marks cells whose rounds varied by more than 15 %% (quartile distance over median). Error is the largest difference "
            "to ONNX Runtime in fp32, as a share of the largest magnitude; evaluated are steps that run as an operator's slow evaluation."
            % (result["seconds"], result["rounds"]))


def terminal(result):
    lines = ["%s, %s" % (result["machine"], ", ".join("%s %s" % each for each in result["versions"].items())), ""]
    return "\n".join(lines + list(_parts(result, text.table, "")) + result["absent"] + [method(result)])


def markdown(result):
    lines = ["# Performance", "", "Written by `./dev suite` from what it measured; edits are lost. Absolute times mean little, ratios within one run do.",
             "", "Machine: %s, %s. Versions: %s." % (result["machine"], result["date"], ", ".join("%s %s" % each for each in result["versions"].items())), "",
             "## Method", "", method(result), ""]
    lines += _parts(result, text.markdown_table, "## ")
    return "\n".join(lines + ["- " + each for each in result["absent"]]).rstrip() + "\n"
