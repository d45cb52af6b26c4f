// Helpers that every view uses: elements, numbers, colours, compressed data.
//
// Invariant: data reaches the document only as text nodes and attribute values, made here. Nothing
// parses data as HTML, and no link leaves the page.

const THIN = "\u202f";
const MINUS = "\u2212";

// Characters that show nothing or reorder their neighbours: controls (except tab and new line), marks of
// direction, joiners, tags. They are shown as escapes, so that a name cannot pose as another.
const HIDDEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff]/;
const HIDDEN_POINTS =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e0fff}\p{Surrogate}]/gu;

// The text with its invisible characters as `\u{…}`.
function visible(text) {
  const string = String(text);
  if (!HIDDEN.test(string)) return string;
  return string.replace(HIDDEN_POINTS, (c) => `\\u{${c.codePointAt(0).toString(16)}}`);
}

// The text, cut where it is too long for a label or a tooltip.
function cut(text, length) {
  const string = String(text);
  return string.length > length ? `${string.slice(0, length - 1)}…` : string;
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") node.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, v] of Object.entries(value)) node.style.setProperty(key, v);
    else if (name === "href" && !String(value).startsWith("#")) throw new Error("a link leaves the page");
    else node.setAttribute(name, value === true ? "" : visible(value));
  }
  append(node, children);
  return node;
}

function append(node, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) append(node, child);
    else node.append(child instanceof Node ? child : document.createTextNode(visible(child)));
  }
}

// An HTML element. Attributes: functions are listeners (`onclick`), `style` is an object of properties,
// null and false are left out. Children that are not nodes become text.
function el(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

// The same for SVG.
function svg(tag, attributes, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

// Replaces what a node holds.
function put(node, ...children) {
  node.replaceChildren();
  append(node, children);
  return node;
}

// Digits in groups of three.
function number(n) {
  if (n === null || n === undefined || Number.isNaN(n)) return "–";
  const sign = n < 0 ? MINUS : "";
  const [whole, part] = String(Math.abs(n)).split(".");
  if (whole.includes("e")) return sign + Math.abs(n).toPrecision(3);
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, THIN);
  return sign + grouped + (part ? `.${part}` : "");
}

// Three digits and a unit: `12.3 M`.
function short(n) {
  if (n === null || n === undefined || Number.isNaN(n)) return "–";
  const sign = n < 0 ? MINUS : "";
  let size = Math.abs(n);
  let unit = 0;
  while (size >= 999.5 && unit < 5) {
    size /= 1000;
    unit += 1;
  }
  const digits = unit === 0 && Number.isInteger(size) ? 0 : size < 9.995 ? 2 : size < 99.95 ? 1 : 0;
  return sign + size.toFixed(digits) + (unit > 0 ? THIN + ["", "k", "M", "G", "T", "P"][unit] : "");
}

// A share as per cent.
function percent(part, whole) {
  if (!whole) return "–";
  const share = (100 * part) / whole;
  const digits = Math.abs(share) < 10 ? 1 : 0;
  if (share > 0 && share < 0.05) return `<${THIN}0.1${THIN}%`;
  return `${share < 0 ? MINUS : ""}${Math.abs(share).toFixed(digits)}${THIN}%`;
}

// How many times smaller: `12.5×`.
function times(before, after) {
  if (!before || !after) return "–";
  const ratio = before / after;
  return `${ratio >= 99.95 ? number(Math.round(ratio)) : ratio >= 9.995 ? ratio.toFixed(1) : ratio.toFixed(2)}×`;
}

// One thing, many things.
function count(n, one, many) {
  return `${number(n)} ${n === 1 ? one : (many ?? `${one}s`)}`;
}

function address(n) {
  return `0x${n.toString(16)}`;
}

// The value of a custom property, for canvases.
function css(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function reducedMotion() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

// Runs the function once things are quiet for so many milliseconds.
function debounce(milliseconds, f) {
  let timer = 0;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => f(...values), milliseconds);
  };
}

// The data in the element with the id, or null if the page holds none.
async function blob(id) {
  const node = document.getElementById(id);
  if (!node) return null;
  if (typeof DecompressionStream === "undefined") {
    throw new Error("This browser is too old: it lacks DecompressionStream (Chrome 80, Firefox 113, Safari 16.4 have it).");
  }
  const text = atob(node.textContent.trim());
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}
