// Savings: what a budget of so many precompiles gives, and what it costs the verifier.

const Savings = {
  // Regions in the order of what they save: the precompiles, then blocks that would save something.
  steps(page) {
    const { report, blocks } = page;
    const chosen = report.precompiles.map((p) => ({
      precompile: p,
      name: p.function ?? "code without symbol",
      entry: p.entry,
      saved: Math.max(0, p.saved),
      columns: Math.max(0, ...p.systems.map((system) => system.size.columns)),
    }));
    chosen.sort((a, b) => b.saved - a.saved || a.precompile.id - b.precompile.id);
    const rest = [];
    for (let i = 0; i < blocks.entry.length; i += 1) {
      if (blocks.precompile[i] < 0 && blocks.saved[i] > 0) rest.push(i);
    }
    rest.sort((a, b) => blocks.saved[b] - blocks.saved[a] || a - b);
    const others = rest.slice(0, Math.max(20, chosen.length)).map((i) => ({
      block: i,
      name: Regions.name(page, i) || "code without symbol",
      entry: blocks.entry[i],
      saved: blocks.saved[i],
      columns: null,
    }));
    return { chosen, others };
  },

  // Sums after each step; `columns` is null where it is not known.
  sums(page, steps) {
    const base = page.limits ?? { base_tables: 0, base_columns: 0 };
    let saved = 0;
    let columns = base.base_columns;
    const out = [{ saved, columns, tables: base.base_tables }];
    steps.forEach((step, i) => {
      saved += step.saved;
      columns = step.columns === null || columns === null ? null : columns + step.columns;
      out.push({ saved, columns, tables: base.base_tables + i + 1 });
    });
    return out;
  },

  // How few of the precompiles give this share of what all of them save.
  knee(sums, chosen, share) {
    const goal = sums[chosen].saved * share;
    return sums.findIndex((sum) => sum.saved >= goal);
  },

  use(page, sum) {
    const { limits } = page;
    const of = (n, limit, one) => (limits ? `${number(n)} of at most ${number(limit)} ${one}s (${percent(n, limit)})` : count(n, one));
    const parts = [of(sum.tables, limits?.tables, limits ? "table" : "added table")];
    if (sum.columns !== null) parts.push(of(sum.columns, limits?.columns, limits ? "column" : "added column"));
    return parts.join(" and ");
  },

  sentences(page, sums, chosen) {
    const { totals } = page.report;
    // One sentence per number: the largest share that it reaches.
    const reached = new Map([0.9, 0.95, 0.99, 1].map((share) => [Savings.knee(sums, chosen, share), share]));
    const items = [...reached].map(([n, share]) =>
      el(
        "li",
        null,
        el("strong", null, count(n, "precompile")),
        `${n === 1 ? " gives" : " give"} ${share === 1 ? "everything that" : `${Math.round(100 * share)}${THIN}% of what`} this build saves`,
        totals ? `: ${short(sums[n].saved)} ${page.report.target.unit}, ${percent(sums[n].saved, totals.cost)} of the run` : "",
        `. The verifier then knows ${Savings.use(page, sums[n])}.`,
      ),
    );
    return el("ul", { class: "checks" }, items);
  },
};

Views.add({
  id: "savings",
  title: "Savings",
  keys: [
    ["← →", "one precompile less or more, while on the slider"],
    ["Home End", "none, all"],
  ],
  render(root, ctx) {
    const { page } = ctx;
    const { unit } = page.report.target;
    const { chosen, others } = Savings.steps(page);
    const steps = [...chosen, ...others];
    root.append(el("h1", null, "Savings by number of precompiles"));
    if (!page.report.totals || steps.length === 0) {
      root.append(
        el(
          "p",
          { class: "notice" },
          page.report.totals
            ? page.report.target.refused ?? "No region of this run would save anything as a precompile."
            : "This build was made from a lock, without a run: what each precompile saves in a run is not known.",
        ),
      );
      return undefined;
    }
    const sums = Savings.sums(page, steps);
    const { cost } = page.report.totals;
    const { limits } = page;
    const split = (f) => [sums.map((sum, i) => (i <= chosen.length ? f(sum) : null)), sums.map((sum, i) => (i >= chosen.length ? f(sum) : null))];
    const [done, possible] = split((sum) => (100 * sum.saved) / cost);
    const gain = [
      chosen.length > 0 && { name: "saved by this build’s precompiles", color: "var(--saved)", values: done },
      others.length > 0 && { name: chosen.length > 0 ? "what the regions that have none would add" : "what regions would save, if they had precompiles", color: "var(--saved)", values: possible, dashed: true },
    ].filter(Boolean);
    const share = (n, limit) => (n === null ? null : (100 * n) / limit);
    const weight = limits
      ? [
          { name: "tables", color: "var(--kind-3)", values: sums.map((sum) => share(sum.tables, limits.tables)), stepped: true },
          { name: "columns", color: "var(--kind-1)", values: sums.map((sum) => share(sum.columns, limits.columns)), stepped: true },
        ]
      : [
          { name: "columns added", color: "var(--kind-1)", values: sums.map((sum) => sum.columns), stepped: true },
        ];
    const marks = [...new Map([0.9, 0.95, 0.99].map((s) => [Savings.knee(sums, chosen.length, s), percent(s, 1)])).entries()]
      .map(([at, text]) => ({ at, text }))
      .filter((mark) => chosen.length > 0 && mark.at > 0)
      .sort((a, b) => a.at - b.at);
    const common = { last: steps.length, xText: String, xTitle: "precompiles, those that save most first" };
    const wanted = /^\d+$/.test(ctx.params.n ?? "") ? Math.min(steps.length, Number(ctx.params.n)) : chosen.length;
    const state = { n: wanted };
    const readout = el("p", { class: "readout", role: "status" });
    const slider = el("input", {
      type: "range",
      min: 0,
      max: steps.length,
      step: 1,
      value: wanted,
      "aria-label": "Number of precompiles",
      oninput: () => choose(Number(slider.value)),
    });
    const show = (n) => {
      const sum = sums[n];
      const step = steps[n - 1];
      slider.setAttribute("aria-valuetext", `${count(n, "precompile")}, ${percent(sum.saved, cost)} of the run saved`);
      put(readout, [
        el("strong", null, count(n, "precompile")),
        `: ${number(sum.saved)} ${unit} saved, ${percent(sum.saved, cost)} of the run. ${chosen.length > 0 ? `${Savings.use(page, sum)}. ` : ""}`,
        step && ["The last of them: ", step.precompile ? el("a", { href: link("precompiles", { id: step.precompile.id }) }, step.precompile.id) : "not in this build", ` at ${address(step.entry)} in ${cut(step.name, 80)}, ${number(step.saved)} ${unit}.`],
      ]);
      for (const one of charts) one.at(n);
    };
    const choose = (n) => {
      state.n = n;
      slider.value = n;
      show(n);
      ctx.setParams({ n: String(n) });
    };
    const onAt = (n, kind) => {
      if (kind === "pointerdown") choose(n);
      else show(n ?? state.n);
    };
    const charts = [
      chart({ ...common, label: `Share of the run's ${unit} that is saved, against the number of precompiles`, height: 300, series: gain, format: (v) => `${Number(v.toPrecision(4))}${THIN}%`, marks, onAt }),
      chart({
        ...common,
        label: "Tables and columns that the verifier knows, against the number of precompiles",
        height: 200,
        series: weight,
        format: limits ? (v) => `${Number(v.toPrecision(4))}${THIN}%` : short,
        rules: limits && [{ value: 100, text: `limit: ${number(limits.tables)} tables, ${number(limits.columns)} columns` }],
        onAt,
      }),
    ];
    const table = grid({
      label: "Precompiles by what they save",
      columns: [
        { id: "rank", title: "Rank", width: 4.5, number: true, cell: (n) => number(n) },
        { id: "id", title: "Precompile", width: 8, cell: (n) => (steps[n - 1].precompile ? el("a", { tabindex: "-1", href: link("precompiles", { id: steps[n - 1].precompile.id }) }, steps[n - 1].precompile.id) : el("span", { class: "muted" }, "not chosen")) },
        { id: "name", title: "In function", width: 14, grow: true, cell: (n) => steps[n - 1].name },
        { id: "saved", title: "Saves", width: 9, number: true, cell: (n) => number(steps[n - 1].saved) },
        { id: "sum", title: "Together", width: 9, number: true, cell: (n) => number(sums[n].saved) },
        { id: "share", title: "Of the run", width: 6.5, number: true, cell: (n) => percent(sums[n].saved, cost) },
        { id: "columns", title: limits ? "Columns in all" : "Columns added", width: 8, number: true, cell: (n) => (sums[n].columns === null ? "–" : number(sums[n].columns)) },
      ],
      onActive: choose,
      onOpen: (n) => (steps[n - 1].precompile ? go("precompiles", { id: steps[n - 1].precompile.id }) : go("regions", { show: "all", block: String(steps[n - 1].block) })),
    });
    append(root, [
      chosen.length > 0 ? Savings.sentences(page, sums, chosen.length) : el("p", null, page.report.target.refused ?? "This build has no precompiles."),
      el("section", { "aria-label": "Chart of savings" }, el("h2", null, `Saved, of the run’s ${unit}`), legend(gain), charts[0].root),
      el("div", { class: "slide" }, slider, readout),
      chosen.length > 0 && el("section", { "aria-label": "Chart of the verifier’s side" }, el("h2", null, limits ? "The verifier’s side, of the target’s limits" : "The verifier’s side"), legend(weight), charts[1].root),
      el("h2", null, "One by one"),
      table.root,
    ]);
    table.set(steps.map((_, i) => i + 1), state.n > 0 ? state.n : undefined);
    show(state.n);
    return () => {
      for (const one of charts) one.close();
      table.close();
    };
  },
});
