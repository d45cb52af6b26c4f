// Places of a graph's nodes and the ways of its edges, from its layers.
//
// In a row, places minimise the squared distance to where a node's neighbours stand, in the row's order and
// with room between nodes; that is found exactly, by pooling neighbours that want to overlap. Parts that are
// not connected are laid out one by one and set side by side.

const LAYOUT_GAP = 22;
const LAYOUT_PASS = 12;
const LAYOUT_TURN = 18;

// `nodes` have `w` and `h`; `edges` have `from` and `to`. Gives `x`, `y` (upper left corners), the ways of the
// edges as lists of path commands with their ends, and the whole size.
function layoutGraph(nodes, edges, entry) {
  const result = { x: [], y: [], width: 0, height: 0, ways: new Array(edges.length).fill(null) };
  const parts = connectedParts(nodes.length, edges, entry).map((part) => layoutPart(part, nodes, edges, entry));
  const widest = Math.max(900, ...parts.map((p) => p.width));
  let left = 0;
  let top = 0;
  let shelf = 0;
  for (const part of parts) {
    if (left > 0 && left + part.width > widest) {
      top += shelf + 40;
      left = 0;
      shelf = 0;
    }
    part.nodes.forEach((u, k) => {
      result.x[u] = part.x[k] + left;
      result.y[u] = part.y[k] + top;
    });
    part.edges.forEach((e, k) => {
      result.ways[e] = shiftWay(part.ways[k], left, top);
    });
    result.width = Math.max(result.width, left + part.width);
    result.height = Math.max(result.height, top + part.height);
    left += part.width + 40;
    shelf = Math.max(shelf, part.height);
  }
  return result;
}

// Sets of nodes that edges connect, with the edges: that of the entry first, then by their first node.
function connectedParts(count, edges, entry) {
  const leader = Array.from({ length: count }, (_, k) => k);
  const find = (u) => {
    while (leader[u] !== u) {
      leader[u] = leader[leader[u]];
      u = leader[u];
    }
    return u;
  };
  for (const e of edges) leader[find(e.from)] = find(e.to);
  const parts = new Map([[find(entry), { nodes: [], edges: [] }]]);
  for (let u = 0; u < count; u += 1) {
    const key = find(u);
    if (!parts.has(key)) parts.set(key, { nodes: [], edges: [] });
    parts.get(key).nodes.push(u);
  }
  edges.forEach((e, k) => parts.get(find(e.from)).edges.push(k));
  return [...parts.values()];
}

function layoutPart(part, nodes, edges, entry) {
  const local = new Map(part.nodes.map((u, k) => [u, k]));
  const inside = part.edges.map((e) => ({ from: local.get(edges[e].from), to: local.get(edges[e].to) }));
  const layers = new Layers(part.nodes.length, inside, local.get(entry) ?? 0);
  layers.order(8);
  const sizes = layers.rank.map((_, c) => (c < layers.count ? nodes[part.nodes[c]] : { w: LAYOUT_PASS, h: 0 }));
  const middle = placeRows(layers, sizes);
  const rows = rowHeights(layers, sizes);
  const ways = routeEdges(layers, sizes, middle, rows);
  // Room on all sides for edges that turn, and for loops at the right of a node.
  let left = Infinity;
  let right = -Infinity;
  sizes.forEach((size, c) => {
    left = Math.min(left, middle[c] - size.w / 2);
    right = Math.max(right, middle[c] + size.w / 2 + 20);
  });
  const count = layers.count;
  const y = Array.from({ length: count }, (_, c) => rows.top[layers.rank[c]]);
  return {
    nodes: part.nodes,
    edges: part.edges,
    x: Array.from({ length: count }, (_, c) => middle[c] - sizes[c].w / 2 - left),
    y,
    ways: ways.map((way) => shiftWay(way, -left, 0)),
    width: right - left,
    height: rows.height,
  };
}

// Middles of all cells: sweeps towards the neighbours above and below in turn, at last towards both.
function placeRows(layers, sizes) {
  const middle = new Float64Array(layers.rank.length);
  for (const row of layers.rows) {
    let x = 0;
    for (const c of row) {
      middle[c] = x + sizes[c].w / 2;
      x += sizes[c].w + LAYOUT_GAP;
    }
  }
  const passing = (c) => c >= layers.count;
  const at = new Float64Array(layers.rank.length);
  const weights = new Float64Array(layers.rank.length);
  const settle = (row, up, down) => {
    for (const c of row) {
      let sum = 0;
      let weight = 0;
      const pull = (other) => {
        const w = passing(c) && passing(other) ? 8 : passing(c) || passing(other) ? 2 : 1;
        sum += w * middle[other];
        weight += w;
      };
      if (up) layers.up[c].forEach(pull);
      if (down) layers.down[c].forEach(pull);
      if (layers.side[c] >= 0) {
        const node = layers.side[c];
        const sign = layers.position[c] < layers.position[node] ? -1 : 1;
        sum += 2 * (middle[node] + (sign * sizes[node].w) / 2 + sign * LAYOUT_PASS);
        weight += 2;
      }
      at[c] = weight > 0 ? sum / weight : middle[c];
      weights[c] = weight > 0 ? weight : 0.1;
    }
    poolRow(row, at, weights, sizes, middle);
  };
  for (let k = 0; k < 8; k += 1) {
    if (k % 2 === 0) for (const row of layers.rows) settle(row, true, k > 3);
    else for (const row of [...layers.rows].reverse()) settle(row, k > 3, true);
  }
  return middle;
}

// The places of a row, in its order, with the least weighted squared distance to where they want to be.
function poolRow(row, at, weights, sizes, middle) {
  const pools = [];
  const offsets = [];
  let offset = 0;
  row.forEach((c, k) => {
    if (k > 0) offset += (sizes[row[k - 1]].w + sizes[c].w) / 2 + (sizes[c].h === 0 ? LAYOUT_PASS / 2 : LAYOUT_GAP);
    offsets.push(offset);
    let pool = { sum: weights[c] * (at[c] - offset), weight: weights[c], first: k };
    while (pools.length > 0) {
      const last = pools[pools.length - 1];
      if (last.sum / last.weight <= pool.sum / pool.weight) break;
      pools.pop();
      pool = { sum: last.sum + pool.sum, weight: last.weight + pool.weight, first: last.first };
    }
    pools.push(pool);
  });
  pools.forEach((pool, p) => {
    const end = p + 1 < pools.length ? pools[p + 1].first : row.length;
    for (let k = pool.first; k < end; k += 1) middle[row[k]] = pool.sum / pool.weight + offsets[k];
  });
}

// Upper edges and heights of rows. Many edges between two rows get more room.
function rowHeights(layers, sizes) {
  const top = [];
  const tall = [];
  let y = LAYOUT_TURN + 8;
  layers.rows.forEach((row, r) => {
    top.push(y);
    tall.push(Math.max(0, ...row.map((c) => sizes[c].h)));
    let lines = 0;
    for (const c of row) lines += layers.down[c].length;
    y += tall[r] + 38 + Math.min(60, 2 * lines);
  });
  const last = top.length - 1;
  return { top, tall, height: top[last] + tall[last] + LAYOUT_TURN + 8 };
}

// Where edges leave and enter their nodes: side by side, in the order of where they go.
function ports(layers, sizes, middle) {
  const leave = Array.from({ length: layers.count }, () => []);
  const enter = Array.from({ length: layers.count }, () => []);
  layers.edges.forEach((e, k) => {
    if (e.from === e.to) return;
    leave[e.from].push({ k, x: middle[e.places[0] ?? e.to] });
    enter[e.to].push({ k, x: middle[e.places[e.places.length - 1] ?? e.from] });
  });
  const at = { from: new Float64Array(layers.edges.length), to: new Float64Array(layers.edges.length) };
  const spread = (lists, end) => {
    lists.forEach((list, c) => {
      list.sort((a, b) => a.x - b.x || a.k - b.k);
      const step = Math.min(44, (sizes[c].w - 16) / Math.max(list.length, 1));
      list.forEach((item, n) => (at[end][item.k] = middle[c] + (n - (list.length - 1) / 2) * step));
    });
  };
  spread(leave, "from");
  spread(enter, "to");
  return at;
}

// Ways as points for curves: `M`, `C` (two handles and an end) and `L`, with where they begin and end.
function routeEdges(layers, sizes, middle, rows) {
  const at = ports(layers, sizes, middle);
  const bottom = (c) => rows.top[layers.rank[c]] + sizes[c].h;
  const top = (c) => rows.top[layers.rank[c]];
  return layers.edges.map((e, k) => {
    if (e.from === e.to) return selfLoop(middle[e.from] + sizes[e.from].w / 2, top(e.from), sizes[e.from].h);
    const start = [at.from[k], bottom(e.from)];
    const end = [at.to[k], top(e.to)];
    // Nodes of a row stand at its top: down to its lower edge first, past taller neighbours.
    const floor = top(e.from) + rows.tall[layers.rank[e.from]];
    const path = [["M", ...start], ["L", start[0], floor]];
    const curve = (x, y) => {
      const last = path[path.length - 1].slice(-2);
      const half = (last[1] + y) / 2;
      path.push(["C", last[0], half, x, half, x, y]);
    };
    if (e.back && !e.straight) {
      const turn = (from, to, y) => path.push(["C", from, y, to, y, to, path[path.length - 1].slice(-1)[0]]);
      e.places.forEach((c, n) => {
        const x = middle[c];
        if (n === 0) turn(start[0], x, floor + LAYOUT_TURN);
        else curve(x, rows.top[layers.rank[c]] + rows.tall[layers.rank[c]]);
        path.push(["L", x, rows.top[layers.rank[c]]]);
      });
      turn(path[path.length - 1][1], end[0], end[1] - LAYOUT_TURN);
    } else {
      for (const c of e.places) {
        const r = layers.rank[c];
        curve(middle[c], rows.top[r]);
        path.push(["L", middle[c], rows.top[r] + rows.tall[r]]);
      }
      curve(...end);
    }
    return { path, start, end, back: e.back };
  });
}

function selfLoop(right, top, h) {
  const y = top + h / 2;
  const path = [["M", right, y + 8], ["C", right + 26, y + 14, right + 26, y - 14, right, y - 8]];
  return { path, start: [right + 8, y + 12], end: null, back: true };
}

function shiftWay(way, dx, dy) {
  for (const step of way.path) {
    for (let k = 1; k < step.length; k += 2) {
      step[k] += dx;
      step[k + 1] += dy;
    }
  }
  for (const end of [way.start, way.end]) {
    if (end === null) continue;
    end[0] += dx;
    end[1] += dy;
  }
  return way;
}
