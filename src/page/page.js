"use strict";
/* Draws the status page from its data, and keeps it fresh. Every text goes in as text: nothing that a
 * name, an address or a message holds can become markup. */
(function () {
  const SVG = "http://www.w3.org/2000/svg";
  const EVERY_MS = 2000;
  const live = document.getElementById("live");
  const shown = new Map(); // section -> what it was drawn from
  const open = new Set(); // explanations that the reader has opened
  let data = JSON.parse(document.getElementById("data").textContent);
  const polls = location.protocol === "http:" || location.protocol === "https:";
  let taken_ms = polls ? Date.now() : data.status.now_s * 1000;
  let failing = false;
  let charts = [];

  /* ---- pieces */

  function make(space, tag, attributes, children) {
    const e = space ? document.createElementNS(space, tag) : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {}))
      if (value !== null && value !== undefined && value !== false) e.setAttribute(name, value);
    for (const child of children.flat(Infinity))
      if (child !== null && child !== undefined && child !== false)
        e.append(child instanceof Node ? child : String(child));
    return e;
  }
  const el = (tag, attributes, ...children) => make(null, tag, attributes, children);
  const svg = (tag, attributes, ...children) => make(SVG, tag, attributes, children);
  const chip = (kind, text) => el("span", { class: "chip " + kind }, text);
  const short = (text, length) => {
    const all = Array.from(text);
    return all.length > length ? all.slice(0, length - 1).join("") + "…" : text;
  };

  function span(ms) {
    const s = Math.max(0, Math.round(ms / 1000));
    if (s < 120) return s + " s";
    if (s < 7200) return Math.round(s / 60) + " min";
    if (s < 172800) return Math.round(s / 3600) + " h";
    return Math.round(s / 86400) + " days";
  }

  /* A span that grows while the page stands. */
  function since(ms) {
    return el("span", { "data-at": taken_ms - ms }, span(ms));
  }

  const clock = (s) => new Date(s * 1000).toISOString().slice(11, 19);
  const day = (s) => new Date(s * 1000).toISOString().slice(0, 10);

  function explained(code, summary) {
    const r = data.reasons[code];
    if (!r) return null;
    const d = el("details", { open: open.has(code) ? "" : null },
      el("summary", {}, summary || "What this means and what to do"),
      el("p", {}, r.what, " (", r.code, ")"),
      el("p", {}, el("b", {}, "What to do: "), r.do),
      el("p", {}, el("b", {}, "Otherwise: "), r.otherwise));
    d.addEventListener("toggle", () => (d.open ? open.add(code) : open.delete(code)));
    return d;
  }

  /* ---- how a holder stands: [kind, mark, words] */

  function standing(p) {
    if (p.broke) return ["bad", "✕", "broke its promise"];
    if (p.answered && !p.error) return ["good", "✓", "answers"];
    if (p.error) return [p.answered ? "bad" : "warn", p.answered ? "✕" : "?", p.message || p.error];
    return ["off", "…", "no answer yet"];
  }

  const STATES = { ready: "good", degraded: "warn", blocked: "bad", left: "off", starting: "off" };
  const kind_of_state = (state) => STATES[state] || "warn";
  const MEMBERS = { member: "good", suspect: "warn", unreachable: "bad", leaving: "off", left: "off" };

  /* ---- sections: each gives what it is drawn from, and how */

  function top(s) {
    const name = s.operator || "a node that is not registered";
    return el("header", { class: "top" },
      el("span", {}, el("b", {}, name), s.registered_address ? " at " + s.registered_address : "",
        s.account ? " · account " + s.account.slice(0, 8) : ""),
      el("span", {}, "network " + s.network.slice(0, 8) + " · Holdfast " + s.version),
      el("span", { id: "fresh" }));
  }

  function verdict(s) {
    const words = ["ready", "cannot tell", "not ready", "in danger"][s.exit_status] || "";
    const kinds = ["good", "off", "warn", "bad"];
    return el("section", { class: "card wide verdict v" + s.exit_status },
      s.dev ? el("p", { class: "dev" }, "DEVELOPMENT MODE: nothing is protected") : null,
      el("h1", {}, "Can this key come back?", el("strong", { role: "status" }, s.key.says)),
      el("p", {}, chip(kinds[s.exit_status], words), " ", words === s.state ? null : chip(kind_of_state(s.state), s.state), " ", s.says,
        ", for ", since(s.since_ms), s.draining ? "; draining" : ""),
      s.key.advice ? el("p", { class: "advice" }, s.key.advice) : null,
      s.reason ? el("p", {}, "Why: ", s.reason.message, s.start_text ? ": " + s.start_text : "") : null,
      s.reason ? explained(s.reason.code) : null,
      s.store_error ? el("p", {}, chip("bad", "disk"), " ", s.store_error.message, ": ", s.store_error.text) : null,
      s.listen_error ? el("p", {}, chip("bad", "port"), " ", s.listen_error.message) : null,
      s.quorum.open ? el("p", {}, chip("warn", "black start"), ` ${s.quorum.have} of ${s.quorum.need} answers of share holders are here`) : null,
      s.leaving ? el("p", {}, chip("off", "leaving"), ` until ${day(s.leaving.until_s)}; ${s.leaving.owners} owners have not moved`) : null);
  }

  function warnings(s) {
    return el("section", { class: "card wide" }, el("h2", {}, "What wants to be done"),
      s.warnings.length === 0 ? el("p", {}, "Nothing.") : null,
      s.warnings.map((w) => el("div", { class: "warning" },
        el("p", {}, chip(w.muted ? "off" : w.weight > 1 ? "bad" : "warn", w.muted ? "muted" : ["", "notice", "soon", "now"][w.weight] || ""), " ", w.text),
        explained(w.code))));
  }

  /* This node, and who keeps its shares: what a line says is written beside it too. */
  function picture(s) {
    const all = s.providers, narrow = innerWidth < 700, W = narrow ? 350 : 480, small = all.length > 12;
    const names = small ? null : all.map((p) => short(p.operator || p.address || "?", 20));
    const H = small ? 420 : Math.max(200, all.length * 34 + 20);
    const at = small ? [W / 2, H / 2] : [narrow ? 45 : 110, H / 2];
    const parts = [];
    const count = {};
    all.forEach((p, i) => {
      const [kind, mark, words] = standing(p);
      count[words] = (count[words] || 0) + 1;
      const angle = (2 * Math.PI * i) / all.length - Math.PI / 2;
      const x = small ? W / 2 + 160 * Math.cos(angle) : narrow ? 160 : 250;
      const y = small ? H / 2 + 160 * Math.sin(angle) : 27 + i * 34;
      const from = at;
      parts.push(svg("path", { class: "tie s-" + kind, d: small ? `M${from[0]} ${from[1]}L${x} ${y}` : `M${from[0] + 34} ${from[1]}C${x - 60} ${from[1]} ${x - 50} ${y} ${x - 14} ${y}` }));
      parts.push(svg("circle", { class: "node s-" + kind, cx: x, cy: y, r: small ? 7 : 13 }));
      parts.push(svg("text", { class: "f-" + kind, x, y: y + 5, "text-anchor": "middle" }, small ? "" : mark));
      if (names) {
        parts.push(svg("text", { x: x + 22, y: y + 1 }, names[i]));
        parts.push(svg("text", { class: "small", x: x + 22, y: y + 14 }, short((p.index ? `share ${p.index}, ` : "") + words, narrow ? 26 : 34)));
      }
    });
    const kind = kind_of_state(s.state);
    parts.push(svg("circle", { class: "node s-" + kind, cx: at[0], cy: at[1], r: 34, "stroke-width": 4 }));
    parts.push(svg("text", { x: at[0], y: at[1] + 5, "text-anchor": "middle" }, s.open ? "open" : "locked"));
    if (!small) {
      parts.push(svg("text", { x: at[0], y: at[1] + 54, "text-anchor": "middle" }, short(s.operator || "this node", narrow ? 12 : 22)));
      parts.push(svg("text", { class: "small", x: at[0], y: at[1] + 70, "text-anchor": "middle" }, s.state));
    }
    const said = Object.entries(count).map(([words, n]) => `${n} ${words}`).join(", ");
    return el("section", { class: "card" }, el("h2", {}, "This node and who keeps its shares"),
      all.length === 0 ? el("p", {}, "No one yet.") :
        svg("svg", { class: "picture", viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": `This node is ${s.state}. Of ${all.length} holders: ${said}.` }, parts),
      fuse(s));
  }

  /* How many holders may still go: a cell each, gone ones dashed, those that may go filled. */
  function fuse(s) {
    const k = s.key;
    if (!s.open || !s.generation) return null;
    const row = (label, spare, words) => {
      const cells = [];
      for (let i = 0; i < k.holders; i++) {
        const gone = i >= k.answering;
        const free = i >= k.answering - Math.max(0, spare);
        cells.push(el("span", { class: "cell " + (gone ? "gone" : free ? "spare" : "needed") }));
      }
      return [el("span", {}, label), el("span", {}, el("span", { class: "cells", "aria-hidden": "true" }, cells),
        el("span", { class: "quiet" }, spare >= 0 ? `${spare} more may go before ${words}` : `${-spare} are missing`))];
    };
    return el("div", { class: "fuse" }, row("claim", k.spare_claim, "a restart locks the key"),
      row("shares", k.spare_recovery, "a restart loses the key"));
  }

  const HOLDER = ["operator", "address", "share", "stands", "for", "proved"];

  function holders(s) {
    return el("section", { class: "card wide" }, el("h2", {}, "Holders"),
      el("p", {}, `${s.key.answering} of ${s.key.holders} ${s.key.refusing ? "count, of those that answer" : "answer"}; a restart needs ${s.key.needed} for the shares and ${s.key.quorum} for the claim.`),
      s.providers.length === 0 ? null : el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Holders" }, el("table", { role: "table" },
        el("thead", {}, el("tr", { role: "row" }, HOLDER.map((t) => el("th", { scope: "col" }, t)))),
        el("tbody", {}, s.providers.map((p) => {
          const [kind, mark, words] = standing(p);
          const said = [p.operator || "(in no set)", p.address, p.index || "–",
            [chip(kind, mark + " " + (kind === "good" ? words : p.error || words)), kind === "good" ? null : explained(p.error, words)],
            p.asked ? since(p.since_ms) : "–", p.audited_ago_ms === null ? "–" : el("span", {}, since(p.audited_ago_ms), " ago")];
          return el("tr", { role: "row" }, said.map((each, i) => el("td", { role: "cell", "data-label": HOLDER[i] }, each)));
        })))));
  }

  function life(s) {
    const moments = data.life.slice().sort((a, b) => a.number - b.number);
    const now_s = Math.round(taken_ms / 1000), begin_s = now_s - s.uptime_ms / 1000;
    const at = (t) => Math.max(0, Math.min(100, ((t - begin_s) / Math.max(1, now_s - begin_s)) * 100));
    const place = (e, left, width) => {
      e.style.left = left + "%";
      if (width !== undefined) e.style.width = width + "%";
      return e;
    };
    const states = moments.filter((m) => m.event === "state");
    const strip = states.map((m, i) => {
      const from = at(m.at_s), to = i + 1 < states.length ? at(states[i + 1].at_s) : 100;
      return place(el("span", { class: "stretch " + kind_of_state(m.state), title: `${m.state} from ${clock(m.at_s)}` }, to - from > 8 ? m.state : ""), from, to - from);
    });
    moments.filter((m) => m.event !== "state").forEach((m) =>
      strip.push(place(el("span", { class: "tick", title: `${clock(m.at_s)} ${m.who || ""} ${m.text}` }), at(m.at_s))));
    return el("section", { class: "card" }, el("h2", {}, "What it has lived through"),
      el("p", { class: "quiet" }, "Since the start, ", since(s.uptime_ms), " ago; times are UTC."),
      el("div", { class: "strip", role: "img", "aria-label": states.map((m) => `${m.state} from ${clock(m.at_s)}`).join(", ") || "nothing yet" }, strip),
      el("ol", { class: "moments scroll", tabindex: "0", "aria-label": "Moments, newest first" }, moments.reverse().map((m) =>
        el("li", {}, el("time", { datetime: new Date(m.at_s * 1000).toISOString() }, clock(m.at_s)),
          el("span", {}, m.who ? el("b", {}, m.who, " ") : null, m.event === "state" ? [chip(kind_of_state(m.state), m.state), m.text.slice(m.state.length)] : m.text,
            m.code ? el("span", { class: "quiet" }, ` (${m.code})`) : null)))));
  }

  function network(s) {
    const all = data.members;
    if (all.length === 0) return el("section", { class: "card" }, el("h2", {}, "The network"), el("p", {}, "Not known yet: no validator set is here."));
    const columns = all.length > 200 ? 40 : 20, size = 20;
    const count = {};
    all.forEach((m) => (count[m.state] = (count[m.state] || 0) + 1));
    const dots = all.map((m, i) => {
      const X = (i % columns) * size + size / 2, Y = Math.floor(i / columns) * size + size / 2, kind = s.open || m.self ? MEMBERS[m.state] || "off" : "off";
      const said = svg("title", {}, `${m.operator || m.account.slice(0, 8)}: ${m.state}${m.self ? ", this node" : ""}${m.index ? `, holds share ${m.index}` : ""}`);
      return svg("g", {}, said, kind === "good" ? svg("circle", { class: "f-good", cx: X, cy: Y, r: 6 }) : kind === "warn"
        ? svg("path", { class: "f-warn", d: `M${X} ${Y - 8}l8 15h-16z` }) : svg("rect", { class: "f-" + kind, x: X - 7, y: Y - 7, width: 14, height: 14 }),
        m.index || m.self ? svg("circle", { cx: X, cy: Y, r: 9, fill: "none", stroke: m.self ? "var(--ink)" : "var(--link)", "stroke-width": 2 }) : null);
    });
    const off = all.filter((m) => s.open && m.state !== "member").slice(0, 50);
    const said = Object.entries(count).map(([state, n]) => `${n} ${state === "member" ? "there" : state}`).join(", ");
    return el("section", { class: "card" }, el("h2", {}, "The network"),
      el("p", {}, s.open ? `${all.length} validators: ${said}. This node keeps ${s.shares} shares for ${s.owners} of them.`
        : `${all.length} validators. How they are is not known while this node is locked; who keeps its shares is asked.`),
      svg("svg", { class: "dots", viewBox: `0 0 ${columns * size} ${Math.ceil(all.length / columns) * size}`, role: "img", "aria-label": said }, dots),
      el("div", { class: "key" }, el("span", {}, "● there"), el("span", {}, "▲ suspect"), el("span", {}, "■ gone or leaving"), el("span", {}, "○ around: this node, or a holder")),
      off.length ? el("ul", { class: "scroll few", tabindex: "0", "aria-label": "Those that are not there" }, off.map((m) => el("li", {}, el("b", {}, m.operator || m.account.slice(0, 8)), " ", m.state,
        m.failing_ms ? [" for ", since(m.failing_ms)] : null))) : null);
  }

  function expires(s) {
    const rows = [["policy_s", "policy"], ["set_s", "validator set"], ["share_set_s", "share set"], ["collateral_s", "collateral"], ["identity_s", "own identity"]]
      .filter(([name]) => s.expires[name]);
    return el("section", { class: "card" }, el("h2", {}, "What expires"), rows.length === 0 ? el("p", {}, "Nothing yet.") :
      el("table", {}, el("tbody", {}, rows.map(([name, label]) => {
        const days = (s.expires[name] - s.now_s) / 86400;
        return el("tr", {}, el("th", { scope: "row" }, label), el("td", { class: "date" }, day(s.expires[name])),
          el("td", {}, chip(days < 0 ? "bad" : name === "identity_s" ? "good" : days < 7 ? "bad" : days < 30 ? "warn" : "good",
            days < 0 ? "expired" : span(days * 86400000) + (name === "identity_s" ? ", made anew by itself" : ""))));
      }))));
  }

  function facts(s) {
    const rows = [["account", s.account || "–"], ["network", s.network], ["claim", s.claim], ["generation", s.generation + (s.confirmed ? ", confirmed by all" : "")],
      ["documents", `root ${s.root}, policy ${s.policy}, epoch ${s.epoch}`], ["platform", s.platform || "–"],
      ["sealed to share holders", s.quorum.sealed ? (s.quorum.openable ? "yes" : "yes, and those of now cannot open it") : "no"],
      ["broken promises of others", s.broken_promises]];
    return el("section", { class: "card" }, el("h2", {}, "Facts"), el("dl", {}, rows.map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])),
      s.last_refusal ? [el("p", {}, "The newest document that was refused: ", s.last_refusal.message), explained(s.last_refusal.code)] : null);
  }

  function told() {
    const list = data.events.filter((e) => !e.over && e.kind !== "alive").slice(-30).reverse();
    return el("section", { class: "card" }, el("h2", {}, "What members have said"), list.length === 0 ? el("p", {}, "Nothing.") :
      el("ul", {}, list.map((e) => el("li", {}, el("b", {}, e.subject_operator || e.subject.slice(0, 8)), " ", e.kind,
        e.author_operator && e.author_operator !== e.subject_operator ? ", says " + e.author_operator : "", e.until_s ? ", until " + day(e.until_s) : ""))));
  }

  /* ---- charts */

  function draw_charts(into) {
    const t = data.samples, style = getComputedStyle(document.documentElement), color = (name) => style.getPropertyValue(name).trim();
    charts.forEach((c) => c.destroy());
    charts = [];
    if (t.at_s.length < 2) {
      into.replaceChildren(el("p", {}, "A line begins after 20 seconds."));
      return;
    }
    into.replaceChildren();
    const axis = { stroke: color("--quiet"), grid: { stroke: color("--line"), width: 1 }, ticks: { stroke: color("--line") } };
    const line = (label, name, dash) => ({ label, stroke: color(name), width: 2, dash, paths: uPlot.paths.stepped({ align: 1 }) });
    charts.push(new uPlot({ width: Math.max(260, into.clientWidth), height: 190, cursor: { drag: { x: false, y: false } },
      scales: { y: { range: (u, low, high) => [Math.min(0, low === null ? 0 : low) - 0.2, Math.max(1, high === null ? 1 : high) + 0.5] } },
      axes: [{ ...axis, space: 70, values: (u, splits) => splits.map((t) => clock(t)) }, { ...axis, incrs: [1, 2, 5, 10, 20], size: 34 }],
      series: [{ label: "at", value: (u, t) => (t ? clock(t) : "–") }, line("answer", "--link"), line("may go, claim", "--good", [8, 4]), line("may go, shares", "--warn", [2, 4])] },
      [t.at_s, t.answering, t.spare_claim, t.spare_recovery], into));
  }

  function trend(s) {
    const t = data.samples, last = t.at_s.length - 1;
    return el("section", { class: "card" }, el("h2", {}, "The last hour"),
      el("p", { class: "quiet" }, last < 0 ? "No sample yet." : `Holders that answer: ${s.key.answering} now, ${Math.min(s.key.answering, ...t.answering.filter((n, i) => t.spare_claim[i] !== null || i === last))} at least while the vault was open.`), el("div", { class: "chart" }));
  }

  /* ---- the whole */

  /* Without what changes all the time: spans are counted on by the page itself. */
  const still = (value) => JSON.stringify(value, (name, v) => (/_ms$|^now_s$|^retry/.test(name) ? undefined : v));

  function refresh() {
    const s = data.status;
    const of = {
      top: [top, [s.operator, s.registered_address, s.account]], verdict: [verdict, [s.exit_status, s.key, s.state, s.reason, s.draining, s.leaving, s.quorum, s.store_error, s.listen_error, s.start_text]],
      warnings: [warnings, s.warnings], picture: [picture, [s.providers, s.key, s.state, s.operator, s.open, innerWidth < 700]], life: [life, [data.life, Math.floor(s.uptime_ms / 60000)]],
      network: [network, [data.members, s.shares, s.open]], trend: [trend, [s.key.answering, data.samples.at_s.slice(-1)]], holders: [holders, [s.providers, s.key]], expires: [expires, s.expires],
      facts: [facts, [s.claim, s.generation, s.confirmed, s.root, s.policy, s.epoch, s.quorum, s.broken_promises, s.last_refusal]], told: [told, data.events],
    };
    if (live.children.length === 0) live.append(el("div", { id: "s-top" }), el("main", { class: "cards" }));
    const main = live.querySelector("main");
    for (const [name, [section, from]] of Object.entries(of)) {
      const key = still(from);
      if (shown.get(name) === key) continue;
      shown.set(name, key);
      const made = section(s), old = document.getElementById("s-" + name);
      made.id = "s-" + name;
      /* Who reads with a keyboard stays where the reading was. */
      const focused = old && old.contains(document.activeElement) ? [...old.querySelectorAll("summary,[tabindex]")].indexOf(document.activeElement) : -1;
      if (old) old.replaceWith(made);
      else main.append(made);
      if (focused >= 0) (made.querySelectorAll("summary,[tabindex]")[focused] || made).focus();
      if (name === "trend") draw_charts(made.querySelector(".chart"));
    }
    document.title = (s.exit_status === 0 ? "" : "! ") + (s.operator || "Holdfast") + ": " + s.key.says;
    freshen();
  }

  function freshen() {
    const now = Date.now(), age = now - taken_ms, note = document.getElementById("fresh");
    if (polls) for (const e of live.querySelectorAll("[data-at]")) e.textContent = span(now - Number(e.dataset.at));
    const stale = failing || age > 5 * EVERY_MS;
    note.className = stale ? "stale" : "";
    note.textContent = !polls ? "as of " + new Date(data.status.now_s * 1000).toISOString().slice(0, 19).replace("T", " ") + " UTC"
      : stale ? "NO ANSWER for " + span(age) + ": what is shown is old" : "live";
  }

  async function poll() {
    if (!document.hidden)
      try {
        const answer = await fetch("page.json", { cache: "no-store" });
        if (!answer.ok) throw new Error(answer.status);
        data = await answer.json();
        taken_ms = Date.now();
        failing = false;
        refresh();
      } catch (e) {
        failing = true;
      }
    freshen();
    setTimeout(poll, EVERY_MS);
  }

  refresh();
  document.getElementById("essentials").remove();
  live.hidden = false;
  draw_charts(live.querySelector(".chart"));
  addEventListener("resize", () => {
    refresh();
    draw_charts(live.querySelector(".chart"));
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw_charts(live.querySelector(".chart")));
  if (polls) setTimeout(poll, EVERY_MS);
})();
