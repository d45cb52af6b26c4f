// Overview: what was saved, predicted beside measured, by table and by function, and what identifies the
// build.

const Overview = {
  // Cost by function before and after, those with most first.
  byFunction(page) {
    const { blocks, functions } = page;
    const before = new Float64Array(functions.length + 1);
    const after = new Float64Array(functions.length + 1);
    for (let i = 0; i < blocks.entry.length; i += 1) {
      const f = blocks.function[i] < 0 ? functions.length : blocks.function[i];
      const cost = blocks.count[i] * blocks.cost[i];
      before[f] += cost;
      after[f] += cost - (blocks.precompile[i] >= 0 ? blocks.saved[i] : 0);
    }
    const order = [];
    for (let f = 0; f < before.length; f += 1) if (before[f] > 0) order.push(f);
    order.sort((a, b) => before[b] - before[a]);
    return order.map((f) => ({ index: f, name: functions[f]?.name ?? "code without symbol", place: functions[f]?.place, before: before[f], after: after[f] }));
  },

  // A sum before and after; the sum alone where nothing could change it.
  figure(title, before, after, unit, alone) {
    if (alone) {
      return el("div", { class: "figure" }, el("h2", null, title), el("div", { class: "ratio" }, short(before)), el("p", { class: "exact muted" }, `${number(before)} ${unit}`));
    }
    return el(
      "div",
      { class: "figure" },
      el("h2", null, title),
      ratio(before, after),
      bars(before, after, before),
      el(
        "dl",
        null,
        fact("before", short(before), `${number(before)} ${unit}`),
        fact("after", short(after), `${number(after)} ${unit}`),
        fact("saved", percent(before - after, before)),
      ),
      el("p", { class: "exact muted" }, `${number(before)} → ${number(after)} ${unit}`),
    );
  },

  figures(page) {
    const { totals, precompiles, target } = page.report;
    if (!totals) {
      return el(
        "p",
        { class: "notice" },
        "This build was made from a lock, without a run of the guest. So nothing is known here of how often code runs or what that costs in all; what each precompile costs per call is known. Build with a profile to see sums.",
      );
    }
    const alone = precompiles.length === 0;
    const covered = precompiles.reduce((sum, precompile) => sum + precompile.calls * precompile.instructions, 0);
    const calls = precompiles.reduce((sum, precompile) => sum + precompile.calls, 0);
    return el(
      "div",
      { class: "figures" },
      Overview.figure(`Cost (${target.unit})`, totals.cost, totals.cost_patched, target.unit, alone),
      Overview.figure("Instructions", totals.instructions, totals.instructions_patched, "instructions", alone),
      !alone && el(
        "div",
        { class: "figure" },
        el("h2", null, "Precompiles"),
        el("div", { class: "ratio" }, number(precompiles.length)),
        el(
          "dl",
          null,
          fact("calls", short(calls), number(calls)),
          fact("instructions in calls", percent(covered, totals.instructions), number(covered)),
        ),
        el("p", { class: "exact" }, el("a", { href: link("precompiles") }, "What they are"), " · ", el("a", { href: link("savings") }, "How many are worth it")),
      ),
    );
  },

  // Main cells of a proof, and those with padding.
  cells(measured) {
    const sum = (rows) => measured.tables.reduce((total, table) => total + table.columns * rows(table), 0);
    return { filled: sum((table) => table.rows), padded: sum((table) => table.padded_rows) };
  },

  measured(page) {
    const { measured_before: before, measured_after: after, report } = page;
    const heading = el("h2", null, "Predicted and measured");
    if (before.length === 0 && after.length === 0) {
      return [
        heading,
        el(
          "p",
          null,
          "Nothing was measured: the figures of this page are predictions of the cost model. ",
          report.target.refused
            ? "autoprec does not prove for this target."
            : [el("code", null, "autoprec prove … --record DIR"), " proves the guest and records what it took; a report made with that folder shows it here."],
        ),
      ];
    }
    const targets = [...new Set([...before, ...after].map((measured) => measured.target))].sort();
    return [heading, targets.map((target) => Overview.proofs(report, target, before.find((m) => m.target === target), after.find((m) => m.target === target)))];
  },

  proofs(report, target, before, after) {
    const seconds = (n) => (n >= 100 ? number(Math.round(n)) : n.toPrecision(3));
    const row = (title, value, show) => {
      const a = before && value(before);
      const b = after && value(after);
      return el(
        "tr",
        null,
        el("th", { scope: "row" }, title),
        el("td", { class: "num" }, before ? show(a) : "–"),
        el("td", { class: "num" }, after ? show(b) : "–"),
        el("td", { class: "num" }, before && after ? times(a, b) : "–"),
      );
    };
    const { totals } = report;
    const predicted =
      target === report.target.name && totals
        ? el(
            "tr",
            { class: "predicted" },
            el("th", { scope: "row" }, `Predicted: ${report.target.unit}`),
            el("td", { class: "num" }, number(totals.cost)),
            el("td", { class: "num" }, number(totals.cost_patched)),
            el("td", { class: "num" }, times(totals.cost, totals.cost_patched)),
          )
        : null;
    const missing = !before ? "The original guest was not measured." : !after ? "The patched guest was not measured." : null;
    const stale =
      (before && before.elf_digest !== report.guest.elf_digest) || (after && report.guest.patched_digest && after.elf_digest !== report.guest.patched_digest);
    return [
      framed(
        `Measured by ${target}`,
        el(
          "table",
          { class: "plain" },
          el("caption", null, `Proved by ${target}`),
          el("thead", null, el("tr", null, el("td", null), ["Original", "Patched", "Ratio"].map((t) => el("th", { scope: "col", class: "num" }, t)))),
          el(
            "tbody",
            null,
            predicted,
            row("Main cells of all tables, filled", (m) => Overview.cells(m).filled, number),
            row("Main cells of all tables, with padding", (m) => Overview.cells(m).padded, number),
            row("Instructions executed", (m) => m.instructions, number),
            row("Tables with rows", (m) => m.tables.length, number),
            row("Parts proved one by one", (m) => m.segments, number),
            row("CPU seconds: run and fill tables", (m) => m.witness_seconds, seconds),
            row("CPU seconds: prove", (m) => m.prove_seconds, seconds),
            row("CPU seconds: in all", (m) => m.total_seconds, seconds),
            row("Proof, bytes", (m) => m.proof_bytes, number),
          ),
        ),
      ),
      missing && el("p", { class: "muted" }, missing),
      stale && el("p", { class: "notice warn" }, "A measured ELF is not the one of this build: its digest differs."),
    ];
  },

  tables(page, ctx) {
    const { tables, report } = page;
    if (tables.length === 0) return null;
    const unit = report.target.unit;
    const sum = (f) => tables.reduce((total, table) => total + f(table), 0);
    const rank = (table) => Math.max(table.rows_before, table.rows_after) * table.row;
    const order = [...tables].sort((a, b) => rank(b) - rank(a));
    const all = ctx.params.tables === "all";
    const shown = all ? order : order.slice(0, 15);
    const most = Math.max(1, ...order.map(rank));
    const num = (n) => el("td", { class: "num" }, number(n));
    const name = (table) => {
      const index = table.precompile === null ? -1 : report.precompiles.findIndex((precompile) => precompile.id === table.precompile);
      return index < 0 ? long(table.name, 60) : el("a", { href: link("precompiles", { id: table.precompile }) }, cut(table.name, 60));
    };
    return [
      el("h2", { id: "tables" }, "By table (AIR)"),
      framed(
        "Tables",
        el(
          "table",
          { class: "plain" },
          el("caption", null, `Predicted from the profiled run, in ${unit}`),
          el(
            "thead",
            null,
            el(
              "tr",
              null,
              el("th", { scope: "col" }, "Table"),
              el("th", { scope: "col", class: "bar-head" }, "Before, after"),
              ["Per row", "Rows before", "Rows after", "Before", "After", "Padded before", "Padded after"].map((t) => el("th", { scope: "col", class: "num" }, t)),
            ),
          ),
          el(
            "tbody",
            null,
            shown.map((table) =>
              el(
                "tr",
                null,
                el("th", { scope: "row" }, name(table)),
                el("td", null, bars(table.rows_before * table.row, table.rows_after * table.row, most)),
                num(table.row),
                num(table.rows_before),
                num(table.rows_after),
                num(table.rows_before * table.row),
                num(table.rows_after * table.row),
                num(table.padded_before * table.row),
                num(table.padded_after * table.row),
              ),
            ),
          ),
          el(
            "tfoot",
            null,
            el(
              "tr",
              null,
              el("th", { scope: "row" }, `All ${number(tables.length)} tables`),
              el("td", null),
              el("td", null),
              num(sum((t) => t.rows_before)),
              num(sum((t) => t.rows_after)),
              num(sum((t) => t.rows_before * t.row)),
              num(sum((t) => t.rows_after * t.row)),
              num(sum((t) => t.padded_before * t.row)),
              num(sum((t) => t.padded_after * t.row)),
            ),
          ),
        ),
      ),
      order.length > 15 && el("p", null, el("a", { href: link("overview", all ? {} : { tables: "all" }) }, all ? "Show the largest only" : `Show all ${number(order.length)} tables`)),
    ];
  },

  functions(page) {
    const list = Overview.byFunction(page);
    if (list.length === 0) return null;
    const { unit } = page.report.target;
    const total = list.reduce((sum, f) => sum + f.before, 0);
    const shown = list.slice(0, 30);
    return [
      el("h2", null, "By function"),
      framed(
        "Functions",
        el(
          "table",
          { class: "plain by-function" },
          el("caption", null, `Cost in ${unit}, callees excluded: the ${number(shown.length)} of ${number(list.length)} executed functions that cost most`),
          el(
            "thead",
            null,
            el(
              "tr",
              null,
              el("th", { scope: "col" }, "Function"),
              el("th", { scope: "col", class: "bar-head" }, "Before, after"),
              ["Share", "Before", "After", "Saved"].map((t) => el("th", { scope: "col", class: "num" }, t)),
            ),
          ),
          el(
            "tbody",
            null,
            shown.map((f) =>
              el(
                "tr",
                null,
                el(
                  "th",
                  { scope: "row" },
                  f.index < page.functions.length
                    ? el("a", { class: "clip", href: link("cfg", { function: f.index }), title: cut(f.name, 1000) }, cut(f.name, 200) || "(no name)")
                    : f.name,
                  f.place && el("span", { class: "place muted" }, f.place),
                ),
                el("td", null, bars(f.before, f.after, list[0].before)),
                el("td", { class: "num" }, percent(f.before, total)),
                el("td", { class: "num" }, number(f.before)),
                el("td", { class: "num" }, number(f.after)),
                el("td", { class: "num saved" }, percent(f.before - f.after, f.before)),
              ),
            ),
          ),
        ),
      ),
    ];
  },

  identity(page) {
    const { guest, target, commitments } = page.report;
    const digest = (text) => el("code", { class: "digest" }, text);
    const row = (title, ...value) => [el("dt", null, title), el("dd", null, value)];
    const changed = (before, after) => (before === after ? [digest(before), el("span", { class: "muted" }, " unchanged")] : [digest(before), el("span", { class: "arrow" }, "→"), digest(after)]);
    return [
      el("h2", null, "What this build is"),
      el(
        "dl",
        { class: "facts" },
        row("Guest", long(guest.name)),
        row("Instruction set", guest.isa),
        row("Target", target.name, target.form ? ` (calls as ${target.form})` : ""),
        row("Costs are in", target.unit),
        row("Original ELF, SHA-256", digest(guest.elf_digest)),
        row("Patched ELF, SHA-256", guest.patched_digest ? digest(guest.patched_digest) : "nothing was patched"),
        commitments
          ? [row("Proofs with traces of up to", `2^${commitments.log_height} rows`), row("Verifying key", changed(commitments.before.verifying_key, commitments.after.verifying_key)), row("Program commitment", changed(commitments.before.program, commitments.after.program)),
              row("Both hold for", `proofs with traces of up to 2^${commitments.log_height} rows`)]
          : row("Commitments", "not computed in this build"),
      ),
    ];
  },
};

Views.add({
  id: "overview",
  title: "Overview",
  render(root, ctx) {
    const { page } = ctx;
    const { report } = page;
    append(root, [
      el("h1", null, long(report.guest.name, 120)),
      report.target.refused && el("p", { class: "notice warn" }, el("strong", null, "Nothing was linked. "), report.target.refused),
      Overview.figures(page),
      Overview.measured(page),
      Overview.functions(page),
      Overview.tables(page, ctx),
      Overview.identity(page),
    ]);
  },
});
