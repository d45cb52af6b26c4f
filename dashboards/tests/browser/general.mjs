// What holds for every view of every page: it opens quietly, fits, can be linked, used by keyboard and read.

import axe from "axe-core";
import { Tab, assert, equal, until, wait } from "./harness.mjs";

const WIDTHS = [360, 768, 1280, 3840];
const MOST_BYTES = 15e6;
const MOST_SECONDS = 2;

export async function general(results, browser, subject) {
  const check = (name, f) => results.check(`${subject.name}: ${name}`, f);
  const probe = await Tab.open(browser, subject);
  const views = await probe.views();
  await probe.close();
  const withTab = (fragment, options, f) => async () => {
    const tab = await Tab.open(browser, subject, fragment, options);
    try {
      const note = await f(tab);
      tab.calm();
      return note;
    } finally {
      await tab.close();
    }
  };
  await check("the menu names all views", async () => {
    equal(
      views.map((v) => v.id).sort(),
      ["cfg", "flame", "history", "overview", "precompiles", "regions", "savings"],
      "views",
    );
  });
  await check("scripts declare every name once", async () => scriptNames(subject));
  await check("size and time to the first view", () => loading(browser, subject));
  await check("every view opens from the menu, without a request or a complaint", withTab("", {}, (tab) => openAll(tab, views)));
  await check("back and forward", withTab("", {}, (tab) => backAndForward(tab, views)));
  for (const width of WIDTHS) {
    await check(`no view is wider than a window of ${width} pixels`, withTab("", { width, touch: width < 800 }, (tab) => fits(tab, views, width)));
  }
  await check("the theme follows the system, the switch wins", withTab("", { theme: "dark" }, theme));
  await check("the keyboard reaches everything and gets out again", withTab("", {}, (tab) => keyboard(tab, views)));
  for (const [theme, width] of [["light", 1280], ["dark", 1280], ["light", 360]]) {
    await check(`no violation found by axe, ${theme}, ${width} pixels`, withTab("", { theme, width }, (tab) => accessible(tab, views)));
  }
  if (subject.hostile) await check("hostile names are text", withTab("", {}, (tab) => hostile(tab, views)));
}

function scriptNames(subject) {
  const begin = subject.html.lastIndexOf("<script>");
  const names = [...subject.html.slice(begin).matchAll(/^(?:async )?(?:function\*?|const|let|class) (\w+)/gm)].map((m) => m[1]);
  const twice = names.filter((name, k) => names.indexOf(name) !== k);
  equal(twice, [], "declared twice");
  assert(names.length > 20, "no scripts found");
}

async function loading(browser, subject) {
  assert(subject.bytes < MOST_BYTES, `it has ${subject.bytes} bytes, more than ${MOST_BYTES}`);
  const times = [];
  for (let k = 0; k < 3; k += 1) {
    const tab = await Tab.open(browser, subject);
    times.push((await tab.page.evaluate(() => window.firstDrawn)) / 1000);
    tab.calm();
    await tab.close();
  }
  const best = Math.min(...times);
  assert(best < MOST_SECONDS, `the first view stood after ${best.toFixed(2)} s at best`);
  return `${(subject.bytes / 1e6).toFixed(1)} MB, ${best.toFixed(2)} s, ${subject.page.blocks.entry.length} blocks`;
}

async function openAll(tab, views) {
  for (const view of views) {
    await tab.click("link", view.title);
    await tab.ready(view.id);
    const headings = await tab.page.$$eval("main h1", (nodes) => nodes.map((n) => n.textContent.trim()));
    equal(headings.length, 1, `main headings of ${view.id}`);
    const current = await tab.page.$$eval("nav[aria-label=Views] [aria-current=page]", (nodes) => nodes.map((n) => n.textContent));
    equal(current, [view.title], "the current view in the menu");
    assert((await tab.page.title()).includes(view.title), "the title names the view");
    assert((await tab.text()).length > headings[0].length + 20, `${view.id} shows something`);
    assert(!(await tab.text()).includes("cannot be drawn"), `${view.id} is drawn`);
  }
}

async function backAndForward(tab, views) {
  const pictures = [];
  for (const view of views) {
    await tab.goTo(view.href);
    pictures.push(await tab.text());
  }
  for (let k = views.length - 2; k >= 0; k -= 1) {
    await tab.page.evaluate(() => {
      delete document.documentElement.dataset.ready;
      history.back();
    });
    await tab.ready(views[k].id);
    await until(`the text of ${views[k].id} again`, async () => (await tab.text()) === pictures[k]);
  }
  await tab.page.evaluate(() => history.forward());
  await tab.ready(views[1].id);
}

async function fits(tab, views, width) {
  for (const view of views) {
    await tab.goTo(view.href);
    const found = await tab.page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      if (scrollWidth <= clientWidth) return null;
      // The culprits, for whoever repairs it.
      const inScroller = (node) => {
        for (let at = node.parentElement; at; at = at.parentElement) {
          if (getComputedStyle(at).overflowX !== "visible") return true;
        }
        return false;
      };
      const wide = [...document.querySelectorAll("body *")].filter((n) => n.getBoundingClientRect().right > clientWidth + 1 && !inScroller(n));
      return `${scrollWidth} > ${clientWidth}: ${wide.slice(0, 4).map((n) => `${n.tagName}.${n.getAttribute("class")}`).join(", ")}`;
    });
    assert(found === null, `${view.id} is wider than ${width}: ${found}`);
  }
}

async function theme(tab) {
  const ground = () => tab.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = (colour) => colour.match(/\d+/g).slice(0, 3).reduce((sum, v) => sum + Number(v), 0) > 380;
  assert(!light(await ground()), "dark at first");
  await tab.click("button", "Use the light theme");
  assert(light(await ground()), "light after the switch");
  await tab.page.reload();
  await tab.ready();
  assert(light(await ground()), "light after a reload");
  await tab.click("button", "Use the dark theme");
  assert(!light(await ground()), "dark again");
  for (const view of await tab.views()) {
    await tab.goTo(view.href);
    await tab.page.keyboard.press("t");
    await tab.frames();
    await tab.page.keyboard.press("t");
    await tab.frames();
  }
}

// Walks each view with Tab from the top to the end.
async function keyboard(tab, views) {
  let stops = 0;
  for (const view of views) {
    await tab.goTo(view.href);
    await tab.page.evaluate(() => {
      document.activeElement.blur();
      scrollTo(0, 0);
    });
    // A focus that began in the middle of the document would skip its beginning.
    await tab.page.focus("a.skip");
    const seen = new Set();
    for (let k = 0; ; k += 1) {
      assert(k < 700, `${view.id}: more than 700 stops`);
      let stop = await tab.page.evaluate(describeFocus);
      // What scrolls or slides into sight takes a moment.
      for (let turn = 0; turn < 20 && stop !== null && !(stop.seen && stop.marked); turn += 1) {
        await wait(50);
        stop = await tab.page.evaluate(describeFocus);
      }
      if (stop === null || (k > 0 && stop.first)) break;
      seen.add(stop.label);
      stops += 1;
      assert(stop.seen, `${view.id}: the focused ${stop.label} cannot be seen`);
      assert(stop.marked, `${view.id}: nothing shows that ${stop.label} has the focus`);
      await tab.page.keyboard.press("Tab");
    }
    for (const other of views) assert(seen.has(`A ${other.title}`), `${view.id}: Tab does not reach the link ${other.title}`);
  }
  // And by the keys that the help names.
  for (const [k, view] of views.entries()) {
    await tab.page.keyboard.press(String(k + 1));
    await tab.ready(view.id);
  }
  await tab.page.keyboard.press("?");
  await tab.role("dialog");
  await tab.page.keyboard.press("Escape");
  await until("the help closes", () => tab.page.evaluate(() => document.querySelector("dialog") === null));
  return `${stops} stops`;
}

// Runs in the page.
function describeFocus() {
  const node = document.activeElement;
  if (!node || node === document.body) return null;
  const box = node.getBoundingClientRect();
  const style = getComputedStyle(node);
  const inner = node.matches("g") ? getComputedStyle(node.querySelector("rect")) : style;
  return {
    first: node.matches("a.skip"),
    label: `${node.tagName} ${(node.textContent || node.getAttribute("aria-label") || node.id).slice(0, 60)}`,
    seen: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    marked:
      (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) ||
      style.boxShadow !== "none" ||
      // A table's frame shows it for the table, a block's frame for the block.
      getComputedStyle(node.parentElement).outlineStyle !== "none" ||
      parseFloat(inner.strokeWidth) >= 2,
  };
}

async function accessible(tab, views) {
  await tab.page.evaluate(axe.source);
  const found = [];
  for (const view of views) {
    await tab.goTo(view.href);
    const violations = await tab.page.evaluate(async () => {
      const result = await window.axe.run(document, { resultTypes: ["violations"] });
      return result.violations.map((v) => `${v.id} (${v.nodes.length}): ${v.nodes[0].html.slice(0, 160)} ${v.nodes[0].any[0]?.message ?? ""}`);
    });
    found.push(...violations.map((v) => `${view.id}: ${v}`));
  }
  assert(found.length === 0, `\n        ${found.join("\n        ")}`);
}

// The names would show a dialog, load an image or add elements if they were anything but text.
async function hostile(tab, views) {
  const shown = new Set();
  for (const view of views) {
    await tab.goTo(view.href);
    const strange = await tab.page.evaluate(() => ({
      nodes: [...document.querySelectorAll("img, iframe, object, embed, base, form:not([method=dialog]), main script, main style, [onerror], [onload], [onclick]")].map(
        (n) => n.outerHTML.slice(0, 120),
      ),
      links: [...document.querySelectorAll("a")].map((a) => a.getAttribute("href")).filter((href) => !href.startsWith("#")),
      wide: document.documentElement.scrollWidth > document.documentElement.clientWidth,
    }));
    equal(strange, { nodes: [], links: [], wide: false }, `${view.id} holds what the names tried to add`);
    const text = await tab.page.evaluate(() => document.body.textContent);
    for (const f of tab.subject.page.functions) if (/[<&]/.test(f.name) && text.includes(f.name)) shown.add(f.name);
    assert(!/[\u202a-\u202e\u2066-\u2069\u0000]/.test(await tab.text("body")), `${view.id} shows characters that reorder text`);
  }
  assert(shown.size > 0, "no hostile name is shown as it is");
  return `${shown.size} names`;
}
