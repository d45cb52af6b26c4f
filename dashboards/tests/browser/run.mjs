// Opens report pages in Chromium and uses them as people do.
//
//   node run.mjs [--screenshots DIR] FILE...
//
// Each FILE is a report page. Chromium is found in the path or named by the variable CHROMIUM. With
// `--screenshots`, pictures of every view of the first file are written as PNG. Ends with `N passed,
// N failed` and a status other than 0 if something failed.

import fs from "node:fs";
import path from "node:path";
import { general } from "./general.mjs";
import { Results, Subject, Tab, launch } from "./harness.mjs";
import { views } from "./views.mjs";

const MOST_MINUTES = 25;

function usage(message) {
  console.error(`${message}\nusage: node run.mjs [--screenshots DIR] FILE...`);
  process.exit(2);
}

function options(words) {
  const files = [];
  let screenshots = null;
  for (let k = 0; k < words.length; k += 1) {
    if (words[k] === "--screenshots") {
      screenshots = words[k + 1] ?? usage("--screenshots needs a folder");
      k += 1;
    } else if (words[k].startsWith("-")) usage(`unknown option ${words[k]}`);
    else files.push(words[k]);
  }
  if (files.length === 0) usage("no page named");
  for (const file of files) if (!fs.existsSync(file)) usage(`there is no file ${file}`);
  return { files, screenshots };
}

// One picture per view at 1280 pixels, light, and the overview dark as well.
async function pictures(browser, subject, folder) {
  fs.mkdirSync(folder, { recursive: true });
  const size = { width: 1280, height: 900 };
  const tab = await Tab.open(browser, subject, "", size);
  const shoot = async (from, name) => {
    await from.frames();
    const tall = await from.page.evaluate(() => document.documentElement.scrollHeight);
    await from.page.setViewport({ ...size, height: Math.min(Math.max(tall, 600), 1400) });
    await from.frames();
    await from.page.screenshot({ path: path.join(folder, `${name}.png`) });
    await from.page.setViewport(size);
  };
  for (const view of await tab.views()) {
    await tab.goTo(view.href);
    await shoot(tab, view.id);
  }
  await tab.goTo("#/flame?diff=1");
  await shoot(tab, "flame-difference");
  // The precompile that saves most, with a constraint chosen.
  const { precompiles } = subject.page.report;
  if (precompiles.length > 0) {
    const most = precompiles.reduce((a, b) => (b.saved > a.saved ? b : a));
    await tab.goTo(`#/precompiles?id=${most.id}&tab=constraints&line=3`);
    await shoot(tab, "precompile");
  }
  tab.calm();
  await tab.close();
  const dark = await Tab.open(browser, subject, "", { ...size, theme: "dark" });
  await shoot(dark, "overview-dark");
  await dark.close();
}

const { files, screenshots } = options(process.argv.slice(2));
const browser = await launch();
const results = new Results();
// A browser that hangs must not hang whoever runs this.
const alarm = setTimeout(
  () => {
    console.log(`FAIL  not finished within ${MOST_MINUTES} minutes`);
    browser.process()?.kill("SIGKILL");
    process.exit(1);
  },
  60000 * MOST_MINUTES,
);
console.log(`${await browser.version()}`);
try {
  for (const [k, file] of files.entries()) {
    let subject = null;
    await results.check(`${path.basename(file)}: is a report page`, async () => {
      subject = new Subject(file);
    });
    if (subject === null) continue;
    await general(results, browser, subject);
    await views(results, browser, subject);
    if (screenshots !== null && k === 0) {
      await results.check(`${subject.name}: pictures`, () => pictures(browser, subject, screenshots));
    }
  }
} finally {
  clearTimeout(alarm);
  await browser.close();
}
for (const name of results.failed) console.log(`failed: ${name}`);
console.log(`${results.passed} passed, ${results.failed.length} failed`);
process.exitCode = results.failed.length > 0 ? 1 : 0;
