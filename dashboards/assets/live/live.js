// Asks the server each second how the run is, and shows it.

const POLL = 1000;
// Seconds between the end of a run and its report.
const LEAVE = 5;

const node = (id) => document.getElementById(id);

const live = {
  flame: liveFlame(node("flame")),
  functions: liveTable(
    node("functions"),
    (shown, all) => (shown < all ? `${shown} of ${number(all)} functions, by instructions of their own` : "By instructions of their own, callees excluded"),
    [
      { title: "Function", class: "", fill: (cell, f) => nameCell(cell, f.name) },
      { title: "Instructions", class: "num many", fill: (cell, f) => say(cell, short(f.instructions)) },
      { title: "Share", class: "num share", fill: (cell, f, total) => shareCell(cell, f.instructions, total) },
    ],
    (f) => f.name,
  ),
  blocks: liveTable(
    node("blocks"),
    (shown, all) => (shown < all ? `${shown} of ${number(all)} blocks, by instructions` : "By instructions"),
    [
      { title: "Block", class: "", fill: (cell, b) => nameCell(cell, b.function ?? "(no symbol)", address(b.entry)) },
      { title: "Executed", class: "num many", fill: (cell, b) => say(cell, `${short(b.count)}×`) },
      { title: "Share", class: "num share", fill: (cell, b, total) => shareCell(cell, b.instructions, total) },
    ],
    (b) => String(b.entry),
  ),
  drawn: null,
  run: null,
  // The run that was on the page when somebody chose to stay.
  stayed: false,
  leaving: null,
};

function nameCell(cell, name, more) {
  if (!cell.firstChild) append(cell, [el("span", { class: "clip" }), more && el("span", { class: "muted mono" })]);
  say(cell.firstChild, name);
  cell.firstChild.title = visible(cut(name, 500));
  if (more) say(cell.lastChild, more);
}

const HEADLINES = {
  waiting: "Waiting for a run",
  running: "Running",
  stale: "No news of the run",
  ended: "The run has ended",
  failed: "The run has failed",
};

function status(kind, text) {
  const box = node("status");
  const wanted = text ? `${kind}\n${text}` : "";
  if (box.dataset.shown === wanted) return;
  box.dataset.shown = wanted;
  put(box, text && el("p", { class: `notice ${kind}` }, text));
}

function showAnswer(answer) {
  const { state, live: run } = answer;
  say(node("guest"), run ? run.guest : answer.folder);
  const headline = state === "running" && run ? `${run.command === "build" ? "Build" : "Profile"}: ${run.stage}` : (HEADLINES[state] ?? state);
  say(node("headline"), headline);
  document.title = visible(cut(`${headline} – ${run ? run.guest : answer.folder} – autoprec`, 300));
  node("to-report").hidden = !answer.report;
  const kinds = { stale: "warn", failed: "bad" };
  const waiting = `Nothing was written to ${answer.folder} yet. Start “autoprec build --out DIR” or “autoprec profile --out DIR” with this folder; this page then shows it.`;
  status(kinds[state] ?? "", answer.note ?? (state === "waiting" ? waiting : null));
  if (state === "running" && live.run !== run.started) {
    live.run = run.started;
    live.stayed = false;
  }
  leave(state === "ended");
  node("run").hidden = !run;
  if (run) showRun(run, state);
  document.documentElement.dataset.ready = state;
}

function tile(name, value) {
  return el("div", null, el("dt", null, name), el("dd", null, value));
}

function showRun(run, state) {
  const going = state === "running";
  const tiles = [["Time", duration(run.seconds)], ["Stage", `${run.stage}, ${duration(run.stage_seconds)}`]];
  if (run.instructions !== null) tiles.push(["Instructions", number(run.instructions)]);
  else if (run.profile) tiles.push(["Instructions profiled", number(run.profile.instructions)]);
  if (run.mips !== null && going) tiles.push(["Million instructions per second", number(run.mips)]);
  showTiles(tiles);
  showBar(run, going);
  node("speed").hidden = !liveChart(node("chart"), run.history);
  showProfile(run);
}

function showTiles(tiles) {
  const list = node("tiles");
  const names = tiles.map(([name]) => name).join("\n");
  if (list.dataset.names !== names) {
    list.dataset.names = names;
    put(list, tiles.map(([name, value]) => tile(name, value)));
    return;
  }
  tiles.forEach(([, value], i) => say(list.children[i].lastChild, value));
}

function showBar(run, going) {
  node("progress").hidden = !going;
  const bar = node("bar");
  if (run.of !== null) {
    bar.max = Math.max(run.of, 1);
    bar.value = run.done;
    say(node("bar-text"), `${number(run.done)} of ${number(run.of)}`);
  } else {
    bar.removeAttribute("value");
    say(node("bar-text"), "it is not known how long this takes");
  }
}

function showProfile(run) {
  const { profile } = run;
  node("hot").hidden = !profile;
  node("early").hidden = Boolean(profile) || !run.instructions;
  say(node("early"), "The first profile comes after a second of the run.");
  if (!profile) return;
  const text = JSON.stringify(profile);
  if (text === live.drawn) return;
  live.drawn = text;
  live.functions(profile.functions, profile.functions_in_all, profile.instructions);
  live.blocks(profile.blocks, profile.blocks_in_all, profile.instructions);
  live.flame(profile.tree, profile.instructions);
}

// Offers the report of a run that has ended, and goes there after a while.
function leave(ended) {
  node("leave").hidden = !ended;
  if (!ended || live.stayed) {
    clearInterval(live.leaving);
    live.leaving = null;
    if (ended) say(node("leave-text"), "The report is ready.");
    return;
  }
  if (live.leaving !== null) return;
  let left = LEAVE;
  const tick = () => {
    say(node("leave-text"), `The report is ready. It opens in ${count(left, "second")}.`);
    if (left === 0) location.assign("/report");
    left -= 1;
  };
  tick();
  live.leaving = setInterval(tick, 1000);
}

async function poll() {
  try {
    const response = await fetch("/live.json", { cache: "no-store", signal: AbortSignal.timeout(10 * POLL) });
    if (!response.ok) throw new Error(`it answers ${response.status}`);
    showAnswer(await response.json());
  } catch (error) {
    leave(false);
    say(node("headline"), "No connection");
    status("bad", `The server does not answer (${error.message}). Was “autoprec serve” ended? This page goes on asking.`);
    document.documentElement.dataset.ready = "lost";
  }
  setTimeout(poll, POLL);
}

function begin() {
  setTheme(storedTheme() ?? systemTheme());
  node("theme").addEventListener("click", toggleTheme);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    if (!storedTheme()) setTheme(systemTheme());
  });
  node("stay").addEventListener("click", () => {
    live.stayed = true;
    leave(true);
    node("main").focus();
  });
  poll();
}

begin();
