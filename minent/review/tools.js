/* What the page of the review is made with: elements, requests, typing, colours. */

const WAIT = 50;  // milliseconds of no typing before a search or a trial
const MARKS = /[。．！？；!?;]/u;  // at the ends of sentences
const NEAR = 40;  // characters of a sentence on each side of the word

export const $ = (id) => document.getElementById(id);
export const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
export const decimal = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** A new element; texts become text nodes, so that nothing in them is markup. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

export async function ask(path, { query, body, signal } = {}) {
  const address = query ? `${path}?${new URLSearchParams(query)}` : path;
  const options = { signal, cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer" };
  if (body) {
    options.method = "POST";
    options.headers = { "Content-Type": "application/json", "X-Minent-Review": "1" };
    options.body = JSON.stringify(body);
  }
  let answer;
  try {
    answer = await fetch(address, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("the server does not answer: is minent review still running?");
  }
  const type = answer.headers.get("Content-Type") ?? "";
  const found = type.startsWith("application/json") ? await answer.json() : { error: (await answer.text()).trim() };
  if (!answer.ok) throw new Error(found.error || answer.statusText);
  return found;
}

export function drawing({ width, height, shapes }, label) {
  const space = "http://www.w3.org/2000/svg";
  const element = (tag, attributes, ...children) => {
    const made = document.createElementNS(space, tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  };
  const svg = element("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
  for (const { tag, text, ...attributes } of shapes) {
    const inside = tag === "circle" ? [element("title", {}, text)] : tag === "text" ? [text] : [];
    svg.append(element(tag, attributes, ...inside));
  }
  return make("div", { class: "canvas", tabindex: "0", role: "region", "aria-label": "Tree" }, svg);
}

/** The sentence of a context, or what of it is near: what stands between marks around the word. */
export function sentence({ left, text, right }) {
  const before = left.split(MARKS).at(-1).slice(-NEAR).replace(/^[\s”’」』）"']+/u, "");
  const end = MARKS.exec(right);
  return before + text + right.slice(0, Math.min(end ? end.index + 1 : right.length, NEAR)).trimEnd();
}

/** Does something when nobody has asked for it again for a while. */
export function soon(work, complain) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(() => Promise.resolve(work()).catch(complain), WAIT);
  };
}

/** Tells of typing, but not while an input method is at work: the text is not yet what is meant. */
export function onTyping(field, work) {
  field.addEventListener("input", (event) => { if (!event.isComposing) work(); });
  field.addEventListener("compositionend", work);
}

/** Colours as the system has them, or as the field of choices says; the choice is remembered. */
export function startColours(theme) {
  function paint(name) {
    if (name) document.documentElement.dataset.theme = name;
    else delete document.documentElement.dataset.theme;
    theme.value = name;
  }
  theme.addEventListener("change", () => {
    paint(theme.value);
    try { localStorage.setItem("minent-theme", theme.value); } catch { /* it will be asked for again */ }
  });
  try { paint(localStorage.getItem("minent-theme") ?? ""); } catch { /* … */ }
}
