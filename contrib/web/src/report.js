// A report of holdfast-sim: `files` makes them within the program; on the page itself every figure is drawn once more at the
// width that there is, with a tip under the pointer. What the page says stands in it without that too.
import {draw, written} from "./figures.js";
import {DARK, LIGHT, variables} from "./colours.js";
import {escaped, make_document} from "./dom.js";

const WIDTH = 820;
const SVG = "http://www.w3.org/2000/svg";

function markup(figure, width) {
  const svg = draw(figure, {document: make_document(), width, tips: false});
  svg.setAttribute("xmlns", SVG);
  svg.setAttribute("role", "img");
  return svg.markup;
}

/** A file of its own: on white paper, in colours that every program knows. */
function alone(svg) {
  const text = svg.replace(/var\(--(\w+)\)/g, (_, name) => LIGHT[name]);
  return `${text.replace("background: none", `background: ${LIGHT.paper}`)}\n`;
}

const STYLE = `
:root{color-scheme:light dark;${variables(LIGHT)}}
@media (prefers-color-scheme:dark){:root{${variables(DARK)}}}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:${WIDTH}px;margin:0 auto;padding:24px 16px 64px}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 .3em}
h2{font-size:1.15rem;margin:2.4em 0 .2em}
p{margin:.3em 0 .8em;max-width:46em}
.made,.how{color:var(--muted);font-size:.88rem}
figure{margin:0}
figure svg{display:block;max-width:100%;height:auto}
.scroll{overflow-x:auto;margin:1em 0}
table{border-collapse:collapse;font-size:.88rem;font-variant-numeric:tabular-nums}
th,td{padding:.25em .8em;text-align:right;border-bottom:1px solid var(--grid);white-space:nowrap}
th{color:var(--muted);font-weight:600}
th.text,td.text{text-align:left}
td.text:nth-child(3):last-child{white-space:normal;min-width:15em}
td i{color:var(--muted);font-style:normal}
td small{color:var(--muted)}
details{margin:1.5em 0}
summary{cursor:pointer}
.bad{color:var(--fault)}
a{color:var(--c0)}
@page{margin:15mm}
@media print{
:root{${variables(LIGHT)}}
main{max-width:none;padding:0}
section{break-inside:avoid}
h2{margin-top:1.4em}
details{display:none}
}`;

function table(t) {
  const cell = (c, tag, text) => `<${tag}${text ? ' class="text"' : ""}>${c}</${tag}>`;
  const head = t.columns.map((c) => cell(escaped(c.name), "th", c.text)).join("");
  const value = (v, c) => (c.text ? escaped(v)
    : typeof v !== "object" || v === null ? written(v, c.unit)
    : v.mean === null ? "none"
    : `${written(v.mean, c.unit)}${v.low === null ? "" : ` <small>(${written(v.low, c.unit)} to ${written(v.high, c.unit)})</small>`}`);
  const body = t.rows.map((row) => `<tr>${row.map((v, i) => cell(value(v, t.columns[i]), "td", t.columns[i].text)).join("")}</tr>`).join("\n");
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>\n${body}\n</tbody></table></div>`;
}

function section(figure, i, svg) {
  return `<section>
<h2 id="${escaped(figure.id)}">${escaped(figure.title)}</h2>
<p>${escaped(figure.says)}</p>
<figure data-figure="${i}">${svg}</figure>
<p class="how">${escaped(figure.how)} <a href="figures/${escaped(figure.id)}.svg">figures/${escaped(figure.id)}.svg</a></p>
</section>`;
}

function page(report, drawn, script) {
  const data = JSON.stringify({figures: report.figures}).replace(/</g, "\\u003c");
  const missing = report.missing.length === 0 ? ""
    : `<h2>Without a figure</h2>\n<ul>${report.missing.map((m) => `<li>${escaped(m)}</li>`).join("\n")}</ul>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(report.title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escaped(report.title)}</h1>
<p class="made">${escaped(report.made)}</p>
${report.bad.map((b) => `<p class="bad">${escaped(b)}</p>`).join("\n")}
${report.tables.map(table).join("\n")}
${report.figures.map((f, i) => section(f, i, drawn[i])).join("\n")}
${missing}
</main>
<script type="application/json" id="data">${data}</script>
<script>${script.replace(/<\/script/g, "<\\/script")}</script>
</body>
</html>
`;
}

/** The files of a report. text: what holdfast-sim has computed, as JSON; script: this bundle's own text. Returns [[name, content], ...]. */
export function files(text, script) {
  const report = JSON.parse(text);
  const drawn = report.figures.map((f) => markup(f, WIDTH));
  return [["report.html", page(report, drawn, script)], ...report.figures.map((f, i) => [`figures/${f.id}.svg`, alone(drawn[i])])];
}

/** On the page: every figure at the width that there is. */
function show() {
  const {figures} = JSON.parse(document.getElementById("data").textContent);
  for (const place of document.querySelectorAll("[data-figure]")) {
    const figure = figures[Number(place.getAttribute("data-figure"))];
    let drawn = 0;
    const draw_at = (width) => {
      if (width < 1 || Math.abs(width - drawn) < 2) return;
      drawn = width;
      const svg = draw(figure, {document, width, tips: true});
      svg.setAttribute("role", "img");
      place.replaceChildren(svg);
    };
    new ResizeObserver((all) => draw_at(Math.min(WIDTH, Math.floor(all[0].contentRect.width)))).observe(place);
  }
}

if (typeof document !== "undefined" && document.getElementById("data") !== null) show();
