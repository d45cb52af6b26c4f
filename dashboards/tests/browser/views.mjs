// What single views do: sorting, search, zoom, choosing, links. Each ends by loading its fragment afresh.

import { cfgChoose, cfgLarge, cfgMove, flameSearch, flameWeights, flameZoom } from "./graphs.mjs";
import { Tab, assert, equal, linked, until } from "./harness.mjs";

export async function views(results, browser, subject) {
  const check = (name, fragment, f) =>
    results.check(`${subject.name}: ${name}`, async () => {
      const tab = await Tab.open(browser, subject, fragment);
      try {
        const note = await f(tab, browser);
        tab.calm();
        return note;
      } finally {
        await tab.close();
      }
    });
  const { precompiles } = subject.page.report;
  await check("regions: sort", "#/regions?show=all", regionsSort);
  await check("regions: search, filter, choose, open", "#/regions", regionsFind);
  if (precompiles.length > 0) {
    await check("precompiles: sort, open one, back", "#/precompiles", precompilesList);
    await check("precompiles: a line and what it comes from", `#/precompiles?id=${precompiles[0].id}`, origins);
  }
  if (subject.page.report.totals && precompiles.length > 0) await check("savings: choose a budget", "#/savings", budget);
  if (subject.page.history.length > 1) await check("history: a row per build", "#/history", builds);
  await check("flamegraph: zoom by click and key, reset", "#/flame", flameZoom);
  await check("flamegraph: weights, difference, direction", "#/flame", flameWeights);
  await check("flamegraph: search, tooltip, table", "#/flame", flameSearch);
  await check("control flow: choose a function and a block", "#/cfg", cfgChoose);
  await check("control flow: keys, zoom, pan", "#/cfg", cfgMove);
  await check("control flow: a large function", "#/cfg", cfgLarge);
}

// The rows of a table that are in sight: their texts by column.
const rows = (tab) =>
  tab.page.$$eval("main [role=grid] tbody tr[aria-rowindex]", (list) => list.map((tr) => [...tr.cells].map((td) => td.textContent)));

const rowCount = async (tab) => Number(await tab.page.$eval("main [role=grid]", (grid) => grid.getAttribute("aria-rowcount"))) - 1;

// A number as it is written on the page.
const value = (text) => Number(text.replace(/[\s\u202f]/g, "").replace("\u2212", "-").replace("×", ""));

// Clicks every head and looks whether the rows in sight are in that order.
async function sortAll(tab, browser) {
  const heads = await tab.page.$$eval("main [role=grid] thead th", (list) =>
    list.map((th) => ({ title: th.textContent, sorts: th.querySelector("button") !== null, digits: th.classList.contains("num") })),
  );
  assert(heads.filter((h) => h.sorts).length > 4, "columns can be sorted");
  for (const [k, head] of heads.entries()) {
    if (!head.sorts) continue;
    for (let turn = 0; turn < 2; turn += 1) {
      await tab.page.click(`main [role=grid] thead th:nth-child(${k + 1}) button`);
      await tab.frames();
      const order = await tab.page.$eval(`main [role=grid] thead th:nth-child(${k + 1})`, (th) => th.getAttribute("aria-sort"));
      assert(order === "ascending" || order === "descending", `${head.title} says how it is sorted`);
      if (!head.digits) continue;
      const values = (await rows(tab)).map((cells) => value(cells[k])).filter((v) => !Number.isNaN(v));
      const sorted = [...values].sort((a, b) => (order === "ascending" ? a - b : b - a));
      equal(values, sorted, `${head.title}, ${order}`);
    }
  }
  await linked(tab, browser);
}

async function regionsSort(tab, browser) {
  equal(await rowCount(tab), tab.subject.page.blocks.entry.length, "rows of all blocks");
  await sortAll(tab, browser);
}

async function regionsFind(tab, browser) {
  const { blocks, functions, report } = tab.subject.page;
  const executed = blocks.count.filter((n) => n > 0).length;
  if (report.totals) equal(await rowCount(tab), executed, "rows of executed blocks");
  await tab.click("button", "Chosen");
  equal(await rowCount(tab), blocks.precompile.filter((p) => p >= 0).length, "rows of chosen blocks");
  await linked(tab, browser);
  await tab.click("button", "All");
  const block = blocks.function.findIndex((f) => f >= 0 && /^[\w:]+$/.test(functions[f].name));
  assert(block >= 0, "some function has a plain name");
  const { name } = functions[blocks.function[block]];
  await tab.page.type("main input[type=search]", name);
  await until("fewer rows", async () => (await rowCount(tab)) < blocks.entry.length);
  for (const cells of await rows(tab)) assert(cells.join(" ").toLowerCase().includes(name.toLowerCase()), `a row without ${name}: ${cells.join(" ").slice(0, 200)}`);
  await linked(tab, browser);
  await tab.page.focus("main [role=grid]");
  await tab.page.keyboard.press("ArrowDown");
  await tab.frames();
  const active = await tab.page.$eval("main [role=grid]", (grid) => document.getElementById(grid.getAttribute("aria-activedescendant"))?.textContent);
  assert(active, "the arrow chooses a row");
  assert((await tab.text("section[aria-label='The chosen block']")).includes("Block at 0x"), "the chosen block is described");
  await linked(tab, browser);
  await tab.page.keyboard.press("Enter");
  await until("Enter opens the row", async () => /^#\/(cfg|precompiles)/.test(await tab.fragment()));
  await tab.ready();
}

async function precompilesList(tab, browser) {
  const { precompiles } = tab.subject.page.report;
  equal(await rowCount(tab), precompiles.length, "rows");
  await sortAll(tab, browser);
  const list = await tab.text();
  const id = (await rows(tab))[0][0];
  await tab.click("link", id);
  await tab.ready("precompiles");
  equal(await tab.text("h1"), `Precompile ${id}`, "the heading");
  await linked(tab, browser);
  await tab.page.evaluate(() => history.back());
  await until("the list again", async () => (await tab.text()) === list);
}

// Pointing at a constraint marks the instruction that it comes from; choosing it stays and can be linked.
async function origins(tab, browser) {
  const { id } = tab.subject.page.report.precompiles[0];
  const detail = tab.subject.blob(`detail-${id}`);
  const tabs = await tab.page.$$("[role=tablist][aria-label='What it became'] [role=tab]");
  equal(tabs.length, 4, "tabs");
  for (const one of tabs) {
    await one.click();
    await tab.frames();
    assert((await one.evaluate((node) => node.getAttribute("aria-selected"))) === "true", "a click selects the tab");
  }
  await tabs[1].click();
  await tab.frames();
  const { constraints } = detail.systems[0];
  const line = constraints.findIndex((c, k) => k < 12 && c.inst >= 0);
  if (line < 0) return "no constraint names an instruction";
  const { inst } = constraints[line];
  const option = (list, k) => `[role=listbox][aria-label=${list}] [role=option][aria-posinset="${k + 1}"]`;
  await tab.page.hover(option("Constraints", line));
  await until("the instruction is marked", () =>
    tab.page.evaluate((selector) => document.querySelector(selector)?.classList.contains("related"), option("Assembly", inst)),
  );
  const marked = await tab.page.$$eval("[role=listbox][aria-label=Assembly] .related", (list) => list.map((n) => Number(n.getAttribute("aria-posinset")) - 1));
  equal(marked, [inst], "marked instructions");
  await tab.page.mouse.move(2, 2);
  await until("nothing is marked", () => tab.page.evaluate(() => document.querySelector(".related") === null));
  await tab.page.click(option("Constraints", line));
  await tab.frames();
  assert((await tab.text()).includes(detail.assembly[inst].text.slice(0, 40)), "the inspector shows the instruction");
  await linked(tab, browser);
  await tab.page.keyboard.press("ArrowDown");
  await tab.frames();
  await linked(tab, browser);
}

async function budget(tab, browser) {
  const chosen = tab.subject.page.report.precompiles.length;
  const readout = () => tab.text("[role=status]");
  assert((await readout()).startsWith(String(chosen)), `at first it shows the build's ${chosen} precompiles: ${await readout()}`);
  const slider = await tab.role("slider", "Number of precompiles");
  await slider.focus();
  await tab.page.keyboard.press("Home");
  await tab.page.keyboard.press("ArrowRight");
  await until("the slider says one", async () => /^1\s/.test(await readout()));
  // Which rows of the table are in sight depends on where it was scrolled before.
  await linked(tab, browser, "[role=status]");
}

async function builds(tab) {
  const { history } = tab.subject.page;
  const count = await tab.page.$$eval("[role=region][aria-label=Builds] tbody tr", (list) => list.length);
  equal(count, history.length, "rows");
  assert((await tab.page.$$("main svg")).length >= 4, "charts are drawn");
}
