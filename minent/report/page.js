"use strict";
(() => {
  const { columns, tables } = JSON.parse(document.getElementById("data").textContent);
  const PAGE_SIZES = [25, 50, 100];
  const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
  const decimal = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const CIRCLED = "①②③④⑤⑥⑦⑧⑨";

  /** A new element; texts become text nodes, so that nothing in them is markup. */
  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  const slot = (number) => make("span", { class: "slot" }, CIRCLED[number] ?? String(number + 1));
  const minus = (text) => text.replace("-", "−");

  /** How a cell of each kind is shown: row of a data set and value → text or nodes. */
  const CELLS = {
    text: (data, row, value) => value,
    integer: (data, row, value) => (value === null ? "" : minus(whole.format(value))),
    decimal: (data, row, value) => (value === null ? "" : minus(decimal.format(value))),
    flag: (data, row, value) => (value ? "new" : ""),
    direction: (data, row, value) =>
      make("span", { class: value > 0 ? "more" : "less" }, (value > 0 ? "▲ here +" : "▼ there ") + minus(decimal.format(value))),
    cutting: (data, row, mask) => {
      const word = data.word[row], parts = [];
      let start = 0;
      for (let end = 1; mask >> end; end++) {
        if (mask >> end & 1) {
          parts.push([...word].slice(start, end).join(""));
          start = end;
        }
      }
      return mask ? [...parts, [...word].slice(start).join("")].join(" · ") : "";
    },
    template: (data, row, words) => {
      let slots = 0;
      return words.flatMap((word, k) => [k ? " " : "", word === null ? slot(slots++) : word]);
    },
    fillers: (data, row, slots) => slots.map((fillers, k) =>
      make("div", {}, slot(k), fillers.map(([text, count]) => `${text} ${whole.format(count)}`).join(" · ") || "…")),
  };
  const LEFT = new Set(["text", "cutting", "template", "fillers", "direction"]);
  const NUMBERS = new Set(["integer", "decimal", "flag", "direction"]);

  /** A template as text, and its fillers, a line each. */
  function written(words, slots) {
    let text = words.map((word) => word ?? "[X]").join(" ");
    for (const fillers of slots) for (const filler of fillers) text += "\n" + filler[0];
    return text;
  }

  /** The texts of a data set that a search looks at, in lower case, made once. */
  const texts = new Map();
  function searched(name) {
    if (!texts.has(name)) {
      const data = columns[name];
      texts.set(name, (data.word ?? data.template.map((words, k) => written(words, data.fillers[k])))
        .map((text) => text.toLowerCase()));
    }
    return texts.get(name);
  }

  /** What tells whether a text is searched for: it holds the query, or is it where that has wildcards. */
  function matcher(query) {
    query = query.trim().toLowerCase();
    if (!/[*?]/.test(query)) return (text) => text.includes(query);
    const pattern = query.replace(/[.+^${}()|[\]\\]/g, "\\$&").replace(/\*/g, ".*").replace(/\?/g, ".");
    const expression = new RegExp(`^${pattern}$`, "mu");
    return (text) => expression.test(text);
  }

  /** Row numbers in the order of a column: missing values come last, equal ones stay as they are. */
  function sorted(values, numeric, descending) {
    const rows = new Uint32Array(values.length).map((_, k) => k);
    if (!numeric) {
      const keys = values.map((value) => (Array.isArray(value) ? value.map((word) => word ?? "").join(" ") : value));
      rows.sort((a, b) => (keys[a] < keys[b] ? -1 : keys[a] > keys[b] ? 1 : a - b));
      return descending ? rows.reverse() : rows;
    }
    const sign = descending ? -1 : 1;
    const keys = Float64Array.from(values, (value) => (value === null ? Infinity : sign * value));
    const ordered = keys.slice().sort();  // without a comparison of ours: five times as fast
    const taken = new Uint32Array(keys.length);
    for (let row = 0; row < keys.length; row++) {
      let low = 0, high = keys.length;  // the first place of this value
      while (low < high) {
        const middle = low + high >> 1;
        if (ordered[middle] < keys[row]) low = middle + 1;
        else high = middle;
      }
      rows[low + taken[low]++] = row;
    }
    return rows;
  }

  function start(root) {
    const { data: source, columns: shown, filters, only } = tables[root.dataset.table];
    const data = columns[source], size = data[shown[0].key].length, label = root.dataset.label;
    const orders = new Map();
    const state = { query: "", ranges: new Map(), key: null, descending: false, page: 0, pageSize: PAGE_SIZES[0] };
    let rows = [];

    const search = make("input", { type: "search", autocomplete: "off", spellcheck: "false", lang: "zh" });
    const tools = make("div", { class: "tools", role: "search", "aria-label": label },
      make("label", { class: "search" }, "Search", search));
    for (const { label: title, key, options, first } of filters) {
      const select = make("select", {}, make("option", { value: "" }, "all"),
        ...options.map(([text], k) => make("option", { value: k }, text)));
      const choose = () => {
        if (select.value === "") state.ranges.delete(key);
        else state.ranges.set(key, options[select.value].slice(1));
      };
      select.value = first ?? "";
      choose();
      select.addEventListener("change", () => { choose(); refresh(); });
      tools.append(make("label", {}, title, select));
    }
    const save = make("button", { type: "button" }, "Save rows (TSV)");
    tools.append(save);

    const heads = shown.map(({ key, title, kind, note }) => {
      const button = make("button", { type: "button", title: note }, title);
      const sorts = kind !== "cutting" && kind !== "fillers";
      const head = make("th", { scope: "col", ...(LEFT.has(kind) && { class: "left" }), ...(sorts && { "data-title": title }) },
        sorts ? button : make("span", { title: note }, title));
      button.addEventListener("click", () => {
        const first = NUMBERS.has(kind);  // of numbers the largest come first, of texts the smallest
        state.descending = state.key === key ? !state.descending : first;
        state.key = key;
        refresh();
      });
      return head;
    });
    const body = make("tbody");
    const scroll = make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": label },
      make("table", {}, make("thead", {}, make("tr", {}, ...heads)), body));
    const place = make("output", { "aria-live": "polite" });
    const previous = make("button", { type: "button" }, "← Previous");
    const next = make("button", { type: "button" }, "Next →");
    const sizes = make("select", { "aria-label": "Rows per page" },
      ...PAGE_SIZES.map((number) => make("option", { value: number }, `${number} rows`)));
    root.replaceChildren(tools, scroll, make("div", { class: "pages" }, place, make("label", {}, sizes), previous, next));

    function order() {
      const name = `${state.key} ${state.descending}`;
      if (!orders.has(name)) {
        const kind = shown.find((column) => column.key === state.key)?.kind;
        orders.set(name, state.key === null
          ? new Uint32Array(size).map((_, k) => k)
          : sorted(data[state.key], NUMBERS.has(kind), state.descending));
      }
      return orders.get(name);
    }

    function refresh() {
      const matches = state.query.trim() ? matcher(state.query) : null;
      const found = matches ? searched(source) : [];
      const ranges = [...state.ranges].map(([key, [low, high]]) => [data[key], low ?? -Infinity, high ?? Infinity]);
      if (only) ranges.push([data[only], 1, 1]);
      rows = order().filter((row) =>
        ranges.every(([values, low, high]) => values[row] !== null && values[row] >= low && values[row] <= high)
        && (!matches || matches(found[row])));
      state.page = 0;
      heads.forEach((head, k) => {
        if (shown[k].key !== state.key) head.removeAttribute("aria-sort");
        else head.setAttribute("aria-sort", state.descending ? "descending" : "ascending");
      });
      show();
    }

    function show() {
      const first = state.page * state.pageSize;
      const page = rows.subarray(first, first + state.pageSize);
      body.replaceChildren(...Array.from(page, (row) => make("tr", {}, ...shown.map(({ key, kind }) => {
        const value = data[key][row], content = CELLS[kind](data, row, value);
        const names = [kind, LEFT.has(kind) && "left", kind === "integer" && value < 0 && "minus"].filter(Boolean);
        const chinese = LEFT.has(kind) && kind !== "direction" ? { lang: "zh" } : {};
        const tag = key === shown[0].key ? { tag: "th", scope: { scope: "row" } } : { tag: "td", scope: {} };
        return make(tag.tag, { class: names.join(" "), ...tag.scope, ...chinese }, ...[content].flat());
      }))));
      const last = first + page.length;
      place.value = rows.length ? `${whole.format(first + 1)}–${whole.format(last)} of ${whole.format(rows.length)}` : "Nothing found";
      previous.disabled = state.page === 0;
      next.disabled = last >= rows.length;
    }

    function turn(step) {
      state.page += step;
      show();
    }

    function table() {
      const cell = (row, { key, kind }) => {
        const content = CELLS[kind](data, row, data[key][row]);
        if (NUMBERS.has(kind)) return data[key][row] ?? "";
        return [content].flat().map((node) => node.textContent ?? node).join("").replace(/[\t\r\n]/g, " ");
      };
      const lines = Array.from(rows, (row) => shown.map((column) => cell(row, column)).join("\t"));
      return [shown.map(({ title }) => title).join("\t"), ...lines, ""].join("\n");
    }

    search.addEventListener("input", (event) => {
      if (event.isComposing) return;  // an input method is at work: the text is not yet what is meant
      state.query = search.value;
      refresh();
    });
    search.addEventListener("compositionend", () => { state.query = search.value; refresh(); });
    previous.addEventListener("click", () => turn(-1));
    next.addEventListener("click", () => turn(1));
    sizes.addEventListener("change", () => { state.pageSize = Number(sizes.value); state.page = 0; show(); });
    save.addEventListener("click", () => {
      const url = URL.createObjectURL(new Blob([table()], { type: "text/tab-separated-values" }));
      make("a", { href: url, download: `${root.dataset.table}.tsv` }).click();
      setTimeout(() => URL.revokeObjectURL(url), 1000);
    });
    refresh();
    (window.requestIdleCallback ?? setTimeout)(() => searched(source));  // so that the first search finds it done
  }

  const theme = document.getElementById("theme");
  function paint(name) {
    if (name) document.documentElement.dataset.theme = name;
    else delete document.documentElement.dataset.theme;
    theme.value = name;
  }
  theme.addEventListener("change", () => {
    paint(theme.value);
    try { localStorage.setItem("minent-theme", theme.value); } catch { /* a page from disk may have no storage */ }
  });
  try { paint(localStorage.getItem("minent-theme") ?? ""); } catch { /* … */ }
  document.querySelectorAll("[data-table]").forEach(start);
})();
