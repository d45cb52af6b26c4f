// Chromium, the pages under test, and the list of what passed and failed.
//
// A page under test may do nothing unexpected: console warnings and errors, uncaught errors, dialogs and
// requests other than for the file itself are kept, and `Tab.calm` fails on them.

import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import zlib from "node:zlib";
import puppeteer from "puppeteer-core";

// No check takes longer; a machine that is busy with other things is slow.
const CHECK_SECONDS = 120;

export function assert(holds, message) {
  if (!holds) throw new Error(message);
}

export function equal(got, expected, what) {
  const [g, e] = [JSON.stringify(got), JSON.stringify(expected)];
  if (g !== e) throw new Error(`${what}: expected ${e.slice(0, 400)}, got ${g.slice(0, 400)}`);
}

export const wait = (ms) => new Promise((done) => setTimeout(done, ms));

// Waits until the function gives something true; a busy machine may take long, so this is generous.
export async function until(what, f, seconds = 20) {
  const end = Date.now() + 1000 * seconds;
  for (;;) {
    const got = await f();
    if (got) return got;
    if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
    await wait(40);
  }
}

export class Results {
  constructor() {
    this.passed = 0;
    this.failed = [];
  }

  async check(name, f) {
    const begin = Date.now();
    let timer;
    const limit = new Promise((_, fail) => {
      timer = setTimeout(() => fail(new Error(`not finished within ${CHECK_SECONDS} s`)), 1000 * CHECK_SECONDS);
    });
    try {
      const note = await Promise.race([f(), limit]);
      this.passed += 1;
      console.log(`ok    ${name} (${((Date.now() - begin) / 1000).toFixed(1)} s)${note ? `: ${note}` : ""}`);
    } catch (error) {
      this.failed.push(name);
      console.log(`FAIL  ${name}: ${error.message}`);
    } finally {
      clearTimeout(timer);
    }
  }
}

function chromium() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  for (const name of ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]) {
    const found = spawnSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" });
    if (found.status === 0) return found.stdout.trim();
  }
  throw new Error("no Chromium: install it, or name the program in the variable CHROMIUM");
}

export function launch() {
  const args = ["--disable-background-networking", "--disable-component-update", "--no-first-run"];
  // Chromium refuses its sandbox to root.
  if (process.getuid?.() === 0) args.push("--no-sandbox");
  return puppeteer.launch({ executablePath: chromium(), args, protocolTimeout: 1000 * CHECK_SECONDS });
}

// A file under test with what it holds.
export class Subject {
  constructor(file) {
    this.file = path.resolve(file);
    this.name = path.basename(file);
    this.bytes = fs.statSync(this.file).size;
    this.url = pathToFileURL(this.file).href;
    this.html = fs.readFileSync(this.file, "utf8");
    this.page = this.blob("page-data");
  }

  blob(id) {
    const found = this.html.match(new RegExp(`id="${id}">([^<]*)<`));
    assert(found !== null, `${this.name} holds no data "${id}": is it a report page?`);
    return JSON.parse(zlib.gunzipSync(Buffer.from(found[1], "base64")));
  }

  // Whether it was made to attack the page.
  get hostile() {
    return this.page.functions.some((f) => f.name.includes("<script"));
  }

  get large() {
    return this.page.blocks.entry.length >= 60000;
  }
}

const kept = (message) => ["error", "warn", "assert"].includes(message.type());

// A tab with a page under test.
export class Tab {
  static async open(browser, subject, fragment = "", { width = 1280, height = 900, theme = "light", touch = false } = {}) {
    const context = await browser.createBrowserContext();
    const page = await context.newPage();
    const tab = new Tab(context, page, subject);
    page.setDefaultTimeout(20000);
    // A page behind another has no focus to show.
    const session = await page.createCDPSession();
    await session.send("Emulation.setFocusEmulationEnabled", { enabled: true });
    page.on("console", (m) => kept(m) && tab.problems.push(`console ${m.type()}: ${m.text()}`));
    page.on("pageerror", (e) => tab.problems.push(`uncaught: ${e.message}`));
    page.on("dialog", (d) => {
      tab.problems.push(`dialog: ${d.message()}`);
      d.dismiss();
    });
    page.on("popup", () => tab.problems.push("a window was opened"));
    page.on("request", (r) => {
      const url = r.url();
      if (url.startsWith("data:") || url.split("#")[0] === subject.url) return;
      tab.problems.push(`request: ${url}`);
    });
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: theme }]);
    await page.setViewport({ width, height, hasTouch: touch });
    await page.evaluateOnNewDocument(() => {
      // When the first view stood, after the navigation began, and every policy violation.
      const observer = new MutationObserver(() => {
        if (document.documentElement?.dataset.ready && !window.firstDrawn) window.firstDrawn = performance.now();
      });
      observer.observe(document, { attributes: true, subtree: true, attributeFilter: ["data-ready"] });
      document.addEventListener("securitypolicyviolation", (e) => console.error(`policy: ${e.violatedDirective}`));
    });
    await page.goto(subject.url + fragment);
    await tab.ready();
    return tab;
  }

  constructor(context, page, subject) {
    this.context = context;
    this.page = page;
    this.subject = subject;
    this.problems = [];
  }

  async close() {
    await this.context.close();
  }

  // Waits until a view stands: the one with the id, or any.
  async ready(view) {
    await until(`view ${view ?? ""} drawn`, () =>
      this.page.evaluate((id) => {
        const { ready } = document.documentElement.dataset;
        return id ? ready === id : Boolean(ready);
      }, view ?? null),
    );
    // What follows in the next frames: canvases, observers.
    await this.frames();
  }

  frames() {
    return this.page.evaluate(
      () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 30)))),
    );
  }

  calm() {
    equal(this.problems, [], "the page did something unexpected");
  }

  fragment() {
    return this.page.evaluate(() => location.hash);
  }

  // The views, from the menu.
  views() {
    return this.page.$$eval("nav[aria-label=Views] a", (links) =>
      links.map((a) => ({ title: a.textContent, href: a.getAttribute("href"), id: /^#\/(\w+)/.exec(a.getAttribute("href"))[1] })),
    );
  }

  async goTo(fragment) {
    const id = /^#\/(\w+)/.exec(fragment)[1];
    await this.page.evaluate((hash) => {
      if (location.hash !== hash) delete document.documentElement.dataset.ready;
      location.hash = hash;
    }, fragment);
    await this.ready(id);
  }

  // Found as a reader of the screen finds it.
  async role(role, name) {
    const handle = await this.page.waitForSelector(`::-p-aria([role="${role}"]${name ? `[name="${name}"]` : ""})`);
    return handle;
  }

  async click(role, name) {
    const handle = await this.role(role, name);
    await handle.click();
    await this.frames();
  }

  text(selector = "main") {
    return this.page.$eval(selector, (node) => node.innerText);
  }

  // What is shown: text, and what canvases and drawings hold, as one short text.
  picture() {
    return this.page.evaluate(() => {
      const main = document.querySelector("main");
      let hash = 0;
      const add = (text) => {
        for (let i = 0; i < text.length; i += 1) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
      };
      for (const canvas of main.querySelectorAll("canvas")) add(canvas.toDataURL());
      for (const part of main.querySelectorAll("svg path, svg rect, svg g")) {
        add(part.getAttribute("d") ?? part.getAttribute("transform") ?? part.getAttribute("width") ?? "");
      }
      // What was announced last is no part of the state.
      let text = main.innerText;
      for (const said of main.querySelectorAll("[aria-live]")) if (said.innerText) text = text.replace(said.innerText, "");
      return `${hash} ${text.replace(/\s+/g, " ")}`;
    });
  }
}

// The same fragment, opened anew, shows the same: the whole view, or the part that is named.
export async function linked(tab, browser, part = null) {
  // Views save what moves continuously a moment later.
  await wait(400);
  const fragment = await tab.fragment();
  const look = (of) => (part === null ? of.picture() : of.text(part));
  const before = await look(tab);
  const fresh = await Tab.open(browser, tab.subject, fragment);
  try {
    let after = "";
    await until(`the view of ${fragment} is drawn as it was`, async () => {
      after = await look(fresh);
      return after === before;
    }).catch((error) => {
      let k = 0;
      while (before[k] === after[k]) k += 1;
      throw new Error(`${error.message}; expected …${before.slice(k - 20, k + 60)}…, got …${after.slice(k - 20, k + 60)}…`);
    });
    fresh.calm();
  } finally {
    await fresh.close();
  }
}
