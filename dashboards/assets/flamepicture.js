// The picture of the flamegraph: which boxes are in sight, and how they look on the canvas.
//
// Only frames of half a pixel or more are laid out, and only rows in sight are drawn, so the effort follows
// the screen and not the guest.

const FLAME_ROW = 20;
const FLAME_FONT = '12px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace';

class FlamePicture {
  // `state` is the view: its call tree, what is zoomed and chosen, what is searched, which way is up.
  constructor(state) {
    const { el } = state.ctx;
    this.state = state;
    this.tree = state.tree;
    this.rows = [];
    this.height = 0;
    this.canvas = el("canvas", {
      class: "flame-canvas",
      tabindex: "0",
      role: "application",
      "aria-label":
        "Flamegraph. Arrow keys move between frames, Enter zooms in, Escape zooms out, Home shows everything.",
    });
    this.spacer = el("div", { class: "flame-spacer" }, this.canvas);
    this.box = el("div", { class: "flame-box" }, this.spacer);
    this.box.addEventListener("scroll", () => this.paint());
    this.empty = el("p", { class: "notice", hidden: true });
    // Later, not at once: the layout changes the height of what is observed.
    this.observer = new ResizeObserver(() => {
      if (this.box.clientWidth !== this.laidOut) requestAnimationFrame(() => this.layout());
    });
    this.observer.observe(this.box);
    this.unwatch = watchTheme(() => this.draw());
  }

  end() {
    this.observer.disconnect();
    this.unwatch();
    cancelAnimationFrame(this.pending);
  }

  // Places frames from the zoomed one downwards; its callers fill rows of their own above it.
  layout() {
    const nothing = !(this.tree.width[this.tree.root] > 0);
    this.box.hidden = nothing;
    this.empty.hidden = !nothing;
    put(
      this.empty,
      this.tree.count === 0
        ? "This report was made without a profiled run, so there are no call paths."
        : "Every frame is 0 here: nothing was saved in this run.",
    );
    if (nothing) return;
    const limit = Math.max(240, Math.round(innerHeight * 0.66));
    // A second round if the first made a scroll bar come or go.
    for (let round = 0; round < 2; round += 1) {
      const width = this.box.clientWidth;
      this.rows = this.place(width);
      this.height = this.rows.length * FLAME_ROW;
      this.spacer.style.height = `${this.height}px`;
      this.box.style.height = `${Math.min(this.height, limit)}px`;
      this.laidOut = width;
      if (this.box.clientWidth === width) break;
    }
    if (this.state.up) this.box.scrollTop = this.height;
    this.draw();
  }

  place(width) {
    const { tree } = this;
    const rows = [[{ i: tree.root, x: 0, w: width, rest: 0 }]];
    const path = tree.path(this.state.focus);
    for (const i of path) rows.push([{ i, x: 0, w: width, rest: 0 }]);
    const scale = width / Math.max(tree.width[this.state.focus], 1e-9);
    const stack = [[this.state.focus, 0, path.length + 1]];
    while (stack.length > 0) {
      const [i, left, depth] = stack.pop();
      const children = tree.children(i);
      let x = left;
      for (let k = 0; k < children.length; k += 1) {
        const c = children[k];
        const w = tree.width[c] * scale;
        if (w < 0.5) {
          this.placeRest(rows, depth, x, children.subarray(k), scale);
          break;
        }
        rows[depth] ??= [];
        rows[depth].push({ i: c, x, w, rest: 0 });
        stack.push([c, x, depth + 1]);
        x += w;
      }
    }
    for (const row of rows) row.sort((a, b) => a.x - b.x);
    return rows;
  }

  // Frames too narrow to draw, as one grey box if that is wide enough.
  placeRest(rows, depth, x, frames, scale) {
    let sum = 0;
    for (const i of frames) sum += this.tree.width[i];
    if (sum * scale < 1) return;
    rows[depth] ??= [];
    rows[depth].push({ i: -1, x, w: sum * scale, rest: frames.length, sum });
  }

  draw() {
    cancelAnimationFrame(this.pending);
    this.pending = requestAnimationFrame(() => this.paint());
  }

  paint() {
    const ratio = devicePixelRatio || 1;
    const width = this.box.clientWidth;
    const height = Math.min(this.box.clientHeight, this.height);
    const { canvas } = this;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
    }
    const g = canvas.getContext("2d");
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    g.clearRect(0, 0, width, height);
    g.font = FLAME_FONT;
    g.textBaseline = "middle";
    this.colours = graphColours(canvas);
    this.letter ??= g.measureText("0").width;
    const top = this.box.scrollTop;
    const zoomed = this.tree.depth(this.state.focus);
    for (let depth = 0; depth < this.rows.length; depth += 1) {
      const y = this.rowTop(depth) - top;
      if (y > height || y + FLAME_ROW < 0) continue;
      const above = depth < zoomed;
      for (const frame of this.rows[depth] ?? []) this.paintFrame(g, frame, y, above);
    }
  }

  rowTop(depth) {
    return this.state.up ? this.height - (depth + 1) * FLAME_ROW : depth * FLAME_ROW;
  }

  paintFrame(g, frame, y, above) {
    const { i, x, w } = frame;
    const h = FLAME_ROW - 1;
    // A gap of a pixel between neighbours, as far as there is room for it.
    const wide = w > 3 ? w - 1 : Math.max(w - 0.25, 0.5);
    const colour = i < 0 ? this.colours.plain : this.colour(i);
    g.globalAlpha = above ? 0.62 : 1;
    g.fillStyle = rgb(colour);
    g.fillRect(x, y, wide, h);
    if (this.state.diff && i >= 0 && wide > 3) this.paintKept(g, frame, y, wide, h);
    g.globalAlpha = 1;
    if (i === this.state.at && i >= 0) {
      g.strokeStyle = rgb(this.colours.strong);
      g.lineWidth = 2;
      g.strokeRect(x + 1, y + 1, Math.max(wide - 2, 1), h - 2);
    }
    if (w > 24) this.paintName(g, frame, y, wide, above ? this.colours.text : textOn(colour));
  }

  // What is left of the frame after the build, as a bar along its lower edge; none if it is as before.
  paintKept(g, frame, y, wide, h) {
    const { before, after } = this.state;
    if (!(before[frame.i] > 0) || before[frame.i] === after[frame.i] || this.state.found !== null) return;
    const kept = Math.min(Math.max(after[frame.i] / before[frame.i], 0), 1);
    g.fillStyle = rgb(this.colours.strong);
    g.fillRect(frame.x, y + h - 3, wide * kept, 3);
  }

  paintName(g, frame, y, wide, colour) {
    const { tree } = this;
    const room = Math.floor((wide - 6) / this.letter);
    let name = frame.i < 0 ? `${frame.rest} narrow` : cut(tree.name(frame.i), 500);
    if (name.length > room && frame.i >= 0) name = tree.shortName(frame.i);
    name = visible(name);
    if (name.length > room) name = room > 3 ? `${name.slice(0, room - 1)}…` : "";
    if (name === "") return;
    g.save();
    g.beginPath();
    g.rect(frame.x, y, wide, FLAME_ROW);
    g.clip();
    g.fillStyle = rgb(colour);
    // Above the bar of the difference, if there is one.
    g.fillText(name, frame.x + 4, y + FLAME_ROW / 2 - (this.state.diff ? 1 : 0));
    g.restore();
  }

  colour(i) {
    const { colours, tree } = this;
    if (this.state.found !== null && i !== tree.root) {
      return this.state.found.names[tree.frames.name[i]] ? colours.match : colours.plain;
    }
    if (this.state.diff) {
      const change = this.state.before[i] > 0 ? this.state.after[i] / this.state.before[i] - 1 : 0;
      return change <= 0 ? between(colours.less, -change) : between(colours.more, change);
    }
    if (i === tree.root) return colours.plain;
    return this.nameColour(tree.name(i));
  }

  nameColour(name) {
    if (name.startsWith("[")) return this.colours.plain;
    const { saturation, lightness } = this.colours.frame;
    const module = name.slice(0, 400).replace(/^[<&*\s]+/, "").split(/::|[<>\s]+/, 3).slice(0, -1).join("::");
    const hue = FRAME_HUES[textHash(module) % FRAME_HUES.length];
    const shade = (textHash(name) % 5) * 2 - 4;
    return hsl(hue, saturation, lightness + shade);
  }

  hit(event) {
    const bounds = this.canvas.getBoundingClientRect();
    const x = event.clientX - bounds.left;
    const y = event.clientY - bounds.top + this.box.scrollTop;
    const depth = Math.floor((this.state.up ? this.height - y : y) / FLAME_ROW);
    return (this.rows[depth] ?? []).find((f) => x >= f.x && x < f.x + f.w) ?? null;
  }

  // The next frame of the row that is drawn, in either direction.
  neighbour(direction) {
    const row = (this.rows[this.rowOf(this.state.at)] ?? []).filter((f) => f.i >= 0);
    const k = row.findIndex((f) => f.i === this.state.at);
    return k < 0 ? null : (row[k + direction]?.i ?? null);
  }

  rowOf(i) {
    return this.tree.depth(i);
  }

  reveal() {
    const y = this.rowTop(this.rowOf(this.state.at));
    const { box } = this;
    if (y < box.scrollTop) box.scrollTop = y;
    if (y + FLAME_ROW > box.scrollTop + box.clientHeight) box.scrollTop = y + FLAME_ROW - box.clientHeight;
  }
}

function hsl(hue, saturation, lightness) {
  const s = saturation / 100;
  const l = lightness / 100;
  const a = s * Math.min(l, 1 - l);
  return [0, 8, 4].map((n) => {
    const k = (n + hue / 30) % 12;
    return 255 * (l - a * Math.max(-1, Math.min(k - 3, 9 - k, 1)));
  });
}
