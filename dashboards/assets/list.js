// Long lists: tables and lists of which only the rows in sight are in the document, tabs, long texts.
//
// Focus stays on the table or list itself and `aria-activedescendant` names the row, so that a row that
// scrolls out of sight takes no focus with it.

let lastId = 0;

function freshId(prefix) {
  lastId += 1;
  return `${prefix}-${lastId}`;
}

// Draws `[first, last)` of `count()` rows of equal height as the scroller moves.
function windowed(scroller, rowHeight, count, draw) {
  let drawn = "";
  const update = (force) => {
    const height = scroller.clientHeight || 600;
    const first = Math.max(0, Math.floor(scroller.scrollTop / rowHeight) - 10);
    const last = Math.min(count(), Math.ceil((scroller.scrollTop + height) / rowHeight) + 10);
    const range = `${first} ${last}`;
    if (!force && range === drawn) return;
    drawn = range;
    draw(first, last);
  };
  let waiting = false;
  scroller.addEventListener(
    "scroll",
    () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        update(false);
      });
    },
    { passive: true },
  );
  const observer = new ResizeObserver(() => update(false));
  observer.observe(scroller);
  return { update, close: () => observer.disconnect() };
}

// Moves the scroller as little as shows the row, below `top` pixels of header.
function reveal(scroller, index, rowHeight, top) {
  const start = index * rowHeight;
  const seen = scroller.clientHeight - top;
  if (start < scroller.scrollTop) scroller.scrollTop = start;
  else if (start + rowHeight > scroller.scrollTop + seen) scroller.scrollTop = start + rowHeight - seen;
}

// The position that a key moves to in a list, or null.
function moved(key, position, count, page) {
  if (count === 0) return null;
  const target = {
    ArrowDown: position + 1,
    ArrowUp: position - 1,
    PageDown: position + page,
    PageUp: position - page,
    Home: 0,
    End: count - 1,
  }[key];
  if (target === undefined) return null;
  if (position < 0) return key === "End" ? count - 1 : 0;
  return Math.min(count - 1, Math.max(0, target));
}

const ROW = 28;

// A table of any length. `columns`: `{ id, title, width, number, help, sort, cell(item) }` with `width` in
// rem and `cell` giving a text or a node. `items` are whatever `cell` takes. `onSort(id)` is called by
// headers whose column has `sort`; the caller sorts. `onActive(item)` when a row becomes the current one,
// `onOpen(item)` on Enter or double click.
function grid({ label, columns, onSort, onActive, onOpen }) {
  const prefix = freshId("grid");
  const body = el("tbody");
  const heads = columns.map((column) =>
    el(
      "th",
      { scope: "col", class: column.number ? "num" : null, title: column.help },
      column.sort ? el("button", { type: "button", class: "sort", onclick: () => onSort(column.id) }, column.title) : column.title,
    ),
  );
  const width = columns.reduce((sum, column) => sum + column.width, 0);
  const table = el(
    "table",
    { class: "grid", role: "grid", tabindex: "0", "aria-label": label, style: { "min-width": `${width}rem`, "--row": `${ROW}px` } },
    el("colgroup", null, columns.map((column) => el("col", { style: { width: column.grow ? "auto" : `${column.width}rem` } }))),
    el("thead", null, el("tr", { "aria-rowindex": "1" }, heads)),
    body,
  );
  const scroller = el("div", { class: "grid-scroll" }, table);
  let items = [];
  let active = -1;

  const row = (position) => {
    const item = items[position];
    return el(
      "tr",
      {
        id: `${prefix}-${position}`,
        class: position === active ? "active" : null,
        "aria-selected": position === active ? "true" : "false",
        "aria-rowindex": position + 2,
        onclick: () => activate(position),
        ondblclick: () => onOpen?.(item),
      },
      columns.map((column) => {
        const cell = column.cell(item);
        const text = cell instanceof Node ? null : String(cell);
        return el("td", { class: column.number ? "num" : null, title: text && !column.number ? cut(text, 1000) : null }, text === null ? cell : cut(text, 400));
      }),
    );
  };
  const pad = (height) =>
    height > 0 && el("tr", { "aria-hidden": "true", class: "pad" }, el("td", { colspan: columns.length, style: { height: `${height}px` } }));
  const sight = windowed(scroller, ROW, () => items.length, (first, last) => {
    const rows = [];
    for (let position = first; position < last; position += 1) rows.push(row(position));
    put(body, pad(first * ROW), rows, pad((items.length - last) * ROW));
    if (active >= first && active < last) table.setAttribute("aria-activedescendant", `${prefix}-${active}`);
    else table.removeAttribute("aria-activedescendant");
  });
  const headHeight = () => table.tHead.offsetHeight;
  const activate = (position) => {
    active = position;
    if (position >= 0) reveal(scroller, position, ROW, headHeight());
    sight.update(true);
    if (position >= 0) onActive?.(items[position]);
  };
  const activateQuietly = () => {
    reveal(scroller, active, ROW, headHeight());
    sight.update(true);
  };
  table.addEventListener("keydown", (event) => {
    if (event.target !== table) return;
    if (event.key === "Enter" && active >= 0) onOpen?.(items[active]);
    else {
      const page = Math.max(1, Math.floor((scroller.clientHeight - headHeight()) / ROW) - 1);
      const target = moved(event.key, active, items.length, page);
      if (target === null) return;
      activate(target);
    }
    event.preventDefault();
  });
  return {
    root: scroller,
    table,
    // Shows these items, with the one that is current, if it is among them.
    set(next, current) {
      items = next;
      table.setAttribute("aria-rowcount", items.length + 1);
      active = current === undefined ? -1 : items.indexOf(current);
      scroller.scrollTop = 0;
      sight.update(true);
      // Only now is it as tall as its items.
      if (active >= 0) activateQuietly();
    },
    // Shows which column the items are sorted by.
    sorted(id, down) {
      columns.forEach((column, i) => {
        if (column.id === id) heads[i].setAttribute("aria-sort", down ? "descending" : "ascending");
        else heads[i].removeAttribute("aria-sort");
      });
    },
    close: sight.close,
  };
}

const LINE = 22;

// A list of lines of one height. `line(i)` gives what it shows, `classes(i)` its classes. `onHover(i)` is
// called with −1 when the pointer leaves, `onActive(i)` when a line is chosen by pointer or key.
function lines({ label, count, line, classes, onHover, onActive }) {
  const prefix = freshId("lines");
  const inner = el("div", { role: "presentation", class: "lines-inner", style: { height: `${count * LINE}px` } });
  const root = el("div", { class: "lines", role: "listbox", tabindex: "0", "aria-label": label }, inner);
  let active = -1;
  const option = (i) =>
    el(
      "div",
      {
        id: `${prefix}-${i}`,
        role: "option",
        class: `line ${classes(i) ?? ""}${i === active ? " active" : ""}`,
        "aria-selected": i === active ? "true" : "false",
        "aria-posinset": i + 1,
        "aria-setsize": count,
        style: { top: `${i * LINE}px` },
        onclick: () => activate(i),
        onmouseenter: () => onHover?.(i),
      },
      line(i),
    );
  const sight = windowed(root, LINE, () => count, (first, last) => {
    const options = [];
    for (let i = first; i < last; i += 1) options.push(option(i));
    put(inner, options);
    if (active >= first && active < last) root.setAttribute("aria-activedescendant", `${prefix}-${active}`);
    else root.removeAttribute("aria-activedescendant");
  });
  const activate = (i) => {
    active = i;
    if (i >= 0) reveal(root, i, LINE, 0);
    sight.update(true);
    onActive?.(i);
  };
  root.addEventListener("mouseleave", () => onHover?.(-1));
  root.addEventListener("keydown", (event) => {
    const target = moved(event.key, active, count, Math.max(1, Math.floor(root.clientHeight / LINE) - 1));
    if (target === null) return;
    activate(target);
    event.preventDefault();
  });
  return {
    root,
    count,
    // Draws classes anew, without a rebuild: the pointer may rest on a line.
    refresh() {
      for (const node of inner.children) {
        const i = Number(node.id.slice(prefix.length + 1));
        node.className = `line ${classes(i) ?? ""}${i === active ? " active" : ""}`;
      }
    },
    draw: () => sight.update(true),
    reveal: (i) => reveal(root, i, LINE, 0),
    // Makes a line the current one without telling anyone.
    select(i) {
      active = i;
      if (i >= 0) reveal(root, i, LINE, 0);
      sight.update(true);
    },
    close: sight.close,
  };
}

// Tabs. `tabs`: `{ id, title, panel }`; `onSelect(id)`. Arrow keys move.
function tabList({ label, tabs, selected, onSelect }) {
  const prefix = freshId("tabs");
  const buttons = tabs.map((tab, i) =>
    el(
      "button",
      {
        type: "button",
        role: "tab",
        id: `${prefix}-tab-${i}`,
        "aria-controls": `${prefix}-panel-${i}`,
        onclick: () => select(i, true),
        onkeydown: (event) => {
          const step = { ArrowRight: 1, ArrowLeft: tabs.length - 1 }[event.key];
          const target = step ? (i + step) % tabs.length : { Home: 0, End: tabs.length - 1 }[event.key];
          if (target === undefined) return;
          select(target, true);
          buttons[target].focus();
          event.preventDefault();
        },
      },
      tab.title,
    ),
  );
  const panels = tabs.map((tab, i) =>
    el("div", { role: "tabpanel", id: `${prefix}-panel-${i}`, "aria-labelledby": `${prefix}-tab-${i}`, class: "panel" }, tab.panel),
  );
  const select = (chosen, tell) => {
    buttons.forEach((button, i) => {
      button.setAttribute("aria-selected", i === chosen ? "true" : "false");
      button.tabIndex = i === chosen ? 0 : -1;
      panels[i].hidden = i !== chosen;
    });
    if (tell) onSelect?.(tabs[chosen].id);
  };
  select(Math.max(0, tabs.findIndex((tab) => tab.id === selected)), false);
  return {
    root: el("div", { class: "tabs" }, el("div", { role: "tablist", "aria-label": label }, buttons), panels),
    // The panel of each tab, by its id.
    panels: new Map(tabs.map((tab, i) => [tab.id, panels[i]])),
  };
}

// A text that may be kilobytes long: as it is if short, else its beginning, with the whole on request.
function long(text, limit) {
  const length = limit ?? 160;
  if (text.length <= length) return el("span", { class: "anywhere" }, text);
  return el(
    "details",
    { class: "long" },
    el("summary", null, el("span", { class: "anywhere" }, cut(text, length)), el("span", { class: "muted" }, ` (all ${number(text.length)} characters)`)),
    el("div", { class: "whole", tabindex: "0", role: "region", "aria-label": "The whole text" }, text),
  );
}

// A small table in a frame that scrolls sideways if it must.
function framed(label, table) {
  return el("div", { class: "frame", tabindex: "0", role: "region", "aria-label": label }, table);
}

// Two bars, one above the other: before and after, as shares of `most`.
function bars(before, after, most) {
  const bar = (kind, value) => el("span", { class: `bar ${kind}`, style: { width: `${most > 0 ? Math.max(0, Math.min(100, (100 * value) / most)) : 0}%` } });
  return el("span", { class: "bars", "aria-hidden": "true" }, bar("before", before), bar("after", after));
}

// A term and its value, kept together, for a list of them.
function fact(term, value, title) {
  return el("div", null, el("dt", null, term), el("dd", { title }, value));
}

// How many times less the second is, in large type; or how many times more.
function ratio(before, after) {
  const more = after > before;
  return el("div", { class: "ratio" }, more ? times(after, before) : times(before, after), el("span", { class: "muted" }, more ? " more" : " less"));
}
