// Tables whose rows keep their element from one second to the next, and their place while somebody points at
// them.

// `columns` are `{ title, class, fill(cell, item, total) }`; the first is the row's head. `key` tells rows apart.
function liveTable(root, caption, columns, key) {
  const head = el("caption", null, "");
  const body = el("tbody");
  const rows = new Map();
  const titles = columns.map((c) => el("th", { scope: "col", class: c.class }, c.title));
  put(root, el("table", { class: "plain" }, head, el("thead", null, el("tr", null, titles)), body));

  function row(id) {
    let node = rows.get(id);
    if (!node) {
      const cells = columns.map((c, i) => el(i === 0 ? "th" : "td", { class: c.class, scope: i === 0 ? "row" : null }));
      node = el("tr", null, cells);
      rows.set(id, node);
    }
    return node;
  }

  return (items, inAll, total) => {
    put(head, caption(items.length, inAll));
    const seen = new Set();
    const held = body.matches(":hover") || body.contains(document.activeElement);
    items.forEach((item, place) => {
      let id = key(item);
      while (seen.has(id)) id += "\t";
      seen.add(id);
      const node = row(id);
      columns.forEach((c, i) => c.fill(node.children[i], item, total));
      if (!node.parentNode) body.append(node);
      if (!held && body.children[place] !== node) body.insertBefore(node, body.children[place]);
    });
    for (const [id, node] of rows) {
      if (seen.has(id)) continue;
      node.remove();
      rows.delete(id);
    }
  };
}

// Sets the text of a node if it is another one: what does not change is not announced or laid out again.
function say(node, text) {
  const shown = visible(text);
  if (node.textContent !== shown) node.textContent = shown;
}

function shareCell(cell, part, total) {
  if (!cell.firstChild) append(cell, [el("span"), el("span", { class: "bar after", "aria-hidden": "true" })]);
  say(cell.firstChild, percent(part, total));
  cell.lastChild.style.setProperty("width", `${total > 0 ? (100 * part) / total : 0}%`);
}

// The speed between one point of the history and the next, in millions of instructions per second.
function speeds(history) {
  const out = [];
  for (let i = 1; i < history.length; i += 1) {
    const seconds = history[i].seconds - history[i - 1].seconds;
    if (seconds > 0) {
      out.push({ at: history[i].seconds, mips: (history[i].instructions - history[i - 1].instructions) / seconds / 1e6 });
    }
  }
  return out;
}

// A line of speed over time; false if there is too little to draw.
function liveChart(root, history) {
  const points = speeds(history);
  if (points.length < 2) return false;
  const most = Math.max(...points.map((p) => p.mips), 1e-9);
  const [first, last] = [points[0].at, points[points.length - 1].at];
  const x = (p) => (600 * (p.at - first)) / (last - first || 1);
  const y = (p) => 100 - (94 * p.mips) / most;
  const line = points.map((p) => `${x(p).toFixed(1)},${y(p).toFixed(1)}`).join(" ");
  const low = Math.min(...points.map((p) => p.mips));
  const label = `Speed over time: between ${short(low)} and ${short(most)} million instructions per second, lately ${short(points[points.length - 1].mips)}`;
  put(
    root,
    el(
      "div",
      { class: "speed" },
      el("div", { class: "scale" }, el("span", null, `${short(most)} MIPS`), el("span", null, "0")),
      svg(
        "svg",
        { viewBox: "0 0 600 100", preserveAspectRatio: "none", role: "img", "aria-label": label },
        svg("polygon", { points: `0,100 ${line} 600,100` }),
        svg("polyline", { points: line }),
      ),
      el("div", { class: "span" }, el("span", null, duration(first)), el("span", null, duration(last))),
    ),
  );
  return true;
}

// Seconds as people say them.
function duration(seconds) {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)}${THIN}s`;
  const whole = Math.floor(seconds);
  const pad = (n) => String(n).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(whole % 60)}${THIN}h` : `${minutes}:${pad(whole % 60)}${THIN}min`;
}
