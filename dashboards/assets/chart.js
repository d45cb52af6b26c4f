// Line charts: one drawing for all, as wide as there is room.

// Round numbers from 0 to at least the largest value.
function ticks(most, wanted) {
  if (!(most > 0)) return [0, 1];
  const rough = most / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const list = [];
  for (let i = 0; i <= Math.ceil(most / step - 1e-9); i += 1) list.push(i * step);
  return list;
}

// A chart over positions 0 … `last`. `series`: `{ name, color, values, dashed, stepped }` with null where
// there is no value. `rules`: `{ value, text }`, level lines. `marks`: `{ at, text }`, upright lines.
// `xText(position)` labels positions. `onAt(position)` is told where the pointer is; `at(position)` shows
// a position. What the chart says must stand in text or a table beside it: it is one image to a reader.
function chart({ label, height, last, series, format, rules, marks, xText, xTitle, onAt }) {
  const root = el("div", { class: "chart" });
  let position = null;
  const values = series.flatMap((s) => s.values).filter((v) => v !== null);
  const levels = ticks(Math.max(0, ...values, ...(rules ?? []).map((rule) => rule.value)), Math.max(2, Math.round(height / 55)));
  const top = levels[levels.length - 1];
  const space = { left: 12 + 7 * Math.max(7, ...levels.map((level) => format(level).length)), right: 16, top: marks?.length ? 22 : 10, bottom: xTitle ? 40 : 24 };
  let width = 0;
  const x = (i) => space.left + (last > 0 ? (i / last) * (width - space.left - space.right) : 0);
  const y = (value) => space.top + (1 - value / top) * (height - space.top - space.bottom);
  const path = (s) => {
    let text = "";
    let open = false;
    s.values.forEach((value, i) => {
      if (value === null) {
        open = false;
        return;
      }
      if (open && s.stepped) text += `H${x(i).toFixed(1)}V${y(value).toFixed(1)}`;
      else text += `${open ? "L" : "M"}${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
      open = true;
    });
    return text;
  };
  const cursor = svg("g", { class: "cursor" });
  const drawCursor = () => {
    put(cursor);
    if (position === null || width === 0) return;
    cursor.append(svg("line", { x1: x(position), x2: x(position), y1: space.top, y2: height - space.bottom, class: "at" }));
    for (const s of series) {
      const value = s.values[position];
      if (value !== null && value !== undefined) cursor.append(svg("circle", { cx: x(position), cy: y(value), r: 4, style: { fill: s.color } }));
    }
  };
  const xTicks = () => {
    const room = Math.max(1, Math.floor((width - space.left - space.right) / 90));
    if (last === 0) return [0];
    const step = Math.max(1, ...ticks(last, room).slice(1, 2).map(Math.ceil));
    const list = [];
    for (let i = 0; i <= last; i += step) list.push(i);
    return list;
  };
  const draw = () => {
    width = root.clientWidth;
    if (width === 0) return;
    const text = (attributes, string) => svg("text", attributes, string);
    // Labels of marks that would lie on each other go without.
    let free = 0;
    put(
      root,
      svg(
        "svg",
        { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label },
        levels.map((level) => [
          svg("line", { x1: space.left, x2: width - space.right, y1: y(level), y2: y(level), class: "level" }),
          text({ x: space.left - 6, y: y(level) + 4, "text-anchor": "end" }, format(level)),
        ]),
        xTicks().map((i) => text({ x: x(i), y: height - space.bottom + 17, "text-anchor": i === last && last > 0 ? "end" : "middle" }, cut(xText(i), 14))),
        xTitle && text({ x: (space.left + width - space.right) / 2, y: height - 6, "text-anchor": "middle" }, xTitle),
        (marks ?? []).map((mark) => {
          const fits = x(mark.at) >= free;
          if (fits) free = x(mark.at) + 8 * mark.text.length;
          return [
            svg("line", { x1: x(mark.at), x2: x(mark.at), y1: space.top, y2: height - space.bottom, class: "mark" }),
            fits && text({ x: x(mark.at) + 3, y: space.top - 6 }, mark.text),
          ];
        }),
        (rules ?? []).map((rule) => [
          svg("line", { x1: space.left, x2: width - space.right, y1: y(rule.value), y2: y(rule.value), class: "rule" }),
          text({ x: space.left + 6, y: y(rule.value) + 14, class: "rule-text" }, rule.text),
        ]),
        series.map((s) => svg("path", { d: path(s), class: "series", style: { stroke: s.color, "stroke-dasharray": s.dashed ? "5 4" : "none" } })),
        last <= 40 && !series.some((s) => s.stepped) && series.map((s) => s.values.map((v, i) => v !== null && svg("circle", { cx: x(i), cy: y(v), r: 2.5, style: { fill: s.color } }))),
        cursor,
      ),
    );
    drawCursor();
  };
  const onPointer = (event) => {
    if (width === 0 || !onAt) return;
    const share = (event.clientX - root.getBoundingClientRect().left - space.left) / (width - space.left - space.right);
    onAt(Math.max(0, Math.min(last, Math.round(share * last))), event.type);
  };
  root.addEventListener("pointermove", onPointer);
  root.addEventListener("pointerdown", onPointer);
  root.addEventListener("pointerleave", () => onAt?.(null, "pointerleave"));
  const observer = new ResizeObserver(draw);
  observer.observe(root);
  return {
    root,
    at(next) {
      position = next;
      drawCursor();
    },
    close: () => observer.disconnect(),
  };
}

// Which colour is what.
function legend(series) {
  return el("ul", { class: "legend" }, series.map((s) => el("li", null, el("span", { class: s.dashed ? "swatch dashed" : "swatch", style: { "--color": s.color } }), s.name)));
}
