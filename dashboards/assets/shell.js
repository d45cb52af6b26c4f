// The frame around views: which are there, which is shown, keys, theme.
//
// What is shown is a function of the page's data and of the fragment, `#/view?key=value`. Once a view
// stands, `data-ready` on the root element names it.

const Views = {
  list: [],
  // Adds `{ id, title, render(root, ctx), keys }`. `render` returns a function that cleans up, or nothing,
  // or a promise of either. `keys` lists pairs of key and meaning, for the help.
  add(view) {
    this.list.push(view);
  },
  get(id) {
    return this.list.find((view) => view.id === id);
  },
};

const Shell = {
  page: null,
  details: new Map(),
  blocks: null,
  cleanup: null,
  // Counts navigations, so that a slow view does not draw over its successor.
  turn: 0,
  // What of the fragment waits to be written, and what was written last.
  fragment: { next: "", written: "", timer: 0, since: 0, writes: 0 },
};

// The fragment that shows a view.
function link(view, params) {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(params ?? {})) {
    if (value !== null && value !== undefined && value !== "" && value !== false) query.set(key, value === true ? "1" : value);
  }
  const text = query.toString();
  return `#/${view}${text ? `?${text}` : ""}`;
}

// What the address asks for.
function route() {
  const [, id, query] = /^#\/([a-z]*)\??(.*)$/s.exec(location.hash) ?? [null, "", ""];
  const view = Views.get(id) ?? Views.list[0];
  return { view, params: Object.fromEntries(new URLSearchParams(query)) };
}

function go(view, params) {
  location.hash = link(view, params);
}

// Details of the precompile with the index; null if the page holds none.
function detail(index) {
  const { id } = Shell.page.report.precompiles[index];
  if (!Shell.details.has(id)) Shell.details.set(id, blob(`detail-${id}`));
  return Shell.details.get(id);
}

// Instructions of executed blocks, by index of the block.
function code() {
  Shell.blocks ??= blob("code-data").then((data) => new Map((data?.block ?? []).map((block, i) => [block, data.text[i]])));
  return Shell.blocks;
}

// Replaces the fragment: at once, unless it changes very often, as under a slider; then a little later.
// Chromium ignores more than 200 changes in 30 seconds: these are 63 in 10 at most.
function replaceFragment(fragment) {
  const state = Shell.fragment;
  state.next = fragment;
  if (state.timer !== 0) return;
  const now = performance.now();
  if (now - state.since > 10000) {
    state.since = now;
    state.writes = 0;
  }
  state.writes += 1;
  if (state.writes <= 30) {
    writeFragment();
    return;
  }
  state.timer = setTimeout(() => {
    state.timer = 0;
    // Who went elsewhere meanwhile stays there.
    if (location.hash === state.written) writeFragment();
  }, 300);
}

function writeFragment() {
  const state = Shell.fragment;
  try {
    history.replaceState(null, "", state.next);
  } catch {
    // Some browsers forbid it on local files: the view stays right, its link old.
  }
  state.written = location.hash;
}

function context(view, params) {
  return {
    page: Shell.page,
    params,
    unit: Shell.page.report.target.unit,
    go,
    link,
    setParams: (next) => replaceFragment(link(view.id, next)),
    detail,
    code,
    number,
    short,
    address,
    el,
    svg,
    css,
  };
}

async function show(focus) {
  const { view, params } = route();
  Shell.turn += 1;
  const turn = Shell.turn;
  const main = document.getElementById("main");
  delete document.documentElement.dataset.ready;
  Shell.cleanup?.();
  Shell.cleanup = null;
  for (const item of document.querySelectorAll("#views a")) {
    if (item.dataset.view === view.id) item.setAttribute("aria-current", "page");
    else item.removeAttribute("aria-current");
  }
  document.title = cut(`${view.title} – ${visible(Shell.page.report.guest.name)} – autoprec`, 200);
  const root = el("div", { class: `view view-${view.id}` });
  put(main, root);
  if (focus) {
    main.focus({ preventScroll: true });
    scrollTo(0, 0);
  }
  try {
    const cleanup = await view.render(root, context(view, params));
    if (turn !== Shell.turn) {
      cleanup?.();
      return;
    }
    Shell.cleanup = cleanup ?? null;
  } catch (error) {
    console.error(error);
    root.append(el("p", { class: "notice bad", role: "alert" }, `This view cannot be drawn: ${error.message}`));
  }
  document.documentElement.dataset.ready = view.id;
}

// The theme: as stored, else as the system says. Storage may be forbidden on local files.
function storedTheme() {
  try {
    const theme = localStorage.getItem("autoprec-theme");
    return theme === "light" || theme === "dark" ? theme : null;
  } catch {
    return null;
  }
}

function systemTheme() {
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  const button = document.getElementById("theme");
  if (button) put(button, theme === "dark" ? "Light" : "Dark").setAttribute("aria-label", `Use the ${theme === "dark" ? "light" : "dark"} theme`);
  // Canvases do not follow style rules: they listen for this.
  document.dispatchEvent(new CustomEvent("themechange"));
}

function toggleTheme() {
  const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  try {
    localStorage.setItem("autoprec-theme", theme);
  } catch {
    // Not remembered, then.
  }
  setTheme(theme);
}

function keyHelp() {
  const { view } = route();
  const general = [
    ["1 … 9", "open a view"],
    ["/", "search, where a view has a search"],
    ["t", "light or dark"],
    ["?", "this help"],
    ["Esc", "close this help"],
  ];
  const rows = (list) => list.map(([key, what]) => el("tr", null, el("th", { scope: "row" }, el("kbd", null, key)), el("td", null, what)));
  const dialog = el(
    "dialog",
    { class: "help", "aria-labelledby": "help-title", onclose: () => dialog.remove() },
    el("h2", { id: "help-title" }, "Keys"),
    el("table", null, el("tbody", null, rows(general))),
    view.keys && [el("h3", null, view.title), el("table", null, el("tbody", null, rows(view.keys)))],
    el("form", { method: "dialog" }, el("button", null, "Close")),
  );
  document.body.append(dialog);
  dialog.showModal();
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.target.closest("input, textarea, select, dialog")) return;
  const digit = "123456789".indexOf(event.key);
  if (event.key === "?") keyHelp();
  else if (event.key === "t") toggleTheme();
  else if (event.key === "/") {
    const search = document.querySelector("#main input[type=search]");
    if (!search) return;
    search.focus();
  } else if (digit >= 0 && Views.list[digit]) go(Views.list[digit].id);
  else return;
  event.preventDefault();
}

function header(page) {
  const { guest, target } = page.report;
  return [
    el(
      "div",
      { class: "brand" },
      el("strong", null, "autoprec"),
      el("span", { class: "guest", title: cut(guest.name, 500) }, guest.name),
      el("span", { class: "badge" }, guest.isa),
      el("span", { class: "badge" }, target.name),
    ),
    el(
      "nav",
      { id: "views", "aria-label": "Views" },
      el("ul", null, Views.list.map((view) => el("li", null, el("a", { href: link(view.id), "data-view": view.id }, view.title)))),
    ),
    el(
      "div",
      { class: "tools" },
      el("button", { id: "theme", type: "button", onclick: toggleTheme }),
      el("button", { type: "button", "aria-label": "Keys", title: "Keys (?)", onclick: keyHelp }, "?"),
    ),
  ];
}
