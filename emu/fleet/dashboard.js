// The dashboard's page: takes the stream of events, draws boards and figures. Texts reach the page as text only.
"use strict";

const $ = (id) => document.getElementById(id);
const number = (n) => n.toLocaleString("en");
const percent = (n, of) => (of ? (100 * n / of).toFixed(1) + " %" : "");
const FAILURES = 6; // that are told at once
const ALIVE = ["booting", "fetching", "storing", "running"];
const DONE = ["updated", "failed", "withheld", "untouched"];
const END_WORDS = {
  finished: "The run has ended", stopped: "Ended: the rollout was stopped, too many failures",
  interrupted: "Interrupted; 'thimble fleet resume' goes on", broken: "Ended: this PC failed; see its terminal",
};

let run, states, summary;
const groups = []; // {name, board, first, count, canvas, ring, cell, columns}

function element(name, text, ...classes) {
  const e = document.createElement(name);
  if (text !== undefined) e.textContent = text;
  e.classList.add(...classes.filter(Boolean));
  return e;
}

function duration(s) {
  const n = Math.round(s), two = (v) => String(v).padStart(2, "0");
  return n < 3600 ? `${Math.floor(n / 60)}:${two(n % 60)}` : `${Math.floor(n / 3600)}:${two(Math.floor(n / 60) % 60)}:${two(n % 60)}`;
}

function fleetTime(ms) {
  const s = ms / 1000;
  if (s < 120) return `${+s.toPrecision(2)} s`;
  if (s < 7200) return `${+(s / 60).toPrecision(2)} min`;
  return s < 172800 ? `${+(s / 3600).toPrecision(2)} h` : `${+(s / 86400).toPrecision(2)} d`;
}

// ---- the grid ----

let colours = [];
function readColours() {
  const style = getComputedStyle(document.documentElement);
  colours = run.states.map((s) => style.getPropertyValue(s === "withheld" ? "--withheld-fill" : "--" + s).trim());
  colours.mark = style.getPropertyValue("--mark").trim();
}

const groupOf = (id) => groups.find((g) => id < g.first + g.count);

// The largest cell with which all boards are within about a screen.
function cellSize(width) {
  const height = Math.max(360, Math.min(innerHeight * 0.6, 560));
  const size = Math.floor(Math.sqrt(width * height / run.boards));
  return Math.max(run.boards > 200000 ? 1 : run.boards > 20000 ? 2 : 4, Math.min(size, 24));
}

function drawCell(g, context, id) {
  const i = id - g.first, x = (i % g.columns) * g.cell, y = Math.floor(i / g.columns) * g.cell;
  const gap = g.cell >= 4 ? 1 : 0, size = g.cell - gap, state = states[id];
  context.fillStyle = colours[state];
  context.fillRect(x, y, size, size);
  if (run.states[state] !== "failed" || g.cell < 6) return;
  context.fillStyle = colours.mark;
  context.beginPath();
  context.arc(x + size / 2, y + size / 2, Math.max(1, size / 6), 0, 7);
  context.fill();
}

function layOut(g) {
  const width = g.canvas.parentElement.clientWidth, scale = devicePixelRatio || 1;
  g.cell = cellSize(width);
  g.columns = Math.max(1, Math.floor(width / g.cell));
  const height = Math.ceil(g.count / g.columns) * g.cell;
  g.canvas.width = width * scale;
  g.canvas.height = height * scale;
  g.canvas.style.height = height + "px";
  const context = g.canvas.getContext("2d");
  context.scale(scale, scale);
  for (let id = g.first; id < g.first + g.count; id++) drawCell(g, context, id);
  showRing(g);
}

const layOutAll = () => states && groups.forEach(layOut);

let dirty = [];
function drawDirty() {
  const ids = dirty;
  dirty = [];
  for (const id of ids) drawCell(groupOf(id), groupOf(id).canvas.getContext("2d"), id);
}

function mark(id) {
  if (dirty.length === 0) requestAnimationFrame(drawDirty);
  dirty.push(id);
}

function showRing(g) {
  const i = g.at - g.first;
  if (g.at === undefined) return;
  g.ring.style.display = "block";
  g.ring.style.width = g.ring.style.height = g.cell + 3 + "px";
  g.ring.style.transform = `translate(${(i % g.columns) * g.cell - 2}px, ${Math.floor(i / g.columns) * g.cell - 2}px)`;
}

function choose(g, id) {
  if (id < g.first || id >= g.first + g.count) return;
  g.at = id;
  showRing(g);
  $("hint").textContent = `board ${id}, ${g.name}: ${run.states[states[id]]}`;
}

function idAt(g, event) {
  const x = Math.floor(event.offsetX / g.cell), i = Math.floor(event.offsetY / g.cell) * g.columns + x;
  return x < g.columns && i < g.count ? g.first + i : -1;
}

function onKey(g, event) {
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -g.columns, ArrowDown: g.columns };
  if (event.key === "Enter" && g.at !== undefined) open(g.at);
  else if (event.key in steps) choose(g, g.at === undefined ? g.first : g.at + steps[event.key]);
  else return;
  event.preventDefault();
}

function addGroup(g) {
  const box = element("div", undefined, "grid"), canvas = element("canvas"), ring = element("div", undefined, "ring");
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-label", `boards of ${g.name}: arrow keys choose one, Enter shows it`);
  const title = element("h3", g.name + " ");
  title.append(element("small", `${g.board}, ${number(g.count)} boards`, "soft"));
  box.append(canvas, ring);
  $("groups").append(title, box);
  groups.push(Object.assign(g, { canvas, ring }));
  canvas.addEventListener("pointermove", (e) => choose(g, idAt(g, e)));
  canvas.addEventListener("click", (e) => idAt(g, e) >= 0 && open(idAt(g, e)));
  canvas.addEventListener("keydown", (e) => onKey(g, e));
}

// ---- figures ----

function legend() {
  $("legend").replaceChildren(...run.states.filter((s) => summary.states[s] || s !== "elsewhere").map((s) => {
    const li = element("li"), n = element("b", number(summary.states[s]));
    n.dataset.count = s;
    li.append(element("i", undefined, s), s + " ", n);
    return li;
  }));
  $("bar").replaceChildren(...[...DONE, ...ALIVE].filter((s) => summary.states[s]).map((s) => {
    const span = element("span", undefined, s);
    span.style.width = 100 * summary.states[s] / (run.boards - summary.states.elsewhere) + "%";
    return span;
  }));
}

// Boards a second, of the last ten.
function rate() {
  const last = summary.throughput.slice(-Math.max(1, Math.ceil(10 / summary.interval)));
  return last.reduce((a, b) => a + b, 0) / (last.length * summary.interval || 1);
}

function keys() {
  const s = summary.states, mine = run.boards - s.elsewhere, left = mine - summary.done, tried = s.updated + s.failed;
  const alive = ALIVE.reduce((n, name) => n + s[name], 0), fast = rate(), over = summary.end !== "";
  const mean = summary.seconds ? summary.done / summary.seconds : 0;
  const texts = {
    done: number(summary.done), of: `of ${number(mine)}`, updated: number(s.updated), failed: number(s.failed),
    "updated-percent": percent(s.updated, tried), "failed-percent": percent(s.failed, tried),
    rate: (over ? mean : fast).toFixed(0), elapsed: over ? "in the mean" : `${duration(summary.seconds)} so far`,
    "eta-name": over ? "took" : "to go", eta: over ? duration(summary.seconds) : fast > 0 ? duration(left / fast) : "-",
    alive: over ? "" : `${number(alive)} under way`,
  };
  for (const id in texts) $(id).textContent = texts[id];
  $("bar").setAttribute("aria-label", `${number(summary.done)} of ${number(mine)} boards are done`);
  document.title = `${Math.floor(100 * summary.done / (mine || 1))} % · ${run.name || run.file}`;
}

function failure(f, most) {
  const li = element("li"), line = element("p"), share = element("div", undefined, "share"), part = element("span");
  const example = element("a", `board ${f.example}`);
  example.href = `#board=${f.example}`;
  part.style.width = 100 * f.boards / most + "%";
  share.append(part);
  line.append(element("b", number(f.boards)), ` ${f.reason} `,
    element("span", `(${f.step || "-"}, status ${f.status}${f.fault ? ", " + f.fault : ""}), as `, "soft"), example);
  li.append(line, share);
  return li;
}

function failures() {
  const list = (summary.failures || []).map((f, i, all) => failure(f, all[0].boards));
  $("no-failures").hidden = list.length > 0;
  $("failures").replaceChildren(...list.slice(0, FAILURES));
  $("rare").replaceChildren(...list.slice(FAILURES));
  $("rarer").hidden = list.length <= FAILURES;
  $("rarer").querySelector("summary").textContent = `${list.length - FAILURES} rarer ones`;
}

function table(id, rows, columns) {
  const head = element("tr"), body = [];
  for (const name of Object.values(columns)) head.append(element("th", name));
  for (const r of rows || []) {
    const tr = element("tr");
    for (const key in columns) tr.append(element("td", r[key] === null ? "-" : String(r[key]), typeof r[key] === "number" && "n"));
    body.push(tr);
  }
  $(id).replaceChildren(...(body.length ? [head, ...body] : []));
}

// ---- charts ----

const HEIGHT = 160, LEFT = 44, BOTTOM = 20;

function svg(name, attributes, text) {
  const e = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const key in attributes) e.setAttribute(key, attributes[key]);
  if (text !== undefined) e.textContent = text;
  return e;
}

function niceMax(n) {
  const step = 10 ** Math.floor(Math.log10(Math.max(n, 1)));
  return [1, 2, 5, 10].map((f) => f * step).find((v) => v >= n);
}

function chart(id, title, most, xLabels, draw) {
  const width = Math.max(200, $(id).clientWidth), top = niceMax(most);
  const root = svg("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, role: "img" });
  const y = (v) => 6 + (HEIGHT - BOTTOM - 6) * (1 - v / top), x = (part) => LEFT + (width - LEFT) * part;
  root.append(svg("title", {}, title));
  for (const v of [0, top / 2, top]) {
    root.append(svg("line", { class: "axis", x1: LEFT, x2: width, y1: y(v), y2: y(v) }));
    root.append(svg("text", { x: LEFT - 6, y: y(v) + 4, "text-anchor": "end" }, number(v)));
  }
  xLabels.forEach((text, i) => {
    const anchor = i === 0 ? "start" : i === xLabels.length - 1 ? "end" : "middle";
    root.append(svg("text", { x: x(i / (xLabels.length - 1)), y: HEIGHT - 4, "text-anchor": anchor }, text));
  });
  draw(root, x, y);
  $(id).replaceChildren(root);
}

// Boards that have the update, and that failed to get it, by when that was in the fleet's time.
function curve() {
  const bins = summary.curve || [], ms = summary.span && summary.span.length ? summary.span[0].ms : 1;
  const series = ["updated", "failed"].map((key) => ({ key, sum: bins.reduce((n, b) => n + b[key], 0) }));
  const title = series.map((s) => `${number(s.sum)} ${s.key}`).join(" and ") + ` within ${fleetTime(ms)} of fleet time`;
  const most = Math.max(1, ...series.map((s) => s.sum));
  chart("curve", title, most, [0, .5, 1].map((part) => fleetTime(part * ms)), (root, x, y) => series.forEach((s, i) => {
    let line = `M${x(0)} ${y(0)}`, sum = 0;
    for (const b of bins) line += `H${x(b.bin / 100)}V${y(sum += b[s.key])}`;
    line += `H${x(1)}`;
    if (s.key === "updated") root.append(svg("path", { class: "area-updated", d: `${line}V${y(0)}Z` }));
    root.append(svg("path", { class: "line-" + s.key, d: line }));
    root.append(svg("path", { class: "line-" + s.key, d: `M${LEFT + 8} ${16 + 16 * i}h22` }));
    root.append(svg("text", { x: LEFT + 36, y: 20 + 16 * i }, `${number(s.sum)} ${s.key}`));
  }));
}

function throughput() {
  const rates = summary.throughput.map((n) => n / summary.interval), slots = Math.max(rates.length, 30);
  chart("throughput", `boards a second over ${duration(summary.seconds)}`, Math.max(1, ...rates),
    ["0:00", duration(slots * summary.interval)], (root, x, y) => rates.forEach((r, i) => {
      const wide = x((i + 1) / slots) - x(i / slots);
      root.append(svg("rect", { class: "bar-rate", x: x(i / slots), width: Math.max(wide - 1, .5), y: y(r), height: y(0) - y(r) }));
    }));
}

// ---- one board ----

let following = 0;

async function showBoard(id) {
  const ask = ++following, body = $("board");
  body.replaceChildren(element("h2", `Board ${id}`), element("p", "One moment: it is being run again.", "soft"));
  while (ask === following) {
    const glance = await (await fetch(`board/${id}.json`)).json();
    if (ask !== following) return;
    if (!ALIVE.includes(glance.state)) break;
    const told = glance.heap_free === 0 ? "It has told nothing yet. " : `${glance.device_ms / 1000} s of device time; ` +
      `heap: ${number(glance.heap_free)} bytes free, ${number(glance.heap_low_water)} at least. `;
    body.replaceChildren(element("h2", `Board ${id}: ${glance.state}`),
      element("p", told + "What it did and its heap's map come when it is done."));
    await new Promise((r) => setTimeout(r, 300));
  }
  const answer = await fetch(`board/${id}`);
  const text = await answer.text();
  if (ask !== following) return;
  if (!answer.ok) return body.replaceChildren(element("p", text, "message"));
  body.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
}

function open(id) {
  location.hash = `board=${id}`;
}

function onHash() {
  const match = /^#board=([0-9]+)$/.exec(location.hash), id = match ? Number(match[1]) : -1;
  if (id < 0 || !run || id >= run.boards) return $("detail").open && $("detail").close();
  if (!$("detail").open) $("detail").showModal();
  const g = groupOf(id);
  if (states) choose(g, id);
  showBoard(id).catch(() => $("board").replaceChildren(element("p", "The dashboard does not answer: has the run ended?", "message")));
}

function leave() {
  following++;
  if (location.hash) history.pushState(null, "", location.pathname);
}

// ---- the stream ----

function status(text, mode) {
  if ($("status").textContent !== text) $("status").textContent = text;
  document.body.className = mode;
}

function onSummary(text) {
  summary = JSON.parse(text);
  legend();
  keys();
  failures();
  curve();
  throughput();
  table("kinds", summary.groups, { grp: "group", board: "board", boards: "done", updated: "updated", failed: "failed", percent: "% updated" });
  table("waves", summary.waves, { wave: "wave", boards: "done", updated: "updated", failed: "failed", withheld: "withheld", failed_percent: "% failed" });
  if (summary.end) status(END_WORDS[summary.end], "over");
  $("status").dataset.end = summary.end;
}

function drawAll() {
  layOutAll();
  if (!summary) return;
  curve();
  throughput();
}

function onBoards(text) {
  states = Uint8Array.from(text, (c) => c.charCodeAt(0) - 48);
  layOutAll();
  if (location.hash) onHash();
}

// A board that is looked at and was waiting has more to tell when it is done.
function onChange(text) {
  const changes = JSON.parse(text);
  for (let i = 0; i < changes.length; i += 2) {
    states[changes[i]] = changes[i + 1];
    mark(changes[i]);
    if (location.hash === `#board=${changes[i]}` && DONE.includes(run.states[changes[i + 1]])) onHash();
  }
}

function listen() {
  const events = new EventSource("events");
  events.addEventListener("summary", (e) => onSummary(e.data));
  events.addEventListener("boards", (e) => onBoards(e.data));
  events.addEventListener("change", (e) => onChange(e.data));
  events.addEventListener("open", () => status("Live", "live"));
  events.addEventListener("error", () => {
    if (summary && summary.end) events.close();
    else status("Connection lost; trying again", "lost");
  });
}

async function begin() {
  run = await (await fetch("run.json")).json();
  $("name").textContent = run.name || run.file;
  $("about").textContent = `${number(run.boards)} boards, seed ${run.seed}` +
    (run.shards ? `, shard ${run.shard} of ${run.shards}` : "") + `; ${run.file}, results in ${run.database}`;
  readColours();
  run.groups.filter((g) => g.count).forEach(addGroup);
  listen();
}

addEventListener("hashchange", onHash);
addEventListener("resize", drawAll);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { readColours(); drawAll(); });
$("detail").addEventListener("close", leave);
$("detail").addEventListener("click", (e) => e.target === $("detail") && $("detail").close());
$("find").addEventListener("submit", (e) => {
  e.preventDefault();
  const id = Number($("number").value);
  if (id < run.boards) open(id);
  else $("hint").textContent = `there is no board ${id}: they are 0 to ${run.boards - 1}`;
});
begin().catch(() => status("The dashboard does not answer", "lost"));
