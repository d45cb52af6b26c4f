// The control flow of a function: its blocks as a graph, coloured by what they cost.
//
// The drawing is for eyes and pointers; the panel beside it and the list of blocks say the same as text. All
// state is in the fragment.

const CFG_BLOCKS = 400;
const CFG_TEXT_BLOCKS = 60;
const CFG_LIST = 200;

const CFG_COLOURS = {
  cost: { title: "Cost", of: (b, i) => b.count[i] * b.cost[i] },
  saved: { title: "Saved cost", of: (b, i) => Math.max(0, b.saved[i]) },
  count: { title: "Executions", of: (b, i) => b.count[i] },
};

// Sums over functions, and the blocks of each: one pass, kept for the next time the view is shown.
const CfgData = {
  of: null,
  get(page) {
    if (this.of !== page) {
      this.of = page;
      const { blocks, functions } = page;
      this.cost = new Float64Array(functions.length);
      this.blocks = functions.map(() => []);
      for (let i = 0; i < blocks.entry.length; i += 1) {
        const f = blocks.function[i];
        if (f < 0) continue;
        this.cost[f] += blocks.count[i] * blocks.cost[i];
        this.blocks[f].push(i);
      }
      this.all = this.cost.reduce((sum, cost) => sum + cost, 0);
      this.order = functions.map((_, f) => f).filter((f) => this.blocks[f].length > 0);
      this.order.sort((a, b) => this.cost[b] - this.cost[a] || a - b);
    }
    return this;
  },
};

class CfgView {
  constructor(root, ctx) {
    this.ctx = ctx;
    this.page = ctx.page;
    this.data = CfgData.get(ctx.page);
    const p = ctx.params;
    const { blocks, functions } = this.page;
    this.query = p.search ?? "";
    this.block = indexParam(p.block, blocks.entry.length, -1);
    const holder = this.block >= 0 ? blocks.function[this.block] : -1;
    this.func = indexParam(p.function, functions.length, holder >= 0 ? holder : (this.data.order[0] ?? -1));
    if (this.block >= 0 && holder !== this.func) this.block = -1;
    this.by = Object.hasOwn(CFG_COLOURS, p.colour ?? "") ? p.colour : "cost";
    this.text = p.text === "1" ? true : p.text === "0" ? false : null;
    this.view = /^-?\d+,-?\d+,\d+(\.\d+)?$/.test(p.view ?? "") ? p.view.split(",").map(Number) : null;
    this.build(root);
  }

  save() {
    const params = { function: this.func };
    if (this.block >= 0) params.block = this.block;
    if (this.by !== "cost") params.colour = this.by;
    if (this.text !== null) params.text = this.text ? "1" : "0";
    if (this.query !== "") params.search = this.query;
    if (this.view !== null) params.view = this.view.join(",");
    this.ctx.setParams(params);
  }

  build(root) {
    const { el } = this.ctx;
    root.append(el("h1", null, "Control flow"));
    if (this.func < 0) {
      root.append(el("p", { class: "notice" }, "This report names no function that holds code."));
      return;
    }
    this.area = el("div", { class: "cfg-area" });
    this.panel = el("section", { class: "cfg-panel", "aria-label": "Block" });
    root.append(
      el(
        "div",
        { class: "cfg" },
        this.buildList(),
        el("section", { class: "cfg-main", "aria-label": "Graph" }, this.buildHead(), this.area),
        this.panel,
      ),
    );
    this.unwatch = watchTheme(() => this.draw());
    this.draw();
    // Instructions come later: they are packed apart.
    this.ctx.code().then((code) => {
      this.code = code;
      if (this.area.isConnected) this.draw();
    });
  }

  end() {
    this.unwatch?.();
    this.graph?.end();
  }

  buildList() {
    const { el } = this.ctx;
    const input = el("input", { type: "search", id: "cfg-search", placeholder: "function or 0x address" });
    input.value = this.query;
    this.list = el("ul", { class: "cfg-functions" });
    this.rest = el("p", { class: "cfg-rest" });
    input.addEventListener("input", () => {
      this.query = input.value;
      this.save();
      this.showList();
    });
    this.showList();
    const label = el("label", { for: "cfg-search" }, "Function");
    return el("nav", { class: "cfg-choose", "aria-label": "Functions" }, label, input, this.list, this.rest);
  }

  matches(f, wanted) {
    const { name, entry } = this.page.functions[f];
    return name.toLowerCase().includes(wanted) || this.ctx.address(entry).includes(wanted);
  }

  showList() {
    const { ctx, data } = this;
    const { el } = ctx;
    const wanted = this.query.trim().toLowerCase();
    const found = wanted === "" ? data.order : data.order.filter((f) => this.matches(f, wanted));
    const items = found.slice(0, CFG_LIST).map((f) => {
      const { name } = this.page.functions[f];
      const href = ctx.link("cfg", { function: f, search: this.query });
      const current = f === this.func ? "true" : null;
      const share = el("span", { class: "cfg-share" }, percent(data.cost[f], data.all));
      return el(
        "li",
        null,
        el("a", { href, "aria-current": current, title: cut(name, 1000) }, el("span", null, cut(shortFunctionName(name), 160)), share),
      );
    });
    put(this.list, items);
    const more = found.length - items.length;
    put(
      this.rest,
      found.length === 0 ? "No function has this in its name." : more > 0 ? `${count(more, "more function")}: search.` : "",
    );
  }

  buildHead() {
    const { ctx, data } = this;
    const { el } = ctx;
    const { name, entry, place } = this.page.functions[this.func];
    const select = el("select", { id: "cfg-colour" });
    for (const [id, by] of Object.entries(CFG_COLOURS)) select.append(el("option", { value: id }, by.title));
    select.value = this.by;
    select.addEventListener("change", () => {
      this.by = select.value;
      this.save();
      this.draw();
    });
    const blocks = data.blocks[this.func];
    const input = el("input", { type: "checkbox", id: "cfg-text" });
    input.checked = this.text ?? Math.min(blocks.length, CFG_BLOCKS) <= CFG_TEXT_BLOCKS;
    this.withText = () => input.checked;
    input.addEventListener("change", () => {
      this.text = input.checked;
      this.view = null;
      this.save();
      this.draw();
    });
    const button = (label, what, act) => el("button", { type: "button", "aria-label": what, onclick: act }, label);
    const facts = [ctx.address(entry), place === null ? null : cut(place ?? "", 200), count(blocks.length, "block")];
    facts.push(`${ctx.short(data.cost[this.func])} ${ctx.unit} (${percent(data.cost[this.func], data.all)})`);
    return el(
      "div",
      null,
      el("h2", { class: "cfg-name" }, cut(name, 1000)),
      el("p", { class: "cfg-facts" }, facts.filter((f) => f).join(" · ")),
      el(
        "div",
        { class: "graph-controls" },
        el("span", { class: "graph-check" }, el("label", { for: "cfg-colour" }, "Colour"), select),
        el("label", { class: "graph-check", for: "cfg-text" }, input, "Instructions"),
        button("−", "Zoom out", () => this.graph.zoom(1 / 1.3)),
        button("+", "Zoom in", () => this.graph.zoom(1.3)),
        button("Fit", "Fit the whole graph", () => this.graph.fit()),
      ),
    );
  }

  // The blocks that are drawn, by address; the costliest if there are too many.
  drawn() {
    const all = this.data.blocks[this.func];
    if (all.length <= CFG_BLOCKS) return all;
    const { blocks } = this.page;
    const { of } = CFG_COLOURS.cost;
    const kept = [...all].sort((a, b) => of(blocks, b) - of(blocks, a) || a - b).slice(0, CFG_BLOCKS);
    if (this.block >= 0 && !kept.includes(this.block)) kept[kept.length - 1] = this.block;
    return kept.sort((a, b) => a - b);
  }

  draw() {
    const { ctx } = this;
    const { el } = ctx;
    const list = this.drawn();
    const all = this.data.blocks[this.func].length;
    const { of } = CFG_COLOURS[this.by];
    const hottest = list.reduce((best, i) => (of(this.page.blocks, i) > of(this.page.blocks, best) ? i : best), list[0]);
    if (this.block < 0) this.shown = hottest;
    else this.shown = this.block;
    const hadFocus = this.graph?.svg.contains(document.activeElement) ?? false;
    this.graph?.end();
    this.graph = new CfgGraph(this, list, hottest);
    const some =
      list.length < all
        ? el("p", { class: "notice" }, `The ${number(list.length)} costliest of ${count(all, "block")} are drawn; edges to others are not.`)
        : null;
    put(this.area, some, this.graph.svg, this.graph.legend());
    this.graph.place();
    if (hadFocus) this.graph.focus(this.shown);
    this.showPanel();
  }

  choose(block) {
    this.block = block;
    this.shown = block;
    this.save();
    this.graph.mark();
    this.showPanel();
  }

  moved(view) {
    this.view = view;
    this.save();
  }

  showPanel() {
    const { ctx, page } = this;
    const { el } = ctx;
    const { blocks } = page;
    const i = this.shown;
    const list = el("dl", { class: "graph-values" });
    const add = (term, value) => list.append(el("dt", null, term), el("dd", null, value));
    const cost = blocks.count[i] * blocks.cost[i];
    add("Instructions", number(blocks.instructions[i]));
    add("Executions", number(blocks.count[i]));
    add("Cost of one", `${number(blocks.cost[i])} ${ctx.unit}`);
    add("Cost in all", `${number(cost)} ${ctx.unit}`);
    add("Of the function", percent(cost, this.data.cost[this.func]));
    add("Of the run", percent(cost, this.data.all));
    const p = blocks.precompile[i];
    if (p >= 0) {
      add("Precompile", el("a", { href: ctx.link("precompiles", this.precompileParams(p)) }, `number ${this.precompileId(p)}`));
      add("Saved", `${number(blocks.saved[i])} ${ctx.unit}`);
    } else {
      if (blocks.reason[i] >= 0) add("No precompile", cut(blocks.reasons[blocks.reason[i]], 300));
      if (blocks.saved[i] !== 0) add("Would save", `${number(blocks.saved[i])} ${ctx.unit}`);
    }
    const text = this.code?.get(i);
    put(
      this.panel,
      el("h2", null, `Block ${ctx.address(blocks.entry[i])}`),
      list,
      this.edgeList("Enters from", this.edges(i, "to"), "from"),
      this.edgeList("Goes to", this.edges(i, "from"), "to"),
      el("h3", null, "Code"),
      text === undefined
        ? el("p", null, blocks.count[i] > 0 ? "Its instructions are not in this report." : "Not executed in this run.")
        : el("pre", { class: "cfg-code", tabindex: "0", role: "region", "aria-label": "Instructions" }, text),
    );
  }

  precompileParams(p) {
    return { id: this.precompileId(p) };
  }

  precompileId(p) {
    return this.page.report.precompiles[p]?.id ?? p;
  }

  edges(block, end) {
    const { edges } = this.page;
    const found = [];
    for (let k = 0; k < edges[end].length; k += 1) if (edges[end][k] === block) found.push(k);
    return found.sort((a, b) => edges.count[b] - edges.count[a] || a - b);
  }

  edgeList(title, found, end) {
    const { ctx, page } = this;
    const { el } = ctx;
    if (found.length === 0) return null;
    const items = found.slice(0, 12).map((k) => {
      const other = page.edges[end][k];
      const f = page.blocks.function[other];
      const name = f === this.func || f < 0 ? "" : ` ${cut(page.functions[f].name, 100)}`;
      const params = f === this.func ? { function: f, block: other, search: this.query } : { function: f, block: other };
      const label = `${ctx.address(page.blocks.entry[other])}${name}`;
      const target = f < 0 ? label : el("a", { href: ctx.link("cfg", params) }, label);
      const taken = page.edges.count[k];
      return el("li", null, target, ` ${page.edges.kinds[page.edges.kind[k]]}${taken >= 0 ? `, ${number(taken)}×` : ""}`);
    });
    if (found.length > items.length) items.push(el("li", null, `and ${number(found.length - items.length)} more`));
    return [el("h3", null, title), el("ul", { class: "cfg-edges" }, items)];
  }
}

Views.add({
  id: "cfg",
  title: "Control flow",
  keys: [
    ["arrows", "to the next block, along edges or in the row"],
    ["Enter", "choose the block"],
    ["+ − 0", "zoom in, out, show the whole graph"],
  ],
  render(root, ctx) {
    const view = new CfgView(root, ctx);
    return () => view.end();
  },
});
