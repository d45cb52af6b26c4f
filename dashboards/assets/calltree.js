// The call tree of the flamegraph as arrays: totals from own values, children by size, search. Draws nothing.
//
// Frame `count` is a root of its own, "all", above the roots of the data, so that every frame has a parent.
// Every pass is a loop over arrays, without recursion: a guest's call path may be deep.

const FLAME_WEIGHTS = {
  instructions: { title: "Instructions", own: (f, i) => f.instructions[i], unit: () => "instructions" },
  cost: { title: "Cost", own: (f, i) => f.cost[i], unit: (page) => page.report.target.unit },
  after: {
    title: "Cost with precompiles",
    own: (f, i) => f.cost_patched[i],
    unit: (page) => page.report.target.unit,
  },
  saved: {
    title: "Saved cost",
    own: (f, i) => f.cost[i] - f.cost_patched[i],
    unit: (page) => page.report.target.unit,
  },
};

// What each weight is compared with in the before/after difference.
const FLAME_PAIRS = {
  instructions: [(f, i) => f.instructions[i], (f, i) => f.instructions_patched[i]],
  cost: [(f, i) => f.cost[i], (f, i) => f.cost_patched[i]],
};

class CallTree {
  constructor(frames) {
    this.frames = frames;
    this.count = frames.parent.length;
    this.root = this.count;
    const parent = new Int32Array(this.count + 1);
    const start = new Int32Array(this.count + 3);
    for (let i = 0; i < this.count; i += 1) {
      parent[i] = frames.parent[i] < 0 ? this.root : frames.parent[i];
      start[parent[i] + 2] += 1;
    }
    parent[this.root] = -1;
    for (let i = 1; i < start.length; i += 1) start[i] += start[i - 1];
    // After this loop `start[p]` is where the children of `p` begin and `start[p + 1]` where they end.
    const children = new Int32Array(this.count);
    for (let i = 0; i < this.count; i += 1) {
      children[start[parent[i] + 1]] = i;
      start[parent[i] + 1] += 1;
    }
    this.parent = parent;
    this.start = start;
    this.list = children;
    this.sorted = new Uint8Array(this.count + 1);
    this.short = new Map();
  }

  name(i) {
    if (i === this.root) return "all";
    return this.frames.names[this.frames.name[i]].name;
  }

  // The last parts of the path, without type arguments: what fits in a narrow frame.
  shortName(i) {
    if (i === this.root) return "all";
    const key = this.frames.name[i];
    let text = this.short.get(key);
    if (text === undefined) {
      text = shortFunctionName(this.frames.names[key].name);
      this.short.set(key, text);
    }
    return text;
  }

  // Chooses the widths. `own` is what a frame shows as its own value; widths come from what is positive of it.
  weigh(own) {
    const n = this.count;
    this.own = new Float64Array(n + 1);
    this.total = new Float64Array(n + 1);
    this.width = new Float64Array(n + 1);
    for (let i = 0; i < n; i += 1) {
      this.own[i] = own(this.frames, i);
      this.total[i] = this.own[i];
      this.width[i] = Math.max(0, this.own[i]);
    }
    this.sum(this.total);
    this.sum(this.width);
    this.sorted.fill(0);
  }

  // Adds each frame to its caller; callers stand before callees.
  sum(values) {
    for (let i = this.count - 1; i >= 0; i -= 1) values[this.parent[i]] += values[i];
  }

  totals(own) {
    const values = new Float64Array(this.count + 1);
    for (let i = 0; i < this.count; i += 1) values[i] = own(this.frames, i);
    this.sum(values);
    return values;
  }

  // The children, widest first; ties in the order of the data.
  children(i) {
    const part = this.list.subarray(this.start[i], this.start[i + 1]);
    if (!this.sorted[i]) {
      part.sort((a, b) => this.width[b] - this.width[a] || a - b);
      this.sorted[i] = 1;
    }
    return part;
  }

  // From below "all" to `i` itself.
  path(i) {
    const found = [];
    for (let at = i; at !== this.root; at = this.parent[at]) found.push(at);
    return found.reverse();
  }

  depth(i) {
    let depth = 0;
    for (let at = i; at !== this.root; at = this.parent[at]) depth += 1;
    return depth;
  }

  // Calls `enter` and `leave` on `top` and everything below it, callers first.
  walk(top, enter, leave) {
    const stack = [top];
    while (stack.length > 0) {
      const i = stack.pop();
      if (i < 0) {
        leave(-i - 1);
        continue;
      }
      enter(i);
      stack.push(-i - 1);
      for (let k = this.start[i + 1] - 1; k >= this.start[i]; k -= 1) stack.push(this.list[k]);
    }
  }

  // Functions below `top`: own value, total with recursion counted once, and their widest frame.
  functions(top) {
    const names = this.frames.names.length;
    const own = new Float64Array(names);
    const total = new Float64Array(names);
    const frame = new Int32Array(names).fill(-1);
    const open = new Int32Array(names);
    this.walk(
      top,
      (i) => {
        if (i === this.root) return;
        const name = this.frames.name[i];
        own[name] += this.own[i];
        if (open[name] === 0) total[name] += this.total[i];
        open[name] += 1;
        if (frame[name] < 0 || this.width[i] > this.width[frame[name]]) frame[name] = i;
      },
      (i) => {
        if (i !== this.root) open[this.frames.name[i]] -= 1;
      },
    );
    const found = [];
    for (let name = 0; name < names; name += 1) {
      if (frame[name] >= 0) found.push({ name, own: own[name], total: total[name], frame: frame[name] });
    }
    return found.sort((a, b) => b.own - a.own || b.total - a.total || a.name - b.name);
  }

  // Which names contain `text`, and what the frames below `top` that do are in all, counted once.
  search(text, top) {
    const wanted = text.toLowerCase();
    const names = this.frames.names.map((n) => n.name.toLowerCase().includes(wanted));
    let open = 0;
    let width = 0;
    let frames = 0;
    this.walk(
      top,
      (i) => {
        if (i === this.root || !names[this.frames.name[i]]) return;
        if (open === 0) width += this.width[i];
        frames += 1;
        open += 1;
      },
      (i) => {
        if (i !== this.root && names[this.frames.name[i]]) open -= 1;
      },
    );
    return { names, width, frames };
  }

  // The function that holds the frame's code: its own, or that of the caller it was inlined into.
  functionOf(i) {
    for (let at = i; at !== this.root; at = this.parent[at]) {
      const name = this.frames.names[this.frames.name[at]];
      if (name.function >= 0) return name.function;
    }
    return -1;
  }
}

// `core::slice::sort::<impl X>::merge` as `sort::merge`.
function shortFunctionName(name) {
  const text = name.slice(0, 400);
  let plain = "";
  let depth = 0;
  for (const c of text) {
    if (c === "<") depth += 1;
    if (depth === 0) plain += c;
    if (c === ">" && depth > 0) depth -= 1;
  }
  const parts = plain.split("::").filter((part) => part !== "");
  return parts.length === 0 ? text : parts.slice(-2).join("::");
}
