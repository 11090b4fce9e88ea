#include "apps/cli/explain_page.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "apps/cli/terminal.h"

namespace ingot::cli {
namespace {

using nlohmann::json;

constexpr const char* kHead = R"(<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><style>
:root{--bg:#f6f7f9;--card:#fff;--ink:#1c2330;--dim:#68707f;--line:#dfe3ea;--bar:#0d9488}
@media(prefers-color-scheme:dark){:root{--bg:#12161d;--card:#1b212b;--ink:#e6e9ef;--dim:#98a1b0;--line:#2f3744}}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:1400px;margin:0 auto;padding:32px 20px 48px}h1{font-size:26px;margin:0 0 2px;overflow-wrap:anywhere}
.dim{color:var(--dim)}.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:16px 18px;margin:18px 0}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:13px;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:6px 7px;border-bottom:1px solid var(--line);vertical-align:top}
th{color:var(--dim);font-weight:600}th[data-key]{cursor:pointer}td.n{text-align:right;white-space:nowrap}
.bar{display:inline-block;height:8px;background:var(--bar);border-radius:2px;vertical-align:middle}
details{margin:0}summary{cursor:pointer}.nodes{overflow-wrap:anywhere;min-width:180px}
</style>)";

constexpr const char* kScript = R"(<script>
for (const head of document.querySelectorAll("th[data-key]")) head.addEventListener("click", () => {
  const body = head.closest("table").tBodies[0], column = head.cellIndex, down = head.dataset.down = head.dataset.down === "1" ? "0" : "1";
  const key = row => { const cell = row.cells[column]; return cell.dataset.number === undefined ? cell.textContent : Number(cell.dataset.number); };
  [...body.rows].sort((a, b) => { const x = key(a), y = key(b), order = x < y ? -1 : x > y ? 1 : 0;
    return down === "1" ? -order : order; }).forEach(row => body.append(row));
});
</script>)";

std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '<': result += "&lt;"; break;
      case '>': result += "&gt;"; break;
      case '&': result += "&amp;"; break;
      case '"': result += "&quot;"; break;
      default: result += c;
    }
  }
  return result;
}

std::string number_cell(const json& step, const char* member, const std::string& shown) {
  return fmt::format("<td class=n data-number=\"{}\">{}</td>", step.value(member, -1.0), shown);
}

// The kernel, and behind it every other one with its estimate or reason.
std::string how_cell(const json& step) {
  const std::string how = step.contains("kernel")  ? step["kernel"].get<std::string>()
                          : step["kind"] == "view" ? "view"
                                                   : "evaluation: " + step.value("reason", "");
  const json candidates = step.value("candidates", json::array());
  if (candidates.empty()) return "<td>" + escaped(how) + "</td>";
  std::string list;
  for (const auto& candidate : candidates) {
    const std::string verdict = candidate.contains("refused")
                                    ? candidate["refused"].get<std::string>()
                                    : "estimate " + time_text(candidate["estimated_ns"].get<double>() / 1e9);
    list +=
        fmt::format("<div>{}{} <span class=dim>{}</span></div>", candidate.value("chosen", false) ? "&#10003; " : "",
                    escaped(candidate["kernel"].get<std::string>()), escaped(verdict));
  }
  return fmt::format("<td><details><summary>{}</summary>{}</details></td>", escaped(how), list);
}

std::string row(const json& step, double total) {
  std::string nodes;
  for (const auto& node : step["nodes"]) nodes += (nodes.empty() ? "" : " &#183; ") + escaped(node.get<std::string>());
  const double median = step.value("median_ns", 0.0);
  const bool timed = step.contains("median_ns");
  const double share = total > 0 ? median / total : 0;
  std::string line = fmt::format("<tr><td class=n data-number=\"{0}\">{0}</td><td title=\"{1}\">{2}</td><td>{3}</td>",
                                 step["step"].get<int64_t>(), escaped(step["text"].get<std::string>()),
                                 escaped(step["operator"].get<std::string>()),
                                 step["results"].empty() ? "" : escaped(step["results"][0].get<std::string>()));
  line += how_cell(step);
  line += number_cell(step, "median_ns", timed ? time_text(median / 1e9) : "");
  line += number_cell(step, "median_ns",
                      timed ? fmt::format("<span class=bar style=\"width:{:.0f}px\"></span> {:.1f} %",
                                          std::min(1.0, share) * 120, share * 100)
                            : "");
  line +=
      number_cell(step, "gflops", step.contains("gflops") ? fmt::format("{:.1f}", step["gflops"].get<double>()) : "");
  line += number_cell(step, "gbps", step.contains("gbps") ? fmt::format("{:.1f}", step["gbps"].get<double>()) : "");
  line += number_cell(step, "roofline",
                      step.contains("roofline")
                          ? fmt::format("{:.0f} % <span class=dim>{}</span>", step["roofline"].get<double>() * 100,
                                        step["bound"].get<std::string>())
                          : "");
  return line + "<td class=nodes>" + nodes + "</td></tr>\n";
}

std::string summary(const json& explained) {
  std::string cells;
  static constexpr std::pair<const char*, const char*> kCounts[] = {
      {"onnx_nodes", "ONNX nodes"},
      {"operators_before_fusion", "operators before fusion"},
      {"steps", "steps"},
      {"launches_before_fusion", "launches without fusion"},
      {"launches", "launches"},
      {"evaluations", "evaluated slowly"},
      {"layout_conversions", "layout conversions"},
      {"casts", "precision casts"}};
  for (const auto& [member, label] : kCounts) {
    if (!explained["counts"].contains(member)) continue;
    cells += fmt::format("<tr><td>{}</td><td class=n>{}</td></tr>", label, explained["counts"][member].get<int64_t>());
  }
  if (explained.contains("total_ns")) {
    cells += fmt::format("<tr><td>one run, median</td><td class=n>{}</td></tr>",
                         time_text(explained["total_ns"].get<double>() / 1e9));
  }
  if (explained.contains("machine")) {
    cells += fmt::format("<tr><td>{}</td><td class=n>{}</td></tr>",
                         explained["device"] == "cpu" ? "this machine at best, f32" : "the device at best",
                         rate_text(explained["machine"]["gflops"], "FLOP/s"));
    for (const auto& level : explained["machine"]["bandwidth"]) {
      cells += fmt::format("<tr><td>copying up to {}</td><td class=n>{}</td></tr>",
                           bytes_text(level["bytes"].get<double>()), rate_text(level["gbps"], "B/s"));
    }
  }
  return "<section class=card style=\"max-width:480px\"><table>" + cells + "</table></section>";
}

}  // namespace

std::string explain_page(const json& explained) {
  const std::string model = escaped(explained["model"].get<std::string>());
  const json& target = explained["target"];
  std::string page = kHead;
  page += fmt::format("<title>{0}</title><main><h1>{0}</h1><p class=dim>{1}, {2}, {3} ({4}), {5} threads</p>", model,
                      escaped(explained["device"].get<std::string>()),
                      escaped(explained["precision"].get<std::string>()), escaped(target["cpu"].get<std::string>()),
                      escaped(target["isa"].get<std::string>()), target["threads"].get<int>());
  page += summary(explained);
  page += "<section class=\"card scroll\"><table><thead><tr>";
  for (const char* head :
       {"step", "operator", "result", "how", "time", "share", "GFLOP/s", "GB/s", "of the roof", "ONNX nodes"}) {
    page += fmt::format("<th data-key title=\"sort\">{}</th>", head);
  }
  page += "</tr></thead><tbody>\n";
  for (const auto& step : explained["steps"]) page += row(step, explained.value("total_ns", 0.0));
  return page + "</tbody></table></section></main>" + kScript + "</html>\n";
}

}  // namespace ingot::cli
