"""Charts as inline SVG: bars with whiskers, and the strip of rounds. Colours come from the page's style."""

import html
import math

LABEL, ROW = 190, 30         # pixels: label column, row height
WIDE, NARROW = 1150, 560     # pixels: a chart over the page, one in half of it
_RIGHT = {WIDE: 190, NARROW: 80}  # pixels right of the longest bar, for its text


def engine_class(engine):
    return "e-" + engine


def nice_step(top):
    """A round step that divides [0, top] into three to six parts."""
    rough = top / 5
    power = 10 ** math.floor(math.log10(rough))
    return next(each * power for each in (1, 2, 2.5, 5, 10) if each * power >= rough)


def _plot(width):
    return width - LABEL - _RIGHT[width]


def _axis(top, height, width, write):
    step, parts, value = nice_step(top), [], 0.0
    while value <= top * 1.0001:
        x = LABEL + _plot(width) * value / top
        parts.append('<line class="grid" x1="%.1f" x2="%.1f" y1="4" y2="%d"/><text class="tick" x="%.1f" y="%d">%s</text>'
                     % (x, x, height - 20, x, height - 6, html.escape(write(value) if value else "0")))
        value += step
    return "".join(parts)


def _label(row, y):
    return ('<text class="label" x="%d" y="%.1f">%s <tspan class="dim">%s %s</tspan></text>'
            % (LABEL - 10, y, html.escape(row["engine"]), row["device"], row["precision"]))


def _svg(title, width, height, body):
    return '<svg viewBox="0 0 %d %d" role="img" aria-label="%s">%s</svg>' % (width, height, html.escape(title, True), body)


def bars(title, rows, value, write, whisker=None, width=NARROW):
    """A bar per row as long as value(row), `write` gives its text; whisker(row) a second figure or None."""
    shown = [row for row in rows if value(row) is not None]
    if not shown:
        return ""
    longest = max(max(value(row), (whisker(row) if whisker else 0) or 0) for row in shown)
    top, height, parts, plot = longest * 1.02 or 1.0, ROW * len(shown) + 28, [], _plot(width)
    for index, row in enumerate(shown):
        y, wide, said = 6 + ROW * index, plot * value(row) / top, write(value(row))
        end = LABEL + wide
        parts.append(_label(row, y + 16))
        parts.append('<rect class="%s" x="%d" y="%d" width="%.1f" height="20" rx="3"><title>%s: %s</title></rect>'
                     % (engine_class(row["engine"]), LABEL, y, max(wide, 1.5), html.escape(row["engine"]), html.escape(write(value(row)))))
        if whisker and whisker(row) is not None:
            far, said = LABEL + plot * whisker(row) / top, "%s – %s" % (said, write(whisker(row)))
            parts.append('<path class="whisker" d="M%.1f %d H%.1f M%.1f %d v12"/>' % (end, y + 10, far, far, y + 4))
            end = max(end, far)
        parts.append('<text class="value" x="%.1f" y="%d">%s</text>' % (end + 7, y + 15, html.escape(said)))
    return _svg(title, width, height, _axis(top, height, width, write) + "".join(parts))


def strip(title, rows, write):
    """A dot per round at its median: what varied, and in which rounds."""
    top = max(max(row["round_seconds"]) for row in rows) * 1.02
    height, parts = ROW * len(rows) + 28, []
    for index, row in enumerate(rows):
        y = 6 + ROW * index
        parts.append(_label(row, y + 16))
        for number, seconds in enumerate(row["round_seconds"]):
            parts.append('<circle class="%s" cx="%.1f" cy="%.1f" r="4.5"><title>round %d: %s</title></circle>'
                         % (engine_class(row["engine"]), LABEL + _plot(NARROW) * seconds / top, y + 11, number + 1, html.escape(write(seconds))))
    return _svg(title, NARROW, height, _axis(top, height, NARROW, write) + "".join(parts))


def error_bars(title, rows):
    """Largest errors on a logarithmic scale from 1e-8 to 1; an exact result has no bar."""
    shown = [row for row in rows if row.get("largest_error") is not None]
    if not shown:
        return ""
    height, parts = ROW * len(shown) + 28, []
    for power in range(-8, 1, 2):
        x = LABEL + _plot(NARROW) * (power + 8) / 8
        parts.append('<line class="grid" x1="%.1f" x2="%.1f" y1="4" y2="%d"/><text class="tick" x="%.1f" y="%d">1e%d</text>'
                     % (x, x, height - 20, x, height - 6, power))
    for index, row in enumerate(shown):
        y, value = 6 + ROW * index, row["largest_error"]
        share = min(max((math.log10(value) + 8) / 8, 0), 1) if value > 0 else 0
        parts.append(_label(row, y + 16))
        parts.append('<rect class="%s" x="%d" y="%d" width="%.1f" height="20" rx="3"/>'
                     % (engine_class(row["engine"]), LABEL, y, max(_plot(NARROW) * share, 1.5)))
        parts.append('<text class="value" x="%.1f" y="%d">%s</text>'
                     % (LABEL + _plot(NARROW) * share + 7, y + 15, "%.1e" % value if value else "exact"))
    return _svg(title, NARROW, height, "".join(parts))
