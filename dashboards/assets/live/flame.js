// The call paths of a run that goes on, as boxes that keep their element from one picture to the next.

const LIVE_ROW = 20;

function liveFlame(root) {
  const boxes = new Map();

  function style(box, name) {
    const module = name.slice(0, 400).replace(/^[<&*\s]+/, "").split(/::|[<>\s]+/, 3).slice(0, -1).join("::");
    box.classList.toggle("outside", name.startsWith("["));
    box.style.setProperty("--hue", String(FRAME_HUES[textHash(module) % FRAME_HUES.length]));
    box.style.setProperty("--shade", `${(textHash(name) % 5) * 2 - 4}%`);
  }

  function box(key, name) {
    let node = boxes.get(key);
    if (!node) {
      node = el("div", null, name);
      style(node, name);
      boxes.set(key, node);
      root.append(node);
    }
    return node;
  }

  // Places children beside each other, in the order of the tree, from the left edge of their caller.
  return (tree, total) => {
    const width = root.clientWidth || 1;
    const seen = new Set();
    const left = [];
    const used = [];
    const depth = [];
    const keys = [];
    let outermost = 0;
    let rows = 0;
    tree.name.forEach((name, i) => {
      const parent = tree.parent[i];
      const size = tree.instructions[i];
      left[i] = parent < 0 ? outermost : left[parent] + used[parent];
      used[i] = 0;
      depth[i] = parent < 0 ? 0 : depth[parent] + 1;
      keys[i] = `${parent < 0 ? "" : keys[parent]}\n${name}`;
      while (seen.has(keys[i])) keys[i] += "\t";
      if (parent < 0) outermost += size;
      else used[parent] += size;
      if ((size / total) * width < 0.5) return;
      seen.add(keys[i]);
      rows = Math.max(rows, depth[i] + 1);
      const node = box(keys[i], name);
      node.classList.toggle("narrow", (size / total) * width < 24);
      node.title = visible(`${cut(name, 500)}\n${number(size)} instructions, ${percent(size, total)}`);
      node.style.setProperty("left", `${(100 * left[i]) / total}%`);
      node.style.setProperty("width", `${(100 * size) / total}%`);
      node.style.setProperty("top", `${depth[i] * LIVE_ROW}px`);
    });
    for (const [key, node] of boxes) {
      if (seen.has(key)) continue;
      node.remove();
      boxes.delete(key);
    }
    root.style.setProperty("height", `${rows * LIVE_ROW}px`);
    root.setAttribute("aria-label", `Call paths of ${count(seen.size, "function call", "function calls")}, ${rows} deep`);
  };
}
