// The figures of a report: each takes what holdfast-sim has computed and draws it with Observable Plot. Nothing is
// computed here but where things stand on the paper. Colours are variables of the page; `colours.js` has their values.
import * as Plot from "@observablehq/plot";
import {format} from "d3";
import {STATE_COLOURS} from "./colours.js";

const ROW = 17; // pixels of a line of a legend
const NARROW = 560;
const percent = format(".0%");

/** A colour of the series number i. */
const series = (i) => `var(--c${i % 10})`;

/** A time in microseconds, as a person reads it. */
export function duration(us) {
  const plain = (value, unit) => `${format(".3~r")(value)} ${unit}`;
  if (us < 1e3) return plain(us, "µs");
  if (us < 1e6) return plain(us / 1e3, "ms");
  if (us < 120e6) return plain(us / 1e6, "s");
  if (us < 7200e6) return plain(us / 60e6, "min");
  return plain(us / 3600e6, "h");
}

/** How a value of a unit is written. */
export function written(value, unit) {
  if (value === null || value === undefined) return "none";
  if (unit === "chance") return `${format(".3~r")(value * 100)} %`;
  if (unit === "us") return duration(value);
  return format(Math.abs(value) >= 1e5 ? ".4~s" : ".4~r")(value);
}

/** A divisor and a unit's name for times up to a longest one. */
function time_scale(longest) {
  if (longest < 2e6) return {by: 1e3, unit: "ms"};
  if (longest < 180e6) return {by: 1e6, unit: "s"};
  return longest < 7200e6 ? {by: 60e6, unit: "min"} : {by: 3600e6, unit: "h"};
}

/** Names with their colours: at the right of a figure, or below a narrow one. */
function legend(names, colour, narrow, below = 46) {
  return names.flatMap((name, i) => {
    const at = narrow ? {frameAnchor: "bottom-left", dx: 4, dy: below + i * ROW}
      : {frameAnchor: "top-right", dx: 18, dy: 6 + i * ROW};
    return [
      Plot.dot([name], {...at, facet: "super", r: 4.5, fill: colour(name, i)}),
      Plot.text([name], {...at, dx: at.dx + 9, facet: "super", textAnchor: "start", lineAnchor: "middle", fill: "var(--ink)"}),
    ];
  });
}

/** What all figures share; room for a legend of so many names. */
function frame(figure, {width, document}, names, options) {
  const narrow = width < NARROW, rows = names.length > 1 ? names.length : 0;
  const longest = rows === 0 ? 0 : Math.max(...names.map((name) => name.length));
  const {height = 300, marginBottom = 42, ...others} = options;
  const below = rows > 0 && narrow ? rows * ROW + 14 : 0;
  return {
    document, width, height: height + below, marginBottom: marginBottom + below, marginTop: 28,
    marginLeft: 58, marginRight: rows > 0 && !narrow ? Math.min(220, 40 + longest * 7) : 20,
    style: {background: "none", color: "var(--ink)", overflow: "visible", fontSize: "12px"},
    ariaLabel: figure.title, ...others,
    x: {labelOffset: 36, ...others.x},
  };
}

const grid = {stroke: "var(--grid)", strokeOpacity: 1};
const gridX = (options = {}) => Plot.gridX({...grid, ...options});
const gridY = (options = {}) => Plot.gridY({...grid, ...options});

// ---- Of a study ----

/** A metric by what was varied: the mean of each setting with its interval, and each run as a dot where it is a number. */
function levels(figure, env) {
  const groups = figure.groups, facets = figure.facets.length > 1;
  const chance = figure.unit === "chance";
  const scale = figure.unit === "us" ? time_scale(Math.max(...figure.points.map((p) => p.high ?? p.mean ?? 0))) : {by: 1, unit: ""};
  const number = figure.x.number;
  const spread = (p) => (p.group - (groups.length - 1) / 2);
  const span = number ? Math.max(...figure.points.map((p) => p.x)) - Math.min(...figure.points.map((p) => p.x)) : 0;
  const step = number ? span * 0.008 : 0;
  const at = (p) => (number ? p.x + spread(p) * step : figure.x.values[p.x]);
  const fy = facets ? (p) => figure.facets[p.facet] : undefined;
  const value = (v) => (v === null || v === undefined ? NaN : v / scale.by);
  const shift = number ? 0 : 9;
  // Where all values are one, a scale needs room of its own.
  const seen = [...figure.points.flatMap((p) => [p.mean, p.low, p.high]), ...figure.runs.map((r) => r.value)].map(value).filter(Number.isFinite);
  const one = seen.every((v) => v === seen[0]) ? Math.abs(seen[0] ?? 0) || 1 : undefined;
  const marks = [gridY()];
  if (chance) marks.push(Plot.ruleY([0, 1], {stroke: "var(--axis)"}));
  if (figure.reference !== undefined)
    marks.push(Plot.ruleY([figure.reference], {stroke: "var(--muted)", strokeDasharray: "4 3"}));
  groups.forEach((name, i) => {
    const own = figure.points.filter((p) => p.group === i && p.mean !== null);
    const runs = figure.runs.filter((r) => r.group === i);
    const dx = shift * (i - (groups.length - 1) / 2);
    if (!chance)
      marks.push(Plot.dot(runs, {x: at, y: (r) => value(r.value), fy, dx: dx + 6, r: 2, fill: series(i), fillOpacity: 0.45}));
    if (number) marks.push(Plot.line(own, {x: at, y: (p) => value(p.mean), fy, stroke: series(i), strokeWidth: 1.5}));
    marks.push(Plot.ruleX(own.filter((p) => p.low !== null), {x: at, y1: (p) => value(p.low), y2: (p) => value(p.high), fy, dx,
      stroke: series(i), strokeWidth: 2}));
    marks.push(Plot.dot(own, {x: at, y: (p) => value(p.mean), fy, dx, r: 3.5, fill: series(i), stroke: "var(--paper)", strokeWidth: 1,
      ...(env.tips ? {tip: true, channels: {setting: (p) => p.label, value: (p) => written(p.mean, figure.unit),
        interval: (p) => (p.low === null ? "none" : `${written(p.low, figure.unit)} to ${written(p.high, figure.unit)}`),
        runs: (p) => p.count}} : {})}));
  });
  const narrow = env.width < NARROW;
  return Plot.plot(frame(figure, env, groups, {
    height: facets ? 90 + 150 * figure.facets.length : 300,
    x: {label: figure.x.name + (figure.x.unit ? ` (${figure.x.unit})` : ""), type: number ? "linear" : "point", padding: 0.6,
      domain: number ? undefined : figure.x.values, nice: false, insetLeft: number ? 14 : 0, insetRight: number ? 14 : 0,
      ...(number && figure.x.values.length <= 8 ? {ticks: figure.x.values.map(Number), tickFormat: (v) => String(v)} : {})},
    y: {label: chance ? "part of the runs" : figure.metric + (scale.unit ? ` (${scale.unit})` : ""), zero: chance || figure.zero,
      domain: chance ? [0, 1] : one !== undefined ? [Math.min(0, seen[0] ?? 0), Math.max(0, (seen[0] ?? 0) + one * 0.2)] : undefined,
      tickFormat: chance ? percent : "~s", nice: !chance},
    fy: facets ? {axis: null, domain: figure.facets} : undefined,
    marks: [...marks,
      ...(facets ? [Plot.text(figure.facets, {fy: (f) => f, frameAnchor: "top", dy: 8, text: (f) => `${figure.facet_name} ${f}`,
        fill: "var(--ink)", fontWeight: "bold", stroke: "var(--paper)", strokeWidth: 5})] : []), ...(groups.length > 1 ? legend(groups, (_, i) => series(i), narrow) : [])],
  }));
}

/** The distribution of a time by its percentiles: the mean over the runs of each, with an interval along the time. */
function quantiles(figure, env) {
  const scale = time_scale(Math.max(...figure.curves.flatMap((c) => c.points.map((p) => p.high ?? p.mean))));
  const names = figure.curves.map((c) => c.name), narrow = env.width < NARROW;
  const marks = [gridX(), gridY(), Plot.ruleY([0, 1], {stroke: "var(--axis)"})];
  figure.curves.forEach((c, i) => {
    const whole = c.points.filter((p) => p.low !== null);
    marks.push(Plot.areaX(whole, {x1: (p) => p.low / scale.by, x2: (p) => p.high / scale.by, y: "q", fill: series(i), fillOpacity: 0.18}));
    marks.push(Plot.line(c.points, {x: (p) => p.mean / scale.by, y: "q", stroke: series(i), strokeWidth: 1.5}));
    marks.push(Plot.dot(c.points, {x: (p) => p.mean / scale.by, y: "q", r: 3, fill: series(i), tip: env.tips}));
  });
  return Plot.plot(frame(figure, env, names, {
    x: {label: `${figure.what} (${scale.unit})`, zero: true, nice: true},
    y: {label: "part that took no longer", domain: [0, 1], tickFormat: percent},
    marks: [...marks, ...(names.length > 1 ? legend(names, (_, i) => series(i), narrow) : [])],
  }));
}

// ---- Of a run ----

/** The distribution of times: steps with a band; who never ended is why a curve stays below 100 %. */
function curve(figure, env) {
  const last = Math.max(...figure.curves.flatMap((c) => c.steps.map((s) => s.us)));
  const scale = time_scale(last), names = figure.curves.map((c) => c.name), narrow = env.width < NARROW;
  const marks = [gridX(), gridY(), Plot.ruleY([0, 1], {stroke: "var(--axis)"})];
  figure.curves.forEach((c, i) => {
    const t = (s) => s.us / scale.by;
    marks.push(Plot.areaY(c.steps, {x: t, y1: "low", y2: "high", curve: "step-after", fill: series(i), fillOpacity: 0.18}));
    marks.push(Plot.line(c.steps, {x: t, y: "part", curve: "step-after", stroke: series(i), strokeWidth: 1.8, tip: env.tips}));
  });
  return Plot.plot(frame(figure, env, names, {
    x: {label: `after (${scale.unit})`, zero: true, nice: true},
    y: {label: "part that has come so far", domain: [0, 1], tickFormat: percent},
    marks: [...marks, ...(names.length > 1 ? legend(names, (_, i) => series(i), narrow) : [])],
  }));
}

/** How many nodes keep how many shares, beside what chance would make of it. */
function balance(figure, env) {
  const names = ["nodes of this run", "by chance, and where 95 in 100 draws lie"], narrow = env.width < NARROW;
  const colour = (_, i) => (i === 0 ? "var(--c0)" : "var(--c1)");
  return Plot.plot(frame(figure, env, names, {
    x: {label: "shares that a node keeps", type: "linear", insetLeft: 10, insetRight: 10, tickFormat: "d"},
    y: {label: "nodes", nice: true, zero: true},
    marks: [
      gridY(),
      Plot.rectY(figure.bars, {x1: (b) => b.kept - 0.42, x2: (b) => b.kept + 0.42, y: "nodes", fill: "var(--c0)", fillOpacity: 0.55, tip: env.tips}),
      Plot.ruleX(figure.bars, {x: "kept", y1: "low", y2: "high", stroke: "var(--c1)", strokeWidth: 2}),
      Plot.dot(figure.bars, {x: "kept", y: "expected", r: 3, fill: "var(--c1)"}),
      Plot.ruleY([0], {stroke: "var(--axis)"}),
      ...legend(names, colour, true),
    ],
    marginBottom: 42 + (narrow ? 0 : 2 * ROW + 14), height: 300 + (narrow ? 0 : 2 * ROW + 14), marginRight: 20,
  }));
}

/** Messages or bytes a node and second by kind, one kind upon the other. */
function series_of(figure, env) {
  const scale = time_scale(figure.end_us), names = figure.kinds, narrow = env.width < NARROW;
  return Plot.plot(frame(figure, env, names, {
    x: {label: `virtual time (${scale.unit})`, domain: [0, figure.end_us / scale.by]},
    y: {label: figure.what, tickFormat: "~s", nice: true},
    marks: [
      gridY(),
      Plot.rectY(figure.points, {x1: (p) => p.from_us / scale.by, x2: (p) => p.until_us / scale.by, y: "value", inset: 0, shapeRendering: "crispEdges",
        fill: (p) => series(p.kind), order: (p) => p.kind, tip: env.tips,
        channels: env.tips ? {kind: (p) => names[p.kind]} : undefined}),
      ...figure.faults.map((f) => Plot.ruleX([f.at_us / scale.by], {stroke: "var(--muted)", strokeDasharray: "3 3"})),
      Plot.ruleY([0], {stroke: "var(--axis)"}),
      ...legend(names, (_, i) => series(i), narrow),
    ],
  }));
}

/** States from the best to the worst: [name, its number in the figure]. */
function by_rank(names) {
  const order = Object.keys(STATE_COLOURS);
  const sorted = [...names].sort((a, b) => order.indexOf(a) - order.indexOf(b));
  return {sorted, rank: names.map((name) => sorted.indexOf(name))};
}

const state_colour = (name) => STATE_COLOURS[name] ?? "var(--c9)";

/** How many nodes are in which state over time, with the faults above. */
function states(figure, env) {
  const scale = time_scale(figure.end_us), narrow = env.width < NARROW, names = figure.states;
  const {sorted, rank} = by_rank(names);
  const rows = figure.faults.length, up = (us) => us / scale.by;
  const top = 30 + rows * 18;
  const end = (f) => Math.max(f.until_us, f.from_us + figure.end_us / 250);
  // A label stands behind its bar, or before it, or in it, wherever there is room.
  const label = (f) => {
    const room = narrow ? 0.4 : 0.25;
    if (1 - end(f) / figure.end_us > room) return {x: end(f), dx: 6, textAnchor: "start", fill: "var(--ink)"};
    if (f.from_us / figure.end_us > room) return {x: f.from_us, dx: -6, textAnchor: "end", fill: "var(--ink)"};
    return {x: f.from_us, dx: 4, textAnchor: "start", fill: "var(--paper)", fontWeight: "bold"};
  };
  const fault_marks = figure.faults.flatMap((f, i) => {
    const dy = -12 - (rows - 1 - i) * 18, {x, ...style} = label(f);
    return [
      Plot.ruleX([f], {x: (d) => up(d.from_us), stroke: "var(--muted)", strokeDasharray: "2 3"}),
      Plot.link([f], {x1: (d) => up(d.from_us), x2: (d) => up(end(d)), y1: figure.nodes, y2: figure.nodes, dy, stroke: "var(--fault)",
        strokeWidth: 13, strokeLinecap: "butt", clip: false}),
      Plot.text([f], {x: () => up(x), y: figure.nodes, dy, text: "label", ...style}),
    ];
  });
  return Plot.plot({...frame(figure, env, names, {
    height: 260 + top,
    x: {label: `virtual time (${scale.unit})`, domain: [0, up(figure.end_us)]},
    y: {label: "nodes", domain: [0, figure.nodes], labelAnchor: "center", labelArrow: "none"},
    marks: [
      Plot.rectY(figure.points, {x1: (p) => up(p.from_us), x2: (p) => up(p.until_us), y: "nodes", order: (p) => rank[p.state], inset: 0,
        shapeRendering: "crispEdges", fill: (p) => state_colour(names[p.state]), tip: env.tips, channels: env.tips ? {state: (p) => names[p.state]} : undefined}),
      ...fault_marks,
      ...legend(sorted, state_colour, narrow),
    ],
  }), marginTop: top});
}

/** One bar a node, coloured by its state. */
function lanes(figure, env) {
  const scale = time_scale(figure.end_us), narrow = env.width < NARROW, names = figure.states;
  const up = (us) => us / scale.by;
  return Plot.plot(frame(figure, env, names, {
    height: 80 + Math.max(120, figure.nodes * 14),
    x: {label: `virtual time (${scale.unit})`, domain: [0, up(figure.end_us)]},
    y: {label: "node", domain: [-0.5, figure.nodes - 0.5], reverse: true, labelAnchor: "center", labelArrow: "none",
      ticks: Math.min(10, figure.nodes), tickFormat: "d"},
    marks: [
      Plot.rect(figure.bars, {x1: (b) => up(b.from_us), x2: (b) => up(b.until_us), y1: (b) => b.node - 0.42, y2: (b) => b.node + 0.42,
        inset: 0, shapeRendering: "crispEdges", fill: (b) => state_colour(names[b.state]), tip: env.tips, channels: env.tips ? {state: (b) => names[b.state]} : undefined}),
      Plot.ruleX(figure.faults, {x: (f) => up(f.from_us), stroke: "var(--fault)", strokeWidth: 1.5}),
      ...legend(by_rank(names).sorted, state_colour, narrow),
    ],
  }));
}

/** A node amid those that keep its shares, at the right, and those whose shares it keeps, at the left. */
function mesh(figure, env) {
  const place = (list, side) => list.map((p, i) => {
    const angle = ((i + 0.5) / list.length - 0.5) * Math.PI * 0.86;
    return {...p, side, x: side * Math.cos(angle) * 1.35, y: -Math.sin(angle) * 1.1};
  });
  const both = [...place(figure.holders, 1), ...place(figure.owners, -1)];
  const narrow = env.width < NARROW, height = Math.min(560, Math.max(300, 26 * Math.max(figure.holders.length, figure.owners.length)));
  const states_there = [...new Set([figure.state, ...both.map((p) => p.state)])];
  return Plot.plot(frame(figure, env, states_there.length > 1 ? states_there : [...states_there, ""], {
    height, marginLeft: 20, marginBottom: 20,
    x: {axis: null, domain: [-1.75, 1.75]}, y: {axis: null, domain: [-1.3, 1.3]},
    marks: [
      ...[1, -1].map((side) => Plot.arrow(both.filter((p) => p.side === side), {
        x1: (p) => (side === 1 ? 0 : p.x), y1: (p) => (side === 1 ? 0 : p.y), x2: (p) => (side === 1 ? p.x : 0), y2: (p) => (side === 1 ? p.y : 0),
        insetStart: 14, insetEnd: side === 1 ? 11 : 20, stroke: "var(--muted)", strokeWidth: 1.2, headLength: 7, bend: 6})),
      Plot.dot(both, {x: "x", y: "y", r: 7, fill: (p) => state_colour(p.state), stroke: "var(--paper)", tip: env.tips,
        channels: env.tips ? {state: "state"} : undefined}),
      Plot.text(both.filter((p) => p.side === 1), {x: "x", y: "y", dx: 12, textAnchor: "start", text: (p) => `n${p.node}`, fill: "var(--ink)"}),
      Plot.text(both.filter((p) => p.side === -1), {x: "x", y: "y", dx: -12, textAnchor: "end", text: (p) => `n${p.node}`, fill: "var(--ink)"}),
      Plot.dot([0], {x: 0, y: 0, r: 13, fill: state_colour(figure.state), stroke: "var(--paper)", strokeWidth: 2}),
      Plot.text([0], {x: 0, y: 0, dy: -22, text: () => `n${figure.node}`, fontWeight: "bold", fill: "var(--ink)"}),
      Plot.text(["whose shares it keeps"], {frameAnchor: "top-left", fill: "var(--muted)", textAnchor: "start"}),
      Plot.text(["who keep its shares"], {frameAnchor: "top-right", fill: "var(--muted)", textAnchor: "end"}),
      ...legend(states_there, state_colour, narrow, 16),
    ],
  }));
}

/** Messages between nodes as arrows from when they were sent to when they arrived; time runs down. */
function lamport(figure, env) {
  const from = figure.from_us, scale = time_scale(figure.until_us - from), names = figure.methods, narrow = env.width < NARROW;
  const t = (us) => (us - from) / scale.by, lane = (node) => figure.nodes.indexOf(node);
  const there = figure.arrows.filter((a) => a.arrived_us !== null), lost = figure.arrows.filter((a) => a.arrived_us === null);
  const labels = figure.nodes.map((node) => (node < 0 ? "outside" : `n${node}`));
  return Plot.plot({...frame(figure, env, names, {
    height: 120 + Math.min(700, Math.max(240, figure.arrows.length * 6)),
    x: {axis: "top", domain: [-0.4, figure.nodes.length - 0.6], ticks: figure.nodes.map((_, i) => i), tickFormat: (i) => labels[i], label: null,
      tickSize: 0},
    y: {label: `after ${duration(from)} (${scale.unit})`, reverse: true, domain: [0, t(figure.until_us)], labelAnchor: "center", labelArrow: "none"},
    marks: [
      gridY(),
      Plot.ruleX(figure.nodes, {x: (_, i) => i, stroke: "var(--axis)"}),
      Plot.arrow(there, {x1: (a) => lane(a.from), x2: (a) => lane(a.to), y1: (a) => t(a.sent_us), y2: (a) => t(a.arrived_us), headLength: 7, inset: 1,
        stroke: (a) => series(a.method), strokeWidth: 1.3}),
      Plot.dot(lost, {x: (a) => lane(a.from) + (lane(a.to) > lane(a.from) ? 0.18 : -0.18), y: (a) => t(a.sent_us), symbol: "times", r: 4,
        stroke: (a) => series(a.method)}),
      Plot.dot(figure.arrows, {x: (a) => lane(a.from), y: (a) => t(a.sent_us), r: 2, fill: (a) => series(a.method), tip: env.tips,
        channels: env.tips ? {message: (a) => `${names[a.method]}${a.outcome ? `: ${a.outcome}` : ""}`, to: (a) => labels[lane(a.to)]} : undefined}),
      Plot.dot(figure.marks, {x: (m) => lane(m.node), y: (m) => t(m.at_us), r: 6, stroke: "var(--fault)", strokeWidth: 2}),
      Plot.text(figure.marks, {x: (m) => lane(m.node), y: (m) => t(m.at_us), dx: 10, textAnchor: "start", text: "text", fill: "var(--fault)",
        stroke: "var(--paper)", strokeWidth: 4}),
      ...legend(names, (_, i) => series(i), narrow, 20),
    ],
  }), marginTop: 34});
}

const KINDS = {levels, quantiles, curve, balance, series: series_of, states, lanes, mesh, lamport};

/** Draws a figure as an SVG element. env: {document, width, tips}. */
export function draw(figure, env) {
  return KINDS[figure.type](figure, env);
}
