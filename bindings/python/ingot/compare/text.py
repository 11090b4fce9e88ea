"""Figures as people read them, and tables for terminals and Markdown."""


def duration(seconds):
    if seconds is None:
        return "-"
    for unit, scale in (("s", 1), ("ms", 1e3), ("µs", 1e6)):
        if seconds * scale >= 1 or unit == "µs":
            return "%.3g %s" % (seconds * scale, unit)


def size(count):
    if count is None:
        return "-"
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= scale:
            return "%.3g %s" % (count / scale, unit)
    return "%d B" % count


def number(value):
    return "-" if value is None else "%.0f" % value if value >= 100 else "%.3g" % value


def error(row):
    value = row.get("largest_error")
    return row.get("error_note") or "-" if value is None else "%.1e" % value if value else "0"


def fallen(row):
    """Fallbacks as "none" or "3: pad, resize"; "-" where the engine does not tell."""
    names = row.get("fallbacks")
    if names is None:
        return "-"
    return "%d: %s" % (len(names), ", ".join(sorted(set(names)))) if names else "none"


def one_line(reason, most=240):
    """An engine's words on one line, cut where they go on; documents in JSON keep them whole."""
    words = " ".join(reason.split())
    return words if len(words) <= most else words[:most - 1] + "…"


def table(head, rows):
    widths = [max(len(str(row[column])) for row in [head] + rows) for column in range(len(head))]
    lines = [head, ["-" * width for width in widths]] + rows
    return "\n".join("  ".join(str(cell).ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)


def markdown_table(head, rows):
    def line(cells):
        return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"

    return "\n".join([line(head), "|" + "---|" * len(head)] + [line(row) for row in rows])
