import { $, ask, decimal, drawing, make, onTyping, sentence, soon, startColours, whole } from "./tools.js";

const AT_ONCE = 60;  // rows that are asked for
const NEAR_THE_END = 12;  // rows below the chosen one when more are asked for
const JUMP = 10;
const NUMERIC = new Set(["count", "pmi", "left", "right", "length"]);
const FALLING = new Set(["count", "length"]);  // orders that begin with the largest
const VERBS = { keep: "kept", drop: "dropped", fix: "fixed" };
const decisionsFile = document.body.dataset.decisions;
const saved = `minent-review ${location.pathname}`;

let info = { figures: false, new: false, contexts: false, explain: false, parse: false };
let rows = [];  // that are shown
let total = 0;
let current = null;  // the row whose word is shown beside; it need not be in the list
let missing = null;  // a text that was searched for and is no word
let loading = null;  // so that an answer that comes too late is not taken
let filters = { search: "", status: "todo", sort: "doubt", descending: false, length: "", new: "" };
let follows = true;  // whether the sentence is a context of the word
let suggestion = "";

/** What the keyboard asks for is done in its order, one after another. */
let queue = Promise.resolve();
function inOrder(work) {
  queue = queue.then(work).catch(complain);
  return queue;
}

function complain(error) {
  if (error.name === "AbortError") return;
  $("problem").hidden = false;
  $("problem").firstElementChild.textContent = error.message;
}

function tell(text) {
  $("live").textContent = text;
}

// the list

function remember() {
  try {
    sessionStorage.setItem(saved, JSON.stringify({ filters, id: current?.id ?? null }));
  } catch { /* without storage the page forgets where it was */ }
}

function recall() {
  try {
    const found = JSON.parse(sessionStorage.getItem(saved) ?? "{}");
    filters = { ...filters, ...found.filters };
    return found.id ?? null;
  } catch {
    return null;
  }
}

function query(more) {
  const { descending, ...rest } = filters;
  return { ...rest, descending: descending ? "1" : "0", size: AT_ONCE, ...more };
}

/** Ask for the list anew, and choose the word of this number if it is there, else the first. */
async function load(id = null) {
  loading?.abort();
  const mine = loading = new AbortController();
  const found = await ask("api/words", { query: query(id === null ? {} : { until: id }), signal: mine.signal });
  if (loading !== mine) return;
  rows = found.rows;
  total = found.total;
  missing = found.missing;
  if (missing) rows.unshift({ id: null, word: missing, count: 0, pmi: null, left: null, right: null, absent: true, decision: null, replacement: [] });
  $("rows").replaceChildren(...rows.map(line));
  $("scroll").scrollTop = 0;
  showHeads();
  choose(rows.find((row) => row.id === id && id !== null) ?? rows[missing && rows.length > 1 ? 1 : 0] ?? null);
}

/** Ask for the rows behind the last one, once at a time; tells whether there were any. */
let more = null;
function loadMore() {
  more ??= loadBehind().finally(() => { more = null; });
  return more;
}

async function loadBehind() {
  const last = rows.at(-1), list = loading;
  if (!last || last.id === null || rows.length - (missing ? 1 : 0) >= total) return false;
  const found = await ask("api/words", { query: query({ after: last.id }) });
  if (loading !== list || rows.at(-1) !== last) return false;  // it is another list now
  rows.push(...found.rows);
  if (!found.rows.length) total = rows.length;
  $("rows").append(...found.rows.map(line));
  showPlace();
  return found.rows.length > 0;
}

function line(row) {
  const number = (value, format) => (value === null ? "" : format.format(value).replace("-", "−"));
  const cells = [
    make("td", { class: "left text", lang: "zh" }, row.word),
    make("td", {}, row.absent && !row.count ? "" : number(row.count, whole)),
    make("td", { class: "figure" }, number(row.pmi, decimal)),
    make("td", { class: "figure wide" }, number(row.left, decimal)),
    make("td", { class: "figure wide" }, number(row.right, decimal)),
    make("td", { class: "left mark" }, ...mark(row)),
  ];
  return make("tr", {
    role: "row", id: `row-${row.id ?? "missing"}`, "aria-selected": row === current, class: row.decision ?? "todo",
  }, ...cells);
}

function mark(row) {
  const found = [];
  if (row.decision) found.push(make("span", { class: `badge ${row.decision}` }, VERBS[row.decision]));
  if (row.replacement.length) found.push(make("span", { lang: "zh" }, " " + row.replacement.join(" · ")));
  if (row.id === null) found.push("not in the lexicon");
  if (row.disputed) found.push(make("span", { class: "badge disputed" }, "disputed"));
  return found;
}

/** Take in what the server now says of a word, wherever it is shown. */
function renew(row) {
  const place = rows.findIndex((other) => other.id === row.id || (other.id === null && other.word === row.word));
  if (current && (current.id === row.id || (current.id === null && current.word === row.word))) current = row;
  if (place < 0) return;
  rows[place] = row;
  $("rows").children[place].replaceWith(line(row));
}

function showHeads() {
  for (const head of document.querySelectorAll("[data-sort]")) {
    if (head.dataset.sort === filters.sort) head.setAttribute("aria-sort", filters.descending ? "descending" : "ascending");
    else head.removeAttribute("aria-sort");
  }
  showPlace();
}

function showPlace() {
  const place = rows.indexOf(current);
  $("place").value = total ? `${whole.format(Math.max(place + (missing ? 0 : 1), 0))} of ${whole.format(total)}` : "Nothing found";
  $("nothing").hidden = current !== null;
  $("card").hidden = current === null;
}

// the word

let detailing = null;

function choose(row) {
  const before = rows.indexOf(current);
  current = row;
  const place = rows.indexOf(row);
  if (before >= 0) $("rows").children[before].setAttribute("aria-selected", "false");
  for (const old of $("rows").querySelectorAll('[aria-selected="true"]')) old.setAttribute("aria-selected", "false");
  if (place >= 0) {
    const shown = $("rows").children[place];
    shown.setAttribute("aria-selected", "true");
    $("grid").setAttribute("aria-activedescendant", shown.id);
    reveal(shown);
    if (place >= rows.length - NEAR_THE_END) loadMore().catch(complain);
  }
  closeFix();
  showPlace();
  remember();
  showWord();
  describe().catch(complain);  // not waited for: the next key may come first
}

/** Scroll the list, and nothing else, so that a row can be seen. */
function reveal(shown) {
  const box = $("scroll"), head = box.querySelector("thead").offsetHeight;
  const top = shown.offsetTop - head, bottom = shown.offsetTop + shown.offsetHeight;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (bottom > box.scrollTop + box.clientHeight) box.scrollTop = bottom - box.clientHeight;
}

function showWord() {
  $("explanation").hidden = true;
  $("contexts").replaceChildren();
  $("figures").replaceChildren();
  if (current === null) return;
  $("word").textContent = current.word;
  showDecision();
}

function showDecision() {
  if (current === null) return;
  const tags = [];
  if (current.new && !current.absent) tags.push(make("span", { class: "badge new" }, "new"));
  if (current.absent) tags.push(make("span", { class: "badge" }, "not in the lexicon"));
  $("tags").replaceChildren(...tags, ...(current.decision ? mark(current) : []));
  for (const button of document.querySelectorAll("[data-decision]")) {
    button.setAttribute("aria-pressed", String(button.dataset.decision === (current.decision ?? "")));
    if (button.dataset.decision === "none") {
      button.removeAttribute("aria-pressed");
      button.disabled = !current.decision;
    }
  }
}

/** Figures, contexts and what else the server tells of the word. */
async function describe() {
  detailing?.abort();
  const row = current;
  if (row === null) return;
  const fact = (name, ...values) => make("div", {}, make("dt", {}, name), make("dd", {}, ...values));
  const nats = (value) => decimal.format(value).replace("-", "−");
  const facts = [];
  if (!row.absent) facts.push(fact("Count", whole.format(row.count)));
  if (row.pmi !== null) facts.push(fact("PMI at its weakest cut", nats(row.pmi), make("small", {}, " nats")));
  if (row.left !== null) facts.push(fact("Entropy, left · right", `${nats(row.left)} · ${row.right === null ? "–" : nats(row.right)}`, make("small", {}, " nats")));
  $("figures").replaceChildren(...facts);
  suggestion = row.word;
  if (row.id === null) return trySentence();
  const mine = detailing = new AbortController();
  const found = await ask("api/word", { query: { id: row.id }, signal: mine.signal });
  if (current?.id !== row.id || detailing !== mine) return;
  if (found.in_text !== null) facts.push(fact("In the text", whole.format(found.in_text)));
  if (found.parts.length > 1) {
    suggestion = found.parts.join(" ");
    if ($("replacement").value === row.word && !row.replacement.length) suggest();  // the field was faster
    facts.push(fact("Without it", make("span", { lang: "zh" }, found.parts.join(" · "))));
  }
  if (found.decided) facts.push(fact("Decided", found.decided));
  for (const text of found.disputes) facts.push(make("div", { class: "dispute" }, make("dt", {}, "Disputed"), make("dd", {}, text)));
  $("figures").replaceChildren(...facts);
  document.querySelector('[data-decision="fix"]').disabled = !found.can_fix;
  $("contexts").replaceChildren(...found.contexts.map(context), ...(found.contexts.length ? [] : ["It does not stand in the text."]));
  if (follows) $("sentence").value = found.contexts.length ? sentence(found.contexts[0]) : "";
  await trySentence();
}

function context({ left, text, right, path }) {
  const button = make("button", { type: "button", title: path ? `${path}: try this line` : "try this line", tabindex: "-1" },
    make("span", { class: "before" }, make("bdi", {}, left.slice(-40))), make("b", {}, text), make("span", { class: "after" }, right.slice(0, 40)));
  button.addEventListener("click", () => {
    $("sentence").value = sentence({ left, text, right });
    follows = false;
    trySentence().catch(complain);
  });
  return button;
}

// decisions

async function decide(decision, replacement = "") {
  const row = current;
  if (row === null || (decision === "none" && !row.decision)) return;
  const body = { id: row.id, decision, replacement };
  if (row.id === null) body.word = row.word;
  const found = await ask("api/decide", { body });
  taken(found);
  if (row.id === null) {  // it is a word now
    missing = null;
    total += 1;
  }
  const place = rows.findIndex((other) => other.id === found.row.id);
  tell(`${found.row.word}: ${found.row.decision ? VERBS[found.row.decision] : "undecided"}`);
  if (decision !== "none" && place >= 0 && place + 1 < rows.length) choose(rows[place + 1]);
  else choose(current);
}

async function undo() {
  const found = await ask("api/undo", { body: {} });
  taken(found);
  tell(`Undone. ${found.row.word}: ${found.row.decision ? VERBS[found.row.decision] : "undecided"}`);
  choose(rows.find((row) => row.id === found.row.id) ?? found.row);
}

function taken(found) {
  $("problem").hidden = true;
  renew(found.row);
  found.others.forEach(renew);
  if (found.others.length) tell(`${whole.format(found.others.length)} decisions were made elsewhere in the same file, and are taken over`);
  showProgress(found);
  $("saved").value = `saved ${found.time}`;
  $("saved").title = decisionsFile;
}

function showProgress({ totals, can_undo }) {
  const done = totals.keep + totals.drop + totals.fix;
  const parts = [["keep", "kept"], ["drop", "dropped"], ["fix", "fixed"]].filter(([kind]) => totals[kind])
    .map(([kind, verb]) => `${whole.format(totals[kind])} ${verb}`);
  $("progress").value = `${whole.format(done)} of ${whole.format(totals.words)} decided${parts.length ? ": " + parts.join(", ") : ""}`;
  $("share").value = totals.words ? done / totals.words : 0;
  $("undo").disabled = !can_undo;
  $("status").querySelector('[value="disputed"]').hidden = !totals.disputed && filters.status !== "disputed";
}

const fixButton = document.querySelector('[data-decision="fix"]');

function openFix() {
  if (current === null || fixButton.disabled) return;
  $("fix").hidden = false;
  fixButton.setAttribute("aria-expanded", "true");
  suggest();
}

function suggest() {
  $("replacement").value = current.replacement.length ? current.replacement.join(" ") : suggestion;
  if ($("fix").hidden) return;
  $("replacement").focus();
  $("replacement").select();
}

function closeFix() {
  const held = $("fix").contains(document.activeElement);
  $("fix").hidden = true;
  fixButton.setAttribute("aria-expanded", "false");
  if (held) $("grid").focus({ preventScroll: true });
}

// a sentence

let trying = null;

async function trySentence() {
  trying?.abort();
  const text = $("sentence").value;
  if (!text.trim()) {
    $("cuts").replaceChildren();
    $("tree").replaceChildren();
    return;
  }
  const mine = trying = new AbortController();
  const found = await ask("api/try", { body: { text }, signal: mine.signal });
  if (trying !== mine) return;
  const differs = found.before.join("\n") !== found.after.join("\n");
  const row = (name, words, others) => make("div", {}, make("dt", {}, name),
    make("dd", {}, ...words.map((word, k) => make("span", { class: others.has(at(words, k)) ? "token" : "token changed" }, word))));
  const at = (words, k) => `${words.slice(0, k).join("").length} ${words[k]}`;
  const places = (words) => new Set(words.map((word, k) => at(words, k)));
  $("cuts").replaceChildren(
    row(differs ? "With your decisions" : "Cut", found.after, places(found.before)),
    ...(differs ? [row("The lexicon as it is", found.before, places(found.after))] : []));
  $("tree").replaceChildren(...(found.tree ? [drawing(found.tree, found.after.join(" "))] : []));
}

// the explanation

async function explain() {
  const row = current;
  if (!info.explain || row === null || row.id === null || $("explain").disabled) return;
  const shown = $("explanation");
  shown.hidden = false;
  shown.textContent = "The recipe runs again on the corpus, which takes as long as building the lexicon did …";
  $("explain").disabled = true;
  try {
    const { text } = await ask("api/explain", { body: { id: row.id } });
    if (current?.id === row.id) shown.textContent = text;
  } catch (error) {
    if (current?.id === row.id) shown.hidden = true;
    throw error;
  } finally {
    $("explain").disabled = false;
  }
}

// what people do

async function move(step) {
  const place = rows.indexOf(current);
  while (place + step >= rows.length && await loadMore());
  const wanted = Math.min(Math.max(place + step, 0), rows.length - 1);
  if (wanted >= 0 && wanted !== place) choose(rows[wanted]);
}

const KEYS = {
  j: () => inOrder(() => move(1)), ArrowDown: () => inOrder(() => move(1)),
  k: () => inOrder(() => move(-1)), ArrowUp: () => inOrder(() => move(-1)),
  PageDown: () => inOrder(() => move(JUMP)), PageUp: () => inOrder(() => move(-JUMP)),
  y: () => inOrder(() => decide("keep")),
  n: () => inOrder(() => decide("drop")),
  f: () => inOrder(openFix),
  c: () => inOrder(() => decide("none")),
  u: () => inOrder(() => ($("undo").disabled ? tell("Nothing to undo") : undo())),
  e: () => { explain().catch(complain); },
  t: () => { $("sentence").focus(); $("sentence").select(); },
  "/": () => { $("search").focus(); $("search").select(); },
  "?": () => $("keys").showModal(),
};
const SAME = { "？": "?", "／": "/", "、": "/" };  // what a Chinese keyboard gives for these keys

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey || event.altKey) return;
  if ($("keys").open) return;
  const field = event.target.closest?.("input, textarea, select");
  if (event.key === "Escape") {
    if (!$("fix").hidden) closeFix();
    else if (field) $("grid").focus({ preventScroll: true });
    return;
  }
  if (field === $("search") && (event.key === "Enter" || event.key === "ArrowDown")) {
    event.preventDefault();
    $("grid").focus({ preventScroll: true });
    return;
  }
  if (field) return;
  const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const action = KEYS[SAME[name] ?? name];
  if (!action || (event.repeat && "ynfcu".includes(name))) return;
  if (name.startsWith("Page") || name.startsWith("Arrow")) {
    if (event.target.closest?.("pre, .canvas")) return;  // they scroll
  }
  event.preventDefault();
  action();
});

$("rows").addEventListener("click", (event) => {
  const shown = event.target.closest("tr");
  const place = [...$("rows").children].indexOf(shown);
  if (place >= 0) inOrder(() => choose(rows[place]));
});
$("scroll").addEventListener("scroll", () => {
  const box = $("scroll");
  if (box.scrollTop + 2 * box.clientHeight > box.scrollHeight) loadMore().catch(complain);
}, { passive: true });
for (const button of document.querySelectorAll("[data-decision]")) {
  const decision = button.dataset.decision;
  button.addEventListener("click", () => inOrder(() => (decision === "fix" ? openFix() : decide(decision))));
}
$("fix").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("replacement").value;
  inOrder(() => decide("fix", text));
});
$("cancel").addEventListener("click", closeFix);
$("undo").addEventListener("click", () => inOrder(undo));
$("help").addEventListener("click", () => $("keys").showModal());
$("explain").addEventListener("click", () => { explain().catch(complain); });
$("problem").querySelector("button").addEventListener("click", () => { $("problem").hidden = true; });
$("tools").addEventListener("submit", (event) => event.preventDefault());
onTyping($("search"), soon(() => {
  if (filters.search === $("search").value) return;
  filters.search = $("search").value;
  return load();
}, complain));
const trySoon = soon(trySentence, complain);
onTyping($("sentence"), () => {
  follows = !$("sentence").value;
  trySoon();
});
for (const name of ["status", "length", "new"]) {
  $(name).addEventListener("change", () => {
    filters[name] = $(name).value;
    load(current?.id ?? null).catch(complain);
  });
}
function sortBy(name, descending) {
  Object.assign(filters, { sort: name, descending });
  $("sort").value = name;
  load().catch(complain);
}
$("sort").addEventListener("change", () => sortBy($("sort").value, FALLING.has($("sort").value)));
for (const head of document.querySelectorAll("[data-sort]")) {
  const name = head.dataset.sort;
  head.firstElementChild.addEventListener("click", () =>
    sortBy(name, filters.sort === name ? !filters.descending : NUMERIC.has(name) && FALLING.has(name)));
}

async function start() {
  const id = recall();
  for (const name of ["search", "status", "sort", "length", "new"]) $(name).value = filters[name];
  info = await ask("api/state");
  $("contexts-part").hidden = !info.contexts;
  $("explain-part").hidden = !info.explain;
  $("new-label").hidden = !info.new;
  document.body.classList.toggle("plain", !info.figures);
  showProgress(info);
  await load(id);
  $("grid").focus({ preventScroll: true });
}
startColours($("theme"));
inOrder(start);
