"""A comparison as one HTML page that holds everything it shows: styles, charts, script and the data."""

import html
import json

from . import charts, report, text

_STYLE = """
:root{--bg:#f6f7f9;--card:#fff;--ink:#1c2330;--dim:#68707f;--line:#dfe3ea;--pytorch-eager:#d9822b;--torchscript:#b8602f;
--torch-compile:#c94f4f;--onnxruntime:#4c78c9;--openvino:#7a5bc4;--tensorrt:#5f9e3a;--ingot:#0d9488}
@media(prefers-color-scheme:dark){:root{--bg:#12161d;--card:#1b212b;--ink:#e6e9ef;--dim:#98a1b0;--line:#2f3744}}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1240px;margin:0 auto;padding:32px 20px 48px}h1{font-size:26px;margin:0 0 2px;overflow-wrap:anywhere}
h2{font-size:16px;margin:0 0 10px}.sub,.note{color:var(--dim)}.note{font-size:13px;margin:8px 0 0}
.lead{font-size:18px;margin:18px 0 22px;padding:14px 18px;background:var(--card);border:1px solid var(--line);border-left:4px solid var(--ingot);border-radius:8px}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(520px,100%),1fr));gap:18px}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:18px 18px 12px;margin:0 0 18px;min-width:0}
.cards .card{margin:0}.cards{margin-bottom:18px}svg{width:100%;min-width:440px;height:auto;display:block}
main>.card svg{min-width:760px}
svg text{font-size:13px;fill:var(--ink)}.label{text-anchor:end}svg .dim,svg .tick{fill:var(--dim)}.dim{color:var(--dim)}
.tick{text-anchor:middle;font-size:11px!important}.value{font-variant-numeric:tabular-nums;font-weight:600}
.grid{stroke:var(--line)}.whisker{stroke:var(--ink);stroke-width:1.5;fill:none;opacity:.6}
circle{fill-opacity:.65}.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:13px;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:7px 7px;border-bottom:1px solid var(--line);white-space:nowrap}td.wide{white-space:normal;min-width:90px}
th{color:var(--dim);font-weight:600}th[data-key]{cursor:pointer}th[data-key]:hover{color:var(--ink)}
.dot{display:inline-block;width:10px;height:10px;border-radius:3px;margin-right:7px}.warn{color:#b45309;font-weight:600}
@media(prefers-color-scheme:dark){.warn{color:#f0a94a}}
"""
_ENGINES = ("pytorch-eager", "torchscript", "torch-compile", "onnxruntime", "openvino", "tensorrt", "ingot")
_SCRIPT = """
for (const head of document.querySelectorAll("th[data-key]")) head.addEventListener("click", () => {
  const body = head.closest("table").tBodies[0], column = head.cellIndex, down = head.dataset.down = head.dataset.down === "1" ? "0" : "1";
  const key = row => { const cell = row.cells[column], number = cell.dataset.number;
    return number === undefined ? cell.textContent : number === "" ? Infinity : Number(number); };
  [...body.rows].sort((a, b) => { const x = key(a), y = key(b), order = x < y ? -1 : x > y ? 1 : 0;
    return down === "1" ? order : -order; }).forEach(row => body.append(row));
});
"""


def _style():
    colours = "".join(".%s{fill:var(--%s);background:var(--%s)}" % (charts.engine_class(each), each, each) for each in _ENGINES)
    return _STYLE + colours


def _lead(measured):
    """One sentence: the fastest engine, and how far ahead it is."""
    if not measured:
        return "No engine ran."
    first = min(measured, key=lambda row: row["latency_seconds"]["p50"])
    name = "%s (%s %s)" % (first["engine"], first["device"], first["precision"])
    sentence = "<b>%s</b> is fastest: %s per run." % (name, text.duration(first["latency_seconds"]["p50"]))
    peers = [row for row in measured if row["engine"] != first["engine"]]
    if peers:
        second = min(peers, key=lambda row: row["latency_seconds"]["p50"])
        sentence += " The next engine, %s (%s %s), takes %.2f times as long." % (
            second["engine"], second["device"], second["precision"],
            second["latency_seconds"]["p50"] / first["latency_seconds"]["p50"])
    if any(row["unsteady"] for row in measured):
        sentence += ' <span class="warn">Some rounds were unsteady (~): other work disturbed the machine.</span>'
    return sentence


def _card(title, chart, note=""):
    if not chart:
        return ""
    return '<section class="card"><h2>%s</h2><div class="scroll">%s</div>%s</section>' % (title, chart, '<p class="note">%s</p>' % note if note else "")


def _numbers(row):
    """What each column of report.HEAD sorts by; None: by its text."""
    latency = row["latency_seconds"]
    return [None, None, None, latency["p50"], latency["p95"], latency["p99"], row["spread"], row["runs_per_second"],
            row["first_result_seconds"], row["build_seconds"], row.get("plan_bytes"), row.get("host_peak_bytes"),
            row.get("device_growth_bytes"), row.get("largest_error"), len(row.get("fallbacks") or [])]


def _table(measured):
    """All figures; columns that no engine fills are left out."""
    shown_rows = [report.cells(row) for row in measured]
    kept = [index for index in range(len(report.HEAD)) if any(cells[index] != "-" for cells in shown_rows)]
    head = "".join('<th data-key title="sort">%s</th>' % report.HEAD[index] for index in kept)
    lines = []
    for row, shown_row in zip(measured, shown_rows):
        cells, numbers = [], _numbers(row)
        for index in kept:
            shown, number = shown_row[index], numbers[index]
            sort = "" if index < 3 else ' data-number="%s"' % ("" if number is None else repr(number))
            mark = '<span class="dot %s"></span>' % charts.engine_class(row["engine"]) if index == 0 else ""
            style = ' class="wide"' if index == len(report.HEAD) - 1 else ""
            title = ' title="version %s"' % html.escape(str(row["version"]), True) if index == 0 else ""
            cells.append("<td%s%s%s>%s%s</td>" % (sort, style, title, mark, html.escape(shown)))
        lines.append("<tr>%s</tr>" % "".join(cells))
    return '<div class="scroll"><table><thead><tr>%s</tr></thead><tbody>%s</tbody></table></div>' % (head, "".join(lines))


def _missing(missing):
    lines = ["<tr><td>%s</td><td>%s</td><td class=wide>%s</td></tr>" % tuple(html.escape(each) for each in line)
             for line in report.missing_lines(missing)]
    return ('<div class="scroll"><table><thead><tr><th>engine</th><th>where</th><th>why</th></tr></thead><tbody>%s</tbody></table></div>'
            % "".join(lines))


def _charts(measured):
    write = text.duration
    wide = _card("Latency", charts.bars("latency", measured, lambda row: row["latency_seconds"]["p50"], write,
                                        lambda row: row["latency_seconds"]["p95"], charts.WIDE),
                 "Bar: median of all runs. Whisker: 95th percentile. Shorter is better.")
    rounds = _card("Rounds", charts.strip("median of each round", measured, write), "A dot is the median of one round. Engines were asked in turn within each round.")
    cards = [rounds,
             _card("First result", charts.bars("first result", measured, lambda row: row["first_result_seconds"], write),
                   "From the model file to the first outputs, build included; importing the engine is not counted."),
             _card("Peak memory", charts.bars("memory", measured, lambda row: row.get("host_peak_bytes"), text.size),
                   "Peak resident memory of the engine's process."),
             _card("Error", charts.error_bars("error", measured), "Largest difference to the reference over its largest magnitude, logarithmic.")]
    return wide + '<div class="cards">%s</div>' % "".join(cards)


def _inputs(result):
    return ", ".join("%s %s[%s]" % (html.escape(name), kind, ", ".join(map(str, shape)))
                     for name, (kind, shape) in result["inputs"].items())


def _data(result):
    """JSON that cannot end the script element it stands in."""
    return json.dumps(result).replace("<", "\\u003c")


def page_html(result):
    measured, missing = report.split(result)
    parts = ['<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">',
             "<title>%s: engines compared</title><style>%s</style></head><body><main>" % (html.escape(result["model"]), _style()),
             '<h1>%s</h1><div class="sub">%s · %s · input %s</div>' % (html.escape(result["model"]), html.escape(result["machine"]),
                                                                     result["date"], _inputs(result)),
             '<p class="lead">%s</p>' % _lead(measured)]
    if measured:
        parts += [_charts(measured), '<section class="card"><h2>All figures</h2>%s</section>' % _table(measured)]
    if missing:
        parts.append('<section class="card"><h2>Not measured</h2>%s</section>' % _missing(missing))
    parts += ['<p class="note">%s</p>' % html.escape(report.method(result)), "</main>",
              '<script type="application/json" id="result">%s</script><script>%s</script></body></html>' % (_data(result), _SCRIPT)]
    return "\n".join(parts)
