// The flamegraph and the control-flow view.

import { assert, equal, linked, until } from "./harness.mjs";

const total = (page, list) => page.frames[list].reduce((sum, value) => sum + value, 0);

async function flameTrail(tab) {
  return tab.page.$$eval("nav[aria-label='Zoomed frame'] li", (items) => items.map((li) => li.textContent));
}

async function flameCanvas(tab) {
  return tab.page.waitForSelector("canvas[role=application]");
}

async function clickRow(tab, row) {
  const canvas = await flameCanvas(tab);
  const box = await canvas.boundingBox();
  await tab.page.mouse.click(box.x + 12, box.y + 20 * row + 10);
  await tab.frames();
}

export async function flameZoom(tab, browser) {
  equal(await flameTrail(tab), ["all"], "nothing is zoomed at first");
  const whole = await tab.picture();
  await clickRow(tab, 2);
  equal((await flameTrail(tab)).length, 3, "places in the trail after a click in the third row");
  assert((await tab.fragment()).includes("focus="), "the zoom is in the fragment");
  await linked(tab, browser);
  await (await flameCanvas(tab)).focus();
  await tab.page.keyboard.press("Escape");
  equal((await flameTrail(tab)).length, 2, "Escape zooms out by one");
  await tab.page.keyboard.press("ArrowDown");
  await tab.page.keyboard.press("Enter");
  equal((await flameTrail(tab)).length, 3, "Enter zooms into the frame that the arrow chose");
  const said = await tab.text("[aria-live=polite]");
  assert(said.length > 5, "the chosen frame is announced");
  await linked(tab, browser);
  await tab.click("button", "all");
  equal(await tab.picture(), whole, "the view after a click on the first place of the trail");
  await clickRow(tab, 1);
  await (await flameCanvas(tab)).focus();
  await tab.page.keyboard.press("Home");
  equal(await flameTrail(tab), ["all"], "Home shows everything");
}

export async function flameWeights(tab, browser) {
  const { page } = tab.subject;
  const digits = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, "\u202f");
  const pictures = new Set();
  const sums = {
    instructions: total(page, "instructions"),
    cost: total(page, "cost"),
    after: total(page, "cost_patched"),
    saved: total(page, "cost") - total(page, "cost_patched"),
  };
  for (const [weight, sum] of Object.entries(sums)) {
    await tab.page.select("#flame-weight", weight);
    await tab.frames();
    pictures.add(await tab.picture());
    const text = await tab.text("section[aria-label='Selected frame']");
    assert(text.includes(digits(sum)), `${weight}: the sum ${digits(sum)} is not in ${text}`);
  }
  // Where nothing is saved, cost before and after are one picture.
  equal(pictures.size, sums.saved > 0 ? 4 : pictures.size, "different pictures");
  await tab.page.select("#flame-weight", "cost");
  await tab.click("checkbox", "Before/after difference");
  await linked(tab, browser);
  await tab.click("checkbox", "Callers at the bottom");
  await linked(tab, browser);
}

export async function flameSearch(tab, browser) {
  const { names, name } = tab.subject.page.frames;
  const wanted = names[name[Math.min(3, name.length - 1)]].name.slice(0, 30);
  await tab.page.type("#flame-search", wanted);
  await until("matches are counted", async () => /matched/.test(await tab.text("output")));
  assert(!/^0 /.test(await tab.text("output")), "something matches");
  await linked(tab, browser);
  await tab.page.$eval("#flame-search", (input) => {
    input.value = "";
    input.dispatchEvent(new Event("input"));
  });
  const canvas = await flameCanvas(tab);
  const box = await canvas.boundingBox();
  await tab.page.mouse.move(box.x + 40, box.y + 30);
  await until("a tooltip", () => tab.page.$eval(".graph-tip", (tip) => !tip.hidden && tip.textContent.includes("Own")));
  await tab.page.mouse.move(2, 2);
  await until("no tooltip", () => tab.page.$eval(".graph-tip", (tip) => tip.hidden));
  await tab.page.click("section[aria-label='Functions by own value'] tbody button");
  await tab.frames();
  assert((await flameTrail(tab)).length > 1, "a function of the table is zoomed");
  const links = await tab.page.$$("section[aria-label='Selected frame'] a");
  if (links.length > 0) {
    await links[0].click();
    await tab.ready("cfg");
  }
}

export async function cfgChoose(tab, browser) {
  const { page } = tab.subject;
  const links = await tab.page.$$("nav[aria-label=Functions] a");
  assert(links.length > 0, "functions are listed");
  const third = links[Math.min(2, links.length - 1)];
  const name = await third.evaluate((a) => a.title);
  await third.click();
  await tab.ready("cfg");
  await until(`the heading ${name}`, async () => (await tab.text("section[aria-label=Graph] h2")).startsWith(name.slice(0, 40).trim()));
  await until("instructions", () => tab.page.evaluate(() => document.querySelector("svg[role=group] g[role=button]") !== null));
  const blocks = await tab.page.$$("svg[role=group] g[role=button]");
  assert(blocks.length > 0, "blocks are drawn");
  const label = await blocks[0].evaluate((node) => node.getAttribute("aria-label"));
  await blocks[0].evaluate((node) => node.dispatchEvent(new MouseEvent("click", { bubbles: true })));
  await tab.frames();
  const panel = await tab.text("section[aria-label=Block]");
  assert(panel.startsWith(label.split(",")[0]), `the panel shows ${label}: ${panel.slice(0, 60)}`);
  await linked(tab, browser);
  const wanted = page.functions[Math.min(5, page.functions.length - 1)].entry.toString(16);
  await tab.page.type("#cfg-search", `0x${wanted}`);
  await until("the list is narrowed", async () => (await tab.page.$$("nav[aria-label=Functions] a")).length < 20);
  await linked(tab, browser);
  const block = page.blocks.precompile.findIndex((p) => p >= 0);
  if (block < 0) return;
  await tab.goTo(`#/cfg?block=${block}`);
  await tab.page.click("section[aria-label=Block] dl a");
  await tab.ready("precompiles");
}

export async function cfgMove(tab, browser) {
  await tab.page.$eval("svg[role=group] g[role=button][tabindex='0']", (node) => node.focus());
  const focused = () => tab.page.evaluate(() => document.activeElement.getAttribute("aria-label"));
  const first = await focused();
  let other = first;
  for (const key of ["ArrowDown", "ArrowUp", "ArrowRight", "ArrowLeft"]) {
    await tab.page.keyboard.press(key);
    if ((await focused()) !== first) other = await focused();
  }
  const count = (await tab.page.$$("svg[role=group] g[role=button]")).length;
  assert(count === 1 || other !== first, "arrows move between blocks");
  const at = await focused();
  await tab.page.keyboard.press("Enter");
  await tab.frames();
  assert((await tab.text("section[aria-label=Block]")).startsWith(at.split(",")[0]), "Enter chooses the block");
  const place = () => tab.page.$eval("svg[role=group] > g", (g) => g.getAttribute("transform"));
  const before = await place();
  await tab.click("button", "Zoom in");
  assert((await place()) !== before, "the button zooms");
  const zoomed = await place();
  const box = await (await tab.page.$("svg[role=group]")).boundingBox();
  await tab.page.mouse.move(box.x + 8, box.y + 8);
  await tab.page.mouse.down();
  await tab.page.mouse.move(box.x + 68, box.y + 48, { steps: 4 });
  await tab.page.mouse.up();
  assert((await place()) !== zoomed, "dragging moves the graph");
  await linked(tab, browser);
  await tab.page.select("#cfg-colour", "count");
  await tab.click("checkbox", "Instructions");
  await linked(tab, browser);
  await tab.click("button", "Fit the whole graph");
  await linked(tab, browser);
}

// The function with the most blocks: it is drawn soon, and in part if it is very large.
export async function cfgLarge(tab) {
  const { page } = tab.subject;
  const blocks = new Map();
  for (const f of page.blocks.function) if (f >= 0) blocks.set(f, (blocks.get(f) ?? 0) + 1);
  const [func, count] = [...blocks].reduce((most, entry) => (entry[1] > most[1] ? entry : most));
  const begin = Date.now();
  await tab.goTo(`#/cfg?function=${func}&text=0`);
  const seconds = (Date.now() - begin) / 1000;
  const drawn = (await tab.page.$$("svg[role=group] g[role=button]")).length;
  equal(drawn, Math.min(count, 400), "drawn blocks");
  if (count > 400) assert((await tab.text()).includes("costliest"), "the page says that not all are drawn");
  assert(seconds < 3, `it took ${seconds} s`);
  return `${count} blocks, ${seconds.toFixed(2)} s`;
}
