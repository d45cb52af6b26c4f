// Colours of the drawn graphs for the theme that is on, and what both graph views need of the browser.
//
// A canvas cannot use style sheets, so the colours are here. Cost is shown by lightness and hue together, and
// change by blue against orange: both can be told apart with the common forms of colour blindness.

const GRAPH_COLOURS = {
  light: {
    text: [20, 22, 26],
    strong: [20, 22, 26],
    line: [255, 255, 255],
    plain: [226, 228, 232],
    cost: [[255, 250, 228], [253, 190, 110], [228, 92, 48], [138, 22, 40]],
    less: [[222, 230, 240], [60, 120, 196]],
    more: [[240, 226, 214], [214, 104, 20]],
    match: [216, 120, 230],
    frame: { saturation: 62, lightness: 80 },
  },
  dark: {
    text: [244, 245, 247],
    strong: [255, 255, 255],
    line: [24, 26, 30],
    plain: [58, 62, 70],
    cost: [[42, 40, 48], [112, 44, 66], [206, 88, 52], [250, 206, 104]],
    less: [[58, 64, 74], [52, 116, 190]],
    more: [[70, 62, 56], [190, 92, 20]],
    match: [158, 62, 176],
    frame: { saturation: 34, lightness: 33 },
  },
};

// Hues of functions, by the first part of their path.
const FRAME_HUES = [28, 205, 150, 48, 330, 262, 95, 182];

function rgb(c) {
  return `rgb(${Math.round(c[0])} ${Math.round(c[1])} ${Math.round(c[2])})`;
}

// A point between the stops, for `t` from 0 to 1.
function between(stops, t) {
  const at = Math.min(Math.max(t, 0), 1) * (stops.length - 1);
  const low = Math.min(Math.floor(at), stops.length - 2);
  const part = at - low;
  return stops[low].map((v, k) => v + (stops[low + 1][k] - v) * part);
}

function luminance(c) {
  const [r, g, b] = c.map((v) => {
    const s = v / 255;
    return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

// Black or white, whichever is easier to read on `c`.
function textOn(c) {
  const l = luminance(c);
  return (l + 0.05) / 0.05 > 1.05 / (l + 0.05) ? [16, 16, 20] : [255, 255, 255];
}

// The theme that is on, told by the colour of text: the page may follow the system or a switch.
function graphColours(element) {
  const numbers = getComputedStyle(element).color.match(/[\d.]+/g).slice(0, 3).map(Number);
  return luminance(numbers) > 0.4 ? GRAPH_COLOURS.dark : GRAPH_COLOURS.light;
}

// Calls `changed` when the theme changes; returns what ends that.
function watchTheme(changed) {
  document.addEventListener("themechange", changed);
  return () => document.removeEventListener("themechange", changed);
}

// A number that is the same for the same text.
function textHash(text) {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length && i < 200; i += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  }
  return hash;
}

// An index out of the fragment, or `none` if it is not one below `count`.
function indexParam(text, count, none) {
  if (!/^\d{1,9}$/.test(text ?? "")) return none;
  const value = Number(text);
  return value < count ? value : none;
}
