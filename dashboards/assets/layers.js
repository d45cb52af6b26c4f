// Layers of a directed graph: which row each node stands in, and in which order.
//
// Edges that close a cycle (found by a depth-first search from the entry) are turned round. A node's row is the
// longest path to it. Edges that span rows get a place to pass in each of them. Orders come from barycentres,
// a few sweeps down and up. Everything depends on the input alone: ties keep their order.

// Most places of passing edges. Edges beyond it are drawn straight, the longest first.
const LAYER_PLACES = 4000;

// For each edge, whether it leads back to a node that is still open in a depth-first search.
function backEdges(count, out, edges, entry) {
  const back = new Uint8Array(edges.length);
  const state = new Uint8Array(count);
  const next = new Int32Array(count);
  for (let k = -1; k < count; k += 1) {
    const root = k < 0 ? entry : k;
    if (state[root] !== 0) continue;
    const stack = [root];
    state[root] = 1;
    while (stack.length > 0) {
      const u = stack[stack.length - 1];
      if (next[u] === out[u].length) {
        state[u] = 2;
        stack.pop();
        continue;
      }
      const e = out[u][next[u]];
      next[u] += 1;
      const v = edges[e].to;
      if (state[v] === 1) back[e] = 1;
      else if (state[v] === 0) {
        state[v] = 1;
        stack.push(v);
      }
    }
  }
  return back;
}

// The row of each node: the longest path over forward edges; nodes that nothing enters stand above what they enter.
function ranksOf(count, out, edges, back, entry) {
  const rank = new Int32Array(count);
  const waiting = new Int32Array(count);
  edges.forEach((e, k) => {
    if (!back[k]) waiting[e.to] += 1;
  });
  const sources = [];
  for (let u = 0; u < count; u += 1) if (waiting[u] === 0) sources.push(u);
  const queue = [...sources];
  for (let at = 0; at < queue.length; at += 1) {
    const u = queue[at];
    for (const e of out[u]) {
      if (back[e]) continue;
      const v = edges[e].to;
      rank[v] = Math.max(rank[v], rank[u] + 1);
      waiting[v] -= 1;
      if (waiting[v] === 0) queue.push(v);
    }
  }
  for (const u of sources) {
    const below = out[u].filter((e) => !back[e]).map((e) => rank[edges[e].to]);
    if (u !== entry && below.length > 0) rank[u] = Math.min(...below) - 1;
  }
  return rank;
}

// Cells of all rows: the nodes, then places of passing edges. `up` and `down` list neighbours in the next rows,
// `side` the node of the same row that a place belongs to, for edges that turn.
class Layers {
  constructor(count, edges, entry) {
    this.count = count;
    this.edges = edges.map((e) => ({ from: e.from, to: e.to, places: [], back: false, straight: false }));
    const out = Array.from({ length: count }, () => []);
    edges.forEach((e, k) => {
      if (e.from !== e.to) out[e.from].push(k);
    });
    const kept = edges.map((e) => (e.from === e.to ? { from: 0, to: 0 } : e));
    const back = backEdges(count, out, kept, entry);
    edges.forEach((e, k) => {
      if (e.from === e.to) back[k] = 1;
    });
    this.rank = [...ranksOf(count, out, edges, back, entry)];
    this.up = Array.from({ length: count }, () => []);
    this.down = Array.from({ length: count }, () => []);
    this.side = new Array(count).fill(-1);
    this.place(back);
    this.rows = [];
    this.rank.forEach((r, c) => (this.rows[r] ??= []).push(c));
    for (let r = 0; r < this.rows.length; r += 1) this.rows[r] ??= [];
  }

  place(back) {
    const span = (e) => Math.abs(this.rank[e.to] - this.rank[e.from]);
    const order = this.edges.map((e, k) => k).sort((a, b) => span(this.edges[a]) - span(this.edges[b]) || a - b);
    for (const k of order) {
      const e = this.edges[k];
      e.back = back[k] === 1;
      if (e.from === e.to) continue;
      if (this.rank.length - this.count + span(e) > LAYER_PLACES) {
        e.straight = true;
        continue;
      }
      if (e.back) this.placeBack(e);
      else this.placeForward(e);
    }
  }

  cell(rank, side) {
    this.rank.push(rank);
    this.up.push([]);
    this.down.push([]);
    this.side.push(side);
    return this.rank.length - 1;
  }

  join(above, below) {
    this.down[above].push(below);
    this.up[below].push(above);
  }

  placeForward(e) {
    let last = e.from;
    for (let r = this.rank[e.from] + 1; r < this.rank[e.to]; r += 1) {
      const c = this.cell(r, -1);
      e.places.push(c);
      this.join(last, c);
      last = c;
    }
    this.join(last, e.to);
  }

  // Out of the lower node, up beside it, and over the top of the upper one.
  placeBack(e) {
    const low = this.rank[e.from];
    const high = this.rank[e.to];
    for (let r = low; r >= high; r -= 1) {
      const c = this.cell(r, r === low ? e.from : r === high ? e.to : -1);
      if (e.places.length > 0) this.join(c, e.places[e.places.length - 1]);
      e.places.push(c);
    }
  }

  // Orders every row; keeps the order with the fewest crossings.
  order(sweeps) {
    this.position = new Float64Array(this.rank.length);
    this.want = new Float64Array(this.rank.length);
    this.number();
    let best = this.rows.map((row) => [...row]);
    let fewest = this.crossings();
    for (let k = 0; k < sweeps && fewest > 0; k += 1) {
      const rows = this.rows.length;
      if (k % 2 === 0) for (let r = 1; r < rows; r += 1) this.sortRow(r, this.up);
      else for (let r = rows - 2; r >= 0; r -= 1) this.sortRow(r, this.down);
      const crossings = this.crossings();
      if (crossings < fewest) {
        fewest = crossings;
        best = this.rows.map((row) => [...row]);
      }
    }
    this.rows = best;
    this.number();
  }

  number() {
    for (const row of this.rows) row.forEach((c, k) => (this.position[c] = k));
  }

  sortRow(r, near) {
    const row = this.rows[r];
    const { want } = this;
    for (const c of row) {
      let sum = 0;
      for (const other of near[c]) sum += this.position[other];
      let middle = near[c].length > 0 ? sum / near[c].length : this.position[c];
      if (this.side[c] >= 0) middle = this.position[this.side[c]] + 0.5;
      want[c] = middle;
    }
    row.sort((a, b) => want[a] - want[b] || this.position[a] - this.position[b]);
    row.forEach((c, k) => (this.position[c] = k));
  }

  // Pairs of lines between neighbouring rows that cross, by counting inversions.
  crossings() {
    let crossings = 0;
    for (let r = 1; r < this.rows.length; r += 1) {
      const size = this.rows[r - 1].length;
      const tree = new Int32Array(size + 1);
      let seen = 0;
      for (const c of this.rows[r]) {
        const near = this.up[c];
        for (const other of near) {
          let notAfter = 0;
          for (let i = this.position[other] + 1; i > 0; i -= i & -i) notAfter += tree[i];
          crossings += seen - notAfter;
        }
        for (const other of near) {
          for (let i = this.position[other] + 1; i <= size; i += i & -i) tree[i] += 1;
          seen += 1;
        }
      }
    }
    return crossings;
  }
}
