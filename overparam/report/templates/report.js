"use strict";
// Reads the page's numbers, and lets readers point at, choose and colour cells. Texts are inserted as text only.
(() => {
  const numbers = JSON.parse(document.getElementById("numbers").textContent);
  const root = document.documentElement;
  const tip = document.getElementById("tip");
  const details = document.getElementById("details");
  const SVG = "http://www.w3.org/2000/svg";
  root.classList.remove("plain");

  const make = (name, text, attributes = {}) => {
    const element = document.createElement(name);
    if (text !== undefined && text !== null) element.textContent = text;
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  const few = (value, digits = 3) => (value === null || value === undefined ? "–" : String(Number(value.toPrecision(digits))));
  const grouped = (value) => (value === null || value === undefined ? "–" : value.toLocaleString("en-US"));
  const percent = (value) => `${few(100 * value)} %`;
  const words = (status) => status.replaceAll("_", " ");
  const nominal = () => document.querySelector("input[name=count]:checked").value === "nominal";

  // ---- one cell -------------------------------------------------------------------------------------------
  const sizes = (panel, place) => {
    const i = Math.floor(place / panel.d.length), j = place % panel.d.length;
    return { i, j, k: panel.k[i], d: panel.d[j] };
  };
  const endings = (panel, place) => Object.entries(panel.cells.ended)
    .filter(([, counts]) => counts[place]).map(([status, counts]) => `${grouped(counts[place])} ${words(status)}`).join(", ");
  const facts = (panel, place) => {
    const { i, j, k, d } = sizes(panel, place), cells = panel.cells, trials = cells.trials[place];
    const effective = panel.units[i] * panel.per_unit[j];
    const ratios = [["kd / n", few(k * d / panel.n)], [`${panel.count} / n`, few(effective / panel.n)]];
    if (panel.count === "kd") ratios.length = 1; else if (!nominal()) ratios.reverse();
    return [
      ["succeeded", trials ? `${grouped(cells.successes[place])} of ${grouped(trials)}` : "no trial could be trained"],
      ["95 % interval", trials ? panel.intervals[`${cells.successes[place]}/${trials}`].map(percent).join(" to ") : "–"],
      ...ratios,
      ["trials ended", endings(panel, place) || "–"],
      ["median updates", grouped(cells.updates[place])],
      ["of successes", grouped(cells.success_updates[place])],
    ];
  };
  const heading = (panel, place) => {
    const { k, d } = sizes(panel, place);
    return `n = ${panel.n}, k = ${k}, d = ${d}`;
  };
  const list = (pairs) => {
    const dl = make("dl", null, { class: "facts" });
    for (const [name, value] of pairs) dl.append(make("dt", name), make("dd", value));
    return dl;
  };

  // ---- the hint beside the pointer ------------------------------------------------------------------------
  const show = (panel, place, cell) => {
    tip.replaceChildren(make("strong", heading(panel, place)), list(facts(panel, place)));
    tip.hidden = false;
    const box = cell.getBoundingClientRect(), size = tip.getBoundingClientRect(), gap = 10;
    let left = box.right + gap, top = box.top;
    if (left + size.width > root.clientWidth - 4) left = box.left - gap - size.width;
    if (left < 4) { left = Math.max(4, Math.min(box.left, root.clientWidth - size.width - 4)); top = box.bottom + gap; }
    if (top + size.height > window.innerHeight - 4) top = Math.max(4, (left < box.right && left + size.width > box.left ? box.top - gap : window.innerHeight - 4) - size.height);
    tip.style.left = `${left + window.scrollX}px`;
    tip.style.top = `${top + window.scrollY}px`;
  };
  const hide = () => { tip.hidden = true; };

  // ---- the trials of a cell -------------------------------------------------------------------------------
  const column = (values, count) => (Array.isArray(values) ? values : Array(count).fill(values));
  const trialsTable = (listed) => {
    const count = listed.status.length;
    const table = make("table"), head = table.createTHead().insertRow(), body = table.createTBody();
    for (const name of ["trial", "ended", "updates", "measure", "distance"]) head.append(make("th", name, { scope: "col" }));
    const trial = listed.trial || [...Array(count).keys()];
    const updates = column(listed.updates, count), measure = column(listed.measure, count), distance = column(listed.distance, count);
    [...listed.status].forEach((letter, at) => {
      const row = body.insertRow(), low = letter.toLowerCase();
      const mark = letter === low ? "" : low === "c" ? "" : ", succeeded";
      row.append(make("th", trial[at], { scope: "row" }), make("td", words(numbers.statuses[low] || letter) + mark, { class: "word" }),
        make("td", grouped(updates[at])), make("td", few(measure[at], 4)), make("td", few(distance[at], 4)));
    });
    return table;
  };
  const open = (number, place) => {
    const panel = numbers.panels[number], body = document.getElementById("details-body");
    document.getElementById("details-title").textContent = heading(panel, place);
    body.replaceChildren();
    if (numbers.panels.length > 1) body.append(make("p", panel.title, { class: "quiet" }));
    body.append(list(facts(panel, place)));
    const listed = panel.listed[place], total = panel.cells.trials[place] + (panel.cells.ended.failed || [])[place] || panel.cells.trials[place];
    if (listed) {
      if (listed.status.length < total) body.append(make("p", `The first ${listed.status.length} of ${grouped(total)} trials:`, { class: "quiet" }));
      const scroll = make("div", null, { class: "scroll", tabindex: "0", role: "region", "aria-label": "Trials" });
      scroll.append(trialsTable(listed));
      body.append(scroll);
    } else {
      body.append(make("p", "The trials of this cell are in the study's file. The report lists trials only for the cells with success nearest to one half.", { class: "quiet" }));
    }
    const runs = document.querySelectorAll(`#runs .run[data-panel="${number}"][data-place="${place}"]`);
    for (const run of runs) body.append(run.cloneNode(true));
    if (!runs.length && document.getElementById("runs")) body.append(make("p", "No trial of this cell was trained again for the report.", { class: "quiet" }));
    hide();
    details.focus({ preventScroll: true });
    const box = details.getBoundingClientRect();
    if (box.top < 0 || box.top > window.innerHeight - 120) details.scrollIntoView({ block: "start" });
  };

  // ---- the diagrams ---------------------------------------------------------------------------------------
  const drawn = [];
  for (const figure of document.querySelectorAll("figure.panel")) {
    const number = Number(figure.dataset.panel), panel = numbers.panels[number], svg = figure.querySelector("svg");
    const cells = [...svg.querySelectorAll(".cells rect")], cursor = svg.querySelector(".cursor");
    const held = panel.cells.trials.map((_, place) => place)
      .filter((place) => Object.values(panel.cells.ended).some((counts) => counts[place]));
    const at = new Map(held.map((place, index) => [place, cells[index]]));
    const place = new Map(held.map((one, index) => [cells[index], one]));
    svg.querySelector(".cells").setAttribute("role", "grid");
    svg.querySelector(".cells").setAttribute("aria-label", `Cells of ${panel.title}`);
    for (const row of svg.querySelectorAll(".cells > g")) row.setAttribute("role", "row");
    cells.forEach((cell, index) => {
      cell.setAttribute("role", "gridcell");
      const title = cell.querySelector("title");
      cell.setAttribute("aria-label", title.textContent);
      title.remove();
      cell.setAttribute("tabindex", index ? "-1" : "0");
    });
    drawn.push({ panel, at });

    const mark = (cell) => {
      for (const name of ["x", "width"]) cursor.setAttribute(name, cell.getAttribute(name));
      // A row is moved and stretched; the frame is only moved, because stretching would distort its line.
      const [, top, height] = /translate\(0 (.+)\) scale\(1 (.+)\)/.exec(cell.parentNode.getAttribute("transform"));
      cursor.setAttribute("y", top);
      cursor.setAttribute("height", height);
    };
    const unmark = () => { cursor.setAttribute("width", 0); cursor.setAttribute("height", 0); };
    const enter = (cell) => {
      const one = place.get(cell);
      const said = facts(panel, one).map(([name, value]) => `${name} ${value}`).join("; ");
      cell.setAttribute("aria-label", `${heading(panel, one)}: ${said}`);
      mark(cell);
      show(panel, one, cell);
    };
    const move = (cell) => {
      for (const other of cells) if (other.getAttribute("tabindex") === "0") other.setAttribute("tabindex", "-1");
      cell.setAttribute("tabindex", "0");
      cell.focus();
    };
    // The next cell with trials in a direction; in the middle of a sparse diagram there may be gaps.
    const next = (from, dk, dd) => {
      let { i, j } = sizes(panel, from);
      for (i += dk, j += dd; i >= 0 && j >= 0 && i < panel.k.length && j < panel.d.length; i += dk, j += dd) {
        const cell = at.get(i * panel.d.length + j);
        if (cell) return cell;
      }
      return null;
    };
    const ROWS = { ArrowUp: [1, 0], ArrowDown: [-1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    svg.addEventListener("pointerover", (event) => { if (place.has(event.target) && event.pointerType !== "touch") enter(event.target); });
    svg.addEventListener("pointerleave", () => { hide(); unmark(); });
    svg.addEventListener("focusin", (event) => { if (place.has(event.target)) enter(event.target); });
    svg.addEventListener("focusout", () => { hide(); unmark(); });
    svg.addEventListener("click", (event) => { if (place.has(event.target)) { move(event.target); open(number, place.get(event.target)); mark(event.target); } });
    svg.addEventListener("keydown", (event) => {
      const from = place.get(event.target);
      if (from === undefined) return;
      if (event.key === "Escape") { hide(); return; }
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); open(number, from); mark(event.target); return; }
      const row = cells.filter((cell) => cell.parentNode === event.target.parentNode);
      const to = ROWS[event.key] ? next(from, ...ROWS[event.key]) : event.key === "Home" ? row[0] : event.key === "End" ? row[row.length - 1] : null;
      if (ROWS[event.key] || to) event.preventDefault();
      if (to) move(to);
    });
  }
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });

  // ---- colours, curves, counts ----------------------------------------------------------------------------
  const mixed = (stops, share) => {
    const at = share * (stops.length - 1), low = Math.min(Math.floor(at), stops.length - 2);
    return `#${stops[low].map((channel, c) => Math.round(channel + (at - low) * (stops[low + 1][c] - channel)).toString(16).padStart(2, "0")).join("")}`;
  };
  const recolour = (name) => {
    const stops = numbers.scales[name], ramp = document.getElementById("ramp");
    for (const { panel, at } of drawn) {
      for (const [place, cell] of at) {
        const trials = panel.cells.trials[place];
        if (trials) cell.setAttribute("fill", mixed(stops, panel.cells.successes[place] / trials));
      }
    }
    ramp.replaceChildren(...stops.map((stop, index) => {
      const element = document.createElementNS(SVG, "stop");
      element.setAttribute("offset", index / (stops.length - 1));
      element.setAttribute("stop-color", `rgb(${stop.join(",")})`);
      return element;
    }));
  };
  document.getElementById("scale").addEventListener("change", (event) => recolour(event.target.value));

  const toggles = [...document.querySelectorAll("[data-toggle]")];
  const layers = () => {
    for (const box of toggles) {
      for (const layer of document.querySelectorAll(`[data-layer="${box.dataset.toggle}"]`)) layer.classList.toggle("hidden", !box.checked);
    }
  };
  for (const box of toggles) box.addEventListener("change", layers);
  const series = [...document.querySelectorAll("[data-series-toggle]")];
  for (const box of series) {
    box.addEventListener("change", () => {
      for (const line of document.querySelectorAll(`#boundary .plot [data-series="${box.dataset.seriesToggle}"]`)) line.classList.toggle("hidden", !box.checked);
    });
  }
  const counted = () => root.classList.toggle("nominal-count", nominal());
  for (const choice of document.querySelectorAll("input[name=count]")) choice.addEventListener("change", counted);

  // Restore settings that the browser kept from an earlier visit.
  layers();
  counted();
  if (document.getElementById("scale").selectedIndex > 0) recolour(document.getElementById("scale").value);
})();
