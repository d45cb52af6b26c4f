// The drawing of a function's graph: boxes, edges, pan and zoom, keys.

const CFG_LETTER = 6.65;
const CFG_LINE = 14;
const CFG_SHOWN_LINES = 12;
const CFG_SHOWN_LETTERS = 46;
const CFG_DASHES = { "return point": "6 4", "indirect jump": "2 4" };
// Ways out of a function, also where it calls itself: the panel lists them, the graph leaves them out.
const CFG_LEAVING = ["call", "indirect call", "return"];

class CfgGraph {
  constructor(view, list, hottest) {
    this.view = view;
    this.ctx = view.ctx;
    this.page = view.page;
    this.list = list;
    this.index = new Map(list.map((block, k) => [block, k]));
    this.colours = graphColours(view.area);
    const { of } = CFG_COLOURS[view.by];
    this.most = of(this.page.blocks, hottest);
    this.collect();
    this.boxes = list.map((block) => this.measure(block));
    this.layout = layoutGraph(this.boxes, this.edges, this.entry());
    this.transform = null;
    this.build();
  }

  end() {
    this.observer?.disconnect();
    clearTimeout(this.saving);
  }

  entry() {
    const { entry } = this.page.functions[this.view.func];
    return Math.max(0, this.list.findIndex((block) => this.page.blocks.entry[block] === entry));
  }

  // Edges inside the function.
  collect() {
    const { edges } = this.page;
    const leaving = edges.kinds.map((kind) => CFG_LEAVING.includes(kind));
    this.edges = [];
    this.numbers = [];
    for (let k = 0; k < edges.from.length; k += 1) {
      const from = this.index.get(edges.from[k]);
      if (from === undefined || leaving[edges.kind[k]]) continue;
      const to = this.index.get(edges.to[k]);
      if (to === undefined) continue;
      this.edges.push({ from, to });
      this.numbers.push(k);
    }
  }

  // The lines of a box and its size.
  measure(block) {
    const { blocks } = this.page;
    const { ctx } = this;
    const times = blocks.count[block];
    const share = percent(times * blocks.cost[block], this.view.data.cost[this.view.func]);
    const head = [ctx.address(blocks.entry[block]) + (times > 0 ? `  ${ctx.short(times)}×  ${share}` : "  not executed")];
    const p = blocks.precompile[block];
    const mark = p >= 0 ? `precompile ${this.view.precompileId(p)}` : null;
    if (!this.view.withText()) head[0] += `  ${blocks.instructions[block]} insn`;
    const body = [];
    const text = this.view.withText() ? this.view.code?.get(block) : undefined;
    if (text !== undefined) {
      const lines = text.split("\n");
      for (const line of lines.slice(0, CFG_SHOWN_LINES)) body.push(cut(line, CFG_SHOWN_LETTERS));
      if (lines.length > CFG_SHOWN_LINES) body.push(`… ${lines.length - CFG_SHOWN_LINES} more`);
    }
    const letters = Math.max(...[...head, ...body, mark ?? ""].map((line) => line.length));
    const rows = head.length + body.length + (mark === null ? 0 : 1);
    return { block, head, body, mark, w: Math.ceil(letters * CFG_LETTER) + 18, h: rows * CFG_LINE + 10 };
  }

  build() {
    const { svg: make } = this.ctx;
    this.inner = make("g", null);
    const name = cut(this.page.functions[this.view.func].name, 200);
    this.svg = make("svg", { class: "cfg-graph", role: "group", "aria-label": `Blocks of ${name}` }, this.inner);
    this.layout.ways.forEach((way, k) => this.inner.append(this.drawEdge(way, this.numbers[k])));
    this.buttons = [];
    this.nodes = this.boxes.map((box, k) => this.drawBox(box, k));
    this.inner.append(...this.nodes);
    this.mark();
    this.listen();
  }

  drawEdge(way, number) {
    const { ctx, page } = this;
    const { svg: make } = ctx;
    const kind = page.edges.kinds[page.edges.kind[number]];
    const taken = page.edges.count[number];
    const d = way.path.map(([command, ...values]) => command + values.map((v) => v.toFixed(1)).join(" ")).join("");
    const width = taken > 0 ? Math.min(1.2 + Math.log10(taken) * 0.35, 4) : 1.2;
    const label = `${kind}${way.back ? ", back" : ""}${taken >= 0 ? `, ${ctx.number(taken)} times` : ""}`;
    const group = make(
      "g",
      { class: `cfg-edge cfg-${kind.replace(/[^a-z]+/g, "-")}${way.back ? " cfg-back" : ""}${taken === 0 ? " cfg-never" : ""}` },
      make("title", null, label),
      make("path", { d, "stroke-width": width.toFixed(2), "stroke-dasharray": CFG_DASHES[kind] ?? null }),
      make("path", { class: "cfg-hit", d }),
    );
    if (way.end !== null) {
      const [x, y] = way.end;
      group.append(make("path", { class: "cfg-arrow", d: `M${x} ${y}l-4.5 -8h9z` }));
    }
    if (taken >= 0) group.append(make("text", { x: way.start[0] + 4, y: way.start[1] + 12 }, ctx.short(taken)));
    return group;
  }

  shade(block) {
    const { of } = CFG_COLOURS[this.view.by];
    const value = of(this.page.blocks, block);
    if (!(value > 0) || !(this.most > 0)) return null;
    return between(this.colours.cost, Math.sqrt(value / this.most));
  }

  drawBox(box, k) {
    const { svg: make } = this.ctx;
    const { blocks } = this.page;
    const shade = this.shade(box.block);
    const ink = shade === null ? null : rgb(textOn(shade));
    const fill = shade === null ? null : rgb(shade);
    const never = blocks.count[box.block] === 0;
    // The button is the frame alone: its label says in words what the text beside it says in short.
    const button = make(
      "g",
      { role: "button", tabindex: "-1", "aria-label": this.sentence(box.block) },
      make("rect", { width: box.w, height: box.h, rx: 4, style: fill === null ? {} : { fill } }),
    );
    const group = make(
      "g",
      {
        class: `cfg-block${never ? " cfg-unused" : ""}${box.mark === null ? "" : " cfg-precompile"}`,
        transform: `translate(${this.layout.x[k].toFixed(1)} ${this.layout.y[k].toFixed(1)})`,
      },
      button,
    );
    let y = 16;
    const line = (text, kind) => {
      group.append(make("text", { class: kind, x: 9, y, "aria-hidden": "true", style: ink === null ? {} : { fill: ink } }, text));
      y += CFG_LINE;
    };
    for (const text of box.head) line(text, "cfg-head");
    if (box.mark !== null) line(box.mark, "cfg-mark");
    for (const text of box.body) line(text, null);
    group.addEventListener("click", () => {
      this.focus(box.block);
      this.view.choose(box.block);
    });
    group.addEventListener("dblclick", () => {
      const p = blocks.precompile[box.block];
      if (p >= 0) this.ctx.go("precompiles", this.view.precompileParams(p));
    });
    button.addEventListener("focus", () => this.reveal(k));
    this.buttons.push(button);
    return group;
  }

  sentence(block) {
    const { blocks } = this.page;
    const { ctx } = this;
    const cost = blocks.count[block] * blocks.cost[block];
    const p = blocks.precompile[block];
    return (
      `Block ${ctx.address(blocks.entry[block])}, ${count(blocks.instructions[block], "instruction")}, ` +
      `executed ${count(blocks.count[block], "time")}, ${percent(cost, this.view.data.cost[this.view.func])} of the cost` +
      (p >= 0 ? `, precompile ${this.view.precompileId(p)}` : "")
    );
  }

  // One box can be reached by Tab: the one that is shown.
  mark() {
    this.nodes.forEach((node, k) => {
      const chosen = this.list[k] === this.view.shown;
      node.classList.toggle("cfg-chosen", chosen);
      this.buttons[k].setAttribute("tabindex", chosen ? "0" : "-1");
      this.buttons[k].setAttribute("aria-pressed", chosen ? "true" : "false");
    });
  }

  focus(block) {
    const button = this.buttons[this.index.get(block)];
    for (const other of this.buttons) other.setAttribute("tabindex", other === button ? "0" : "-1");
    button?.focus({ preventScroll: true });
  }

  listen() {
    const { svg } = this;
    svg.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    svg.addEventListener("keydown", (event) => this.key(event));
    let from = null;
    svg.addEventListener("pointerdown", (event) => {
      if (event.button === 0) from = [event.clientX, event.clientY, false];
    });
    svg.addEventListener("pointermove", (event) => {
      if (from === null || (event.buttons & 1) === 0) return;
      const [dx, dy] = [event.clientX - from[0], event.clientY - from[1]];
      if (!from[2] && Math.hypot(dx, dy) < 4) return;
      if (!from[2]) svg.setPointerCapture(event.pointerId);
      from = [event.clientX, event.clientY, true];
      this.pan(dx, dy);
    });
    svg.addEventListener("pointerup", () => (from = null));
    svg.addEventListener("pointercancel", () => (from = null));
  }

  // With Ctrl, or by a pinch, it zooms; else the page scrolls as always.
  wheel(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const bounds = this.svg.getBoundingClientRect();
    this.zoom(Math.exp(-event.deltaY / 300), event.clientX - bounds.left, event.clientY - bounds.top);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = this.buttons.indexOf(document.activeElement);
    const step = { ArrowDown: "to", ArrowUp: "from" }[event.key];
    if (event.key === "+" || event.key === "=") this.zoom(1.3);
    else if (event.key === "-") this.zoom(1 / 1.3);
    else if (event.key === "0") this.fit();
    else if (at < 0) return;
    else if (step !== undefined) this.follow(at, step);
    else if (event.key === "ArrowLeft") this.beside(at, -1);
    else if (event.key === "ArrowRight") this.beside(at, 1);
    else if (event.key === "Enter" || event.key === " ") this.view.choose(this.list[at]);
    else return;
    event.preventDefault();
  }

  // Along the edge that was taken most.
  follow(at, end) {
    const start = end === "to" ? "from" : "to";
    const counts = this.page.edges.count;
    let best = -1;
    this.edges.forEach((e, k) => {
      if (e[start] !== at || e[end] === at) return;
      if (best < 0 || counts[this.numbers[k]] > counts[this.numbers[best]]) best = k;
    });
    if (best >= 0) this.focus(this.list[this.edges[best][end]]);
  }

  beside(at, direction) {
    const { x, y } = this.layout;
    let best = -1;
    for (let k = 0; k < this.list.length; k += 1) {
      const ahead = direction * (x[k] - x[at]);
      if (y[k] !== y[at] || ahead <= 0) continue;
      if (best < 0 || ahead < direction * (x[best] - x[at])) best = k;
    }
    if (best >= 0) this.focus(this.list[best]);
  }

  size() {
    return [this.svg.clientWidth || 600, this.svg.clientHeight || 400];
  }

  // The first view: as the fragment says; the whole graph if it can be read then; else the shown block.
  place() {
    const height = Math.min(Math.max(this.layout.height + 20, 240), Math.max(360, innerHeight * 0.72));
    this.svg.style.height = `${Math.round(height)}px`;
    if (this.view.view !== null) {
      const [x, y, k] = this.view.view;
      this.apply({ x, y, k: Math.min(Math.max(k, 0.01), 4) }, false);
      return;
    }
    this.fit(false);
    if (this.transform.k >= 0.6) return;
    const at = this.index.get(this.view.shown);
    const [w, h] = this.size();
    const k = 0.8;
    const middle = (this.layout.x[at] + this.boxes[at].w / 2) * k;
    // Not past the ends of the graph.
    const held = (start, size, room) => (size * k < room ? (room - size * k) / 2 : Math.max(Math.min(start, 8), room - 8 - size * k));
    this.apply(
      { x: held(w / 2 - middle, this.layout.width, w), y: held(h / 3 - this.layout.y[at] * k, this.layout.height, h), k },
      false,
    );
  }

  fit(save = true) {
    const [w, h] = this.size();
    const k = Math.max(0.01, Math.min(1, (w - 16) / this.layout.width, (h - 8) / this.layout.height));
    this.apply({ x: (w - this.layout.width * k) / 2, y: Math.max(4, (h - this.layout.height * k) / 2), k }, save);
  }

  zoom(factor, x, y) {
    const [w, h] = this.size();
    const [cx, cy] = [x ?? w / 2, y ?? h / 2];
    const t = this.transform;
    const k = Math.min(Math.max(t.k * factor, 0.01), 4);
    this.apply({ x: cx - ((cx - t.x) * k) / t.k, y: cy - ((cy - t.y) * k) / t.k, k }, true);
  }

  pan(dx, dy) {
    const t = this.transform;
    this.apply({ x: t.x + dx, y: t.y + dy, k: t.k }, true);
  }

  apply(transform, save) {
    // As the fragment keeps it, so that a link shows the same to the pixel.
    const [x, y, k] = [Math.round(transform.x), Math.round(transform.y), Number(transform.k.toFixed(3))];
    this.transform = { x, y, k };
    this.inner.setAttribute("transform", `translate(${x} ${y}) scale(${k})`);
    if (!save) return;
    clearTimeout(this.saving);
    this.saving = setTimeout(() => this.view.moved([x, y, k]), 200);
  }

  // Brings a box into sight.
  reveal(n) {
    const [w, h] = this.size();
    const t = this.transform;
    const [left, top] = [this.layout.x[n] * t.k + t.x, this.layout.y[n] * t.k + t.y];
    const [right, bottom] = [left + this.boxes[n].w * t.k, top + this.boxes[n].h * t.k];
    const dx = left < 8 ? 8 - left : right > w - 8 ? Math.max(w - 8 - right, 8 - left) : 0;
    const dy = top < 8 ? 8 - top : bottom > h - 8 ? Math.max(h - 8 - bottom, 8 - top) : 0;
    if (dx !== 0 || dy !== 0) this.pan(dx, dy);
  }

  legend() {
    const { ctx, page } = this;
    const { el, svg: make } = ctx;
    const stops = this.colours.cost.map((c, k) => `${rgb(c)} ${Math.round((100 * k) / (this.colours.cost.length - 1))}%`);
    const by = CFG_COLOURS[this.view.by];
    const unit = this.view.by === "count" ? "" : ` ${ctx.unit}`;
    const kinds = [...new Set(this.numbers.map((k) => page.edges.kinds[page.edges.kind[k]]))];
    const sample = (kind) =>
      el(
        "span",
        { class: "cfg-sample" },
        make(
          "svg",
          { width: 28, height: 10, "aria-hidden": "true" },
          make(
            "g",
            { class: `cfg-edge cfg-${kind.replace(/[^a-z]+/g, "-")}` },
            make("path", { d: "M0 5H28", "stroke-width": 2, "stroke-dasharray": CFG_DASHES[kind] ?? null }),
          ),
        ),
        kind,
      );
    return el(
      "div",
      { class: "graph-legend" },
      el("span", null, `${by.title} of a block: 0`),
      el("span", { class: "cfg-scale", style: { background: `linear-gradient(to right, ${stops.join(", ")})` } }),
      el("span", null, `${ctx.short(this.most)}${unit} (by square root)`),
      kinds.map(sample),
      this.layout.ways.some((way) => way.back) ? sample("back") : null,
      el("span", null, "Dashed box: not executed. Thick frame: precompile; double click opens it."),
    );
  }
}
