// The flamegraph: call paths as nested boxes; a table of functions says the same in words.
//
// All state is in the fragment: the weight, what is zoomed and chosen, the search, the difference, the direction.

const FLAME_TABLE = 40;

class FlameView {
  constructor(root, ctx) {
    this.ctx = ctx;
    this.page = ctx.page;
    this.tree = new CallTree(ctx.page.frames);
    const p = ctx.params;
    this.weight = Object.hasOwn(FLAME_WEIGHTS, p.weight ?? "") ? p.weight : "cost";
    this.diff = p.diff === "1";
    this.up = p.up === "1";
    this.query = p.search ?? "";
    this.focus = indexParam(p.focus, this.tree.count, this.tree.root);
    this.at = indexParam(p.at, this.tree.count, this.focus);
    this.found = null;
    this.picture = new FlamePicture(this);
    this.build(root);
    this.weigh();
  }

  save() {
    const params = {};
    if (this.weight !== "cost") params.weight = this.weight;
    if (this.diff) params.diff = "1";
    if (this.up) params.up = "1";
    if (this.query !== "") params.search = this.query;
    if (this.focus !== this.tree.root) params.focus = String(this.focus);
    if (this.at !== this.focus) params.at = String(this.at);
    this.ctx.setParams(params);
  }

  build(root) {
    const { el } = this.ctx;
    root.append(el("h1", null, "Flamegraph"), this.buildControls(), this.buildTrail());
    this.tip = el("div", { class: "graph-tip", "aria-hidden": "true", hidden: "" });
    this.legend = el("div", { class: "graph-legend" });
    this.said = el("p", { class: "graph-said", "aria-live": "polite" });
    this.panel = el("section", { class: "flame-panel", "aria-label": "Selected frame" });
    this.table = el("section", { class: "flame-table", "aria-label": "Functions by own value" });
    root.append(this.picture.box, this.picture.empty, this.legend, this.said);
    // Without call paths, the notice says all there is to say.
    const nothing = this.tree.count === 0;
    this.legend.hidden = nothing;
    root.append(el("div", { class: "flame-below", hidden: nothing }, this.panel, this.table), this.tip);
    this.listen();
  }

  buildControls() {
    const { el } = this.ctx;
    this.select = el("select", { id: "flame-weight" });
    for (const [id, weight] of Object.entries(FLAME_WEIGHTS)) {
      this.select.append(el("option", { value: id }, weight.title));
    }
    this.select.value = this.weight;
    this.select.addEventListener("change", () => {
      this.weight = this.select.value;
      this.weigh();
    });
    const check = (id, label, value, changed) => {
      const input = el("input", { type: "checkbox", id });
      input.checked = value;
      input.addEventListener("change", () => changed(input.checked));
      return el("label", { class: "graph-check", for: id }, input, label);
    };
    this.input = el("input", { type: "search", id: "flame-search", placeholder: "name or part of it" });
    this.input.value = this.query;
    this.input.addEventListener("input", () => {
      this.query = this.input.value;
      this.search();
      this.save();
      this.picture.draw();
    });
    this.matched = el("output", { class: "flame-matched", for: "flame-search" });
    return el(
      "div",
      { class: "graph-controls" },
      el("span", { class: "graph-check" }, el("label", { for: "flame-weight" }, "Width"), this.select),
      check("flame-diff", "Before/after difference", this.diff, (on) => {
        this.diff = on;
        this.weigh();
      }),
      check("flame-up", "Callers at the bottom", this.up, (on) => {
        this.up = on;
        this.save();
        this.picture.layout();
      }),
      el("span", { class: "graph-check" }, el("label", { for: "flame-search" }, "Search"), this.input),
      this.matched,
    );
  }

  buildTrail() {
    const { el } = this.ctx;
    this.trail = el("ol", { class: "flame-trail" });
    return el("nav", { "aria-label": "Zoomed frame" }, this.trail);
  }

  // The pair that the difference compares: instructions with instructions, any cost with cost.
  pair() {
    return FLAME_PAIRS[this.weight] ?? FLAME_PAIRS.cost;
  }

  weigh() {
    const [before, after] = this.pair();
    this.tree.weigh(this.diff ? before : FLAME_WEIGHTS[this.weight].own);
    this.before = this.tree.totals(before);
    this.after = this.tree.totals(after);
    this.unit = FLAME_WEIGHTS[this.weight].unit(this.page);
    if (!(this.tree.width[this.focus] > 0)) this.focus = this.tree.root;
    this.search();
    this.zoomed();
  }

  search() {
    const text = this.query.trim();
    this.found = text === "" ? null : this.tree.search(text, this.focus);
    this.matched.textContent =
      this.found === null
        ? ""
        : `${this.ctx.number(this.found.frames)} frames, ` +
          `${percent(this.found.width, this.tree.width[this.focus])} matched`;
  }

  zoom(i) {
    if (!(this.tree.width[i] > 0)) return;
    this.focus = i;
    this.at = i;
    this.search();
    this.zoomed();
  }

  zoomed() {
    this.save();
    this.picture.layout();
    this.picture.reveal();
    this.showTrail();
    this.showPanel();
    this.showTable();
    this.showLegend();
  }

  choose(i) {
    this.at = i;
    this.save();
    this.picture.draw();
    this.showPanel();
    put(this.said, this.sentence(i));
  }

  sentence(i) {
    const { tree } = this;
    const share = percent(tree.width[i], tree.width[tree.root]);
    return `${cut(tree.name(i), 200)}: ${this.ctx.number(tree.total[i])} ${this.unit}, ${share}`;
  }

  listen() {
    const { canvas } = this.picture;
    canvas.addEventListener("pointermove", (event) => this.hover(event));
    canvas.addEventListener("pointerleave", () => {
      this.tip.hidden = true;
    });
    canvas.addEventListener("click", (event) => {
      const frame = this.picture.hit(event);
      if (frame === null || frame.i < 0) return;
      this.tip.hidden = true;
      this.zoom(frame.i);
    });
    canvas.addEventListener("keydown", (event) => this.key(event));
  }

  hover(event) {
    const { el, number } = this.ctx;
    const frame = this.picture.hit(event);
    this.tip.hidden = frame === null;
    this.picture.canvas.style.cursor = frame !== null && frame.i >= 0 ? "pointer" : "default";
    if (frame === null) return;
    if (frame.i < 0) {
      const share = percent(frame.sum, this.tree.width[this.tree.root]);
      put(this.tip, `${number(frame.rest)} frames too narrow to draw, ${share} in all`);
    } else {
      put(this.tip, el("strong", {}, cut(this.tree.name(frame.i), 300)), this.values(frame.i));
    }
    const { width, height } = this.tip.getBoundingClientRect();
    const x = Math.min(event.clientX + 14, innerWidth - width - 8);
    const below = event.clientY + 18;
    const y = below + height > innerHeight ? event.clientY - height - 10 : below;
    this.tip.style.left = `${Math.max(x, 4)}px`;
    this.tip.style.top = `${Math.max(y, 4)}px`;
  }

  // The numbers of a frame, as a list of terms.
  values(i) {
    const { ctx, tree } = this;
    const { el, number } = ctx;
    const list = el("dl", { class: "graph-values" });
    const add = (term, text) => list.append(el("dt", {}, term), el("dd", {}, text));
    add("Total", `${number(tree.total[i])} ${this.unit}`);
    add("Own", i === tree.root ? "0" : `${number(tree.own[i])} ${this.unit}`);
    add("Share of all", percent(tree.width[i], tree.width[tree.root]));
    if (this.focus !== tree.root) add("Share of zoomed", percent(tree.width[i], tree.width[this.focus]));
    const change = this.before[i] > 0 ? this.after[i] / this.before[i] - 1 : 0;
    const sign = change > 0 ? "+" : change < 0 ? "−" : "";
    const shown = `${sign}${Math.abs(100 * change).toFixed(1)} %`;
    add("With precompiles", `${number(this.before[i])} → ${number(this.after[i])} (${shown})`);
    return list;
  }

  key(event) {
    const { tree } = this;
    const deeper = this.up ? "ArrowUp" : "ArrowDown";
    const outer = this.up ? "ArrowDown" : "ArrowUp";
    const step = {
      [deeper]: () => this.firstChild(this.at),
      [outer]: () => (this.at === tree.root ? null : tree.parent[this.at]),
      ArrowLeft: () => this.picture.neighbour(-1),
      ArrowRight: () => this.picture.neighbour(1),
    }[event.key];
    if (step !== undefined) {
      const to = step();
      if (to !== null) this.choose(to);
      this.picture.reveal();
    } else if (event.key === "Enter") this.zoom(this.at);
    else if (event.key === "Escape" && this.focus !== tree.root) this.zoom(tree.parent[this.focus]);
    else if (event.key === "Home") this.zoom(tree.root);
    else return;
    event.preventDefault();
  }

  // Callers of the zoomed frame have only it in their row, so the way down follows the zoom.
  firstChild(i) {
    const path = [this.tree.root, ...this.tree.path(this.focus)];
    const above = path.indexOf(i);
    if (above >= 0 && above < path.length - 1) return path[above + 1];
    const first = this.tree.children(i)[0];
    return first !== undefined && this.tree.width[first] > 0 ? first : null;
  }

  showTrail() {
    const { el } = this.ctx;
    const path = [this.tree.root, ...this.tree.path(this.focus)];
    const items = path.length > 6 ? [path[0], -1, ...path.slice(-4)] : path;
    this.trail.replaceChildren();
    for (const i of items) {
      if (i < 0) {
        this.trail.append(el("li", {}, "…"));
        continue;
      }
      const name = cut(this.tree.shortName(i), 40);
      if (i === this.focus) {
        this.trail.append(el("li", { "aria-current": "true" }, name));
        continue;
      }
      const button = el("button", { type: "button" }, name);
      button.addEventListener("click", () => this.zoom(i));
      this.trail.append(el("li", {}, button));
    }
  }

  showPanel() {
    const { ctx, tree } = this;
    const { el } = ctx;
    const i = this.at;
    const inlined = i !== tree.root && tree.frames.names[tree.frames.name[i]].inlined;
    put(
      this.panel,
      el("h2", {}, cut(tree.name(i), 1000)),
      inlined ? el("p", {}, "Inlined into its caller.") : "",
      this.values(i),
    );
    const f = i === tree.root ? -1 : tree.functionOf(i);
    if (f >= 0) {
      const { name, place } = this.page.functions[f];
      if (place !== null && place !== undefined) this.panel.append(el("p", {}, cut(place, 300)));
      const label = inlined ? `Control flow of ${cut(shortFunctionName(name), 60)}` : "Control flow";
      this.panel.append(el("p", {}, el("a", { href: ctx.link("cfg", { function: f }) }, label)));
    }
    if (i !== this.focus && tree.width[i] > 0) {
      const button = el("button", { type: "button" }, "Zoom to it");
      button.addEventListener("click", () => this.zoom(i));
      this.panel.append(el("p", {}, button));
    }
  }

  showTable() {
    const { ctx, tree } = this;
    const { el, number } = ctx;
    const found = tree.functions(this.focus);
    const body = el("tbody");
    const whole = tree.total[this.focus];
    for (const row of found.slice(0, FLAME_TABLE)) {
      const name = tree.frames.names[row.name].name;
      const button = el("button", { type: "button", class: "graph-name" }, cut(name, 200) || "(no name)");
      button.addEventListener("click", () => {
        this.zoom(row.frame);
        this.picture.canvas.focus();
      });
      const cells = [number(row.own), percent(row.own, whole), number(row.total), percent(row.total, whole)];
      body.append(el("tr", {}, el("td", {}, button), ...cells.map((c) => el("td", { class: "number" }, c))));
    }
    const heads = ["Function", "Own", "Share", "Total", "Share"].map((title, k) =>
      el("th", { scope: "col", class: k === 0 ? "" : "number" }, title),
    );
    const more = found.length > FLAME_TABLE ? `, the first ${FLAME_TABLE} of ${number(found.length)}` : "";
    put(
      this.table,
      el("h2", {}, `Functions by own value (${this.unit}${more})`),
      el(
        "div",
        { class: "graph-scroll", tabindex: "0", role: "region", "aria-label": "Functions of the zoomed frame" },
        el("table", {}, el("thead", {}, el("tr", {}, ...heads)), body),
      ),
    );
  }

  showLegend() {
    const { el } = this.ctx;
    if (!this.diff) {
      put(
        this.legend,
        "Colour: the module of the function. Grey: calls of the environment, and frames too narrow to draw.",
      );
      return;
    }
    const unit = this.weight === "instructions" ? "instructions" : "cost";
    put(
        this.legend,
      el("span", {}, `Width: ${unit} before. Bar: what is left with precompiles. Colour: `),
      el("span", { class: "flame-key flame-less" }, "less"),
      el("span", { class: "flame-key flame-same" }, "as before"),
      el("span", { class: "flame-key flame-more" }, "more"),
    );
  }
}

Views.add({
  id: "flame",
  title: "Flamegraph",
  render(root, ctx) {
    const view = new FlameView(root, ctx);
    return () => view.picture.end();
  },
});
