// Regions: every block of the guest, why it has a precompile or none, sortable and searchable.

const Regions = {
  filters: [
    ["all", "All", () => true],
    ["executed", "Executed", (blocks, i) => blocks.count[i] > 0],
    ["chosen", "Chosen", (blocks, i) => blocks.precompile[i] >= 0],
    ["not", "Not chosen", (blocks, i) => blocks.precompile[i] < 0 && blocks.count[i] > 0],
  ],

  // Position of each text in the alphabetical order of all, so that sorting compares numbers.
  ranks(texts) {
    const order = texts.map((_, i) => i).sort((a, b) => (texts[a] < texts[b] ? -1 : texts[a] > texts[b] ? 1 : a - b));
    const ranks = new Float64Array(texts.length);
    order.forEach((i, rank) => {
      ranks[i] = rank;
    });
    return ranks;
  },

  // What each column sorts by. Texts that are missing come last in ascending order.
  keys(page) {
    const { blocks, functions } = page;
    const names = Regions.ranks(functions.map((f) => f.name.toLowerCase()));
    const reasons = Regions.ranks(blocks.reasons);
    return {
      entry: (i) => blocks.entry[i],
      function: (i) => (blocks.function[i] < 0 ? Infinity : names[blocks.function[i]]),
      precompile: (i) => (blocks.precompile[i] < 0 ? Infinity : blocks.precompile[i]),
      instructions: (i) => blocks.instructions[i],
      count: (i) => blocks.count[i],
      cost: (i) => blocks.count[i] * blocks.cost[i],
      saved: (i) => blocks.saved[i],
      reason: (i) => (blocks.reason[i] < 0 ? -1 : reasons[blocks.reason[i]]),
    };
  },

  sort(items, key, down) {
    const keys = [];
    for (const i of items) keys[i] = key(i);
    const sign = down ? -1 : 1;
    // Infinity less itself is no number: equal keys keep the order of addresses.
    return items.sort((a, b) => {
      const x = keys[a];
      const y = keys[b];
      return x === y ? a - b : x < y ? -sign : sign;
    });
  },

  // Blocks that pass the filter and hold the words.
  find(page, filter, search) {
    const { blocks, functions, report } = page;
    const words = search.toLowerCase().split(/\s+/).filter(Boolean);
    const passes = Regions.filters.find(([id]) => id === filter)[2];
    const within = (texts) => texts.map((text) => words.map((word) => text.toLowerCase().includes(word)));
    const names = within(functions.map((f) => f.name));
    const reasons = within(blocks.reasons);
    const ids = report.precompiles.map((p) => String(p.id));
    const items = [];
    for (let i = 0; i < blocks.entry.length; i += 1) {
      if (!passes(blocks, i)) continue;
      const holds = (word, w) =>
        names[blocks.function[i]]?.[w] || reasons[blocks.reason[i]]?.[w] || ids[blocks.precompile[i]]?.includes(word) || address(blocks.entry[i]).includes(word);
      if (words.every(holds)) items.push(i);
    }
    return items;
  },

  name(page, i) {
    const f = page.blocks.function[i];
    return f < 0 ? "" : page.functions[f].name || "(no name)";
  },

  // Everything about one block.
  facts(page, i) {
    const { blocks, report } = page;
    const { unit } = report.target;
    const row = (title, ...value) => [el("dt", null, title), el("dd", null, value)];
    const precompile = report.precompiles[blocks.precompile[i]];
    const f = blocks.function[i];
    const total = blocks.count[i] * blocks.cost[i];
    return [
      el("h2", null, `Block at ${address(blocks.entry[i])}`),
      el(
        "dl",
        { class: "facts" },
        row("Function", f < 0 ? "none that symbols tell" : long(Regions.name(page, i), 200)),
        f >= 0 && page.functions[f].place && row("Begins at", page.functions[f].place),
        row("Size", count(blocks.instructions[i], "instruction")),
        row("Executed", count(blocks.count[i], "time")),
        row("Cost", `${number(blocks.cost[i])} ${unit} per execution, ${number(total)} in the run`, report.totals && total > 0 ? ` (${percent(total, report.totals.cost)} of it)` : ""),
        precompile
          ? [row("Saves", `${number(blocks.saved[i])} ${unit}`), row("Precompile", el("a", { href: link("precompiles", { id: precompile.id }) }, precompile.id))]
          : [row("Would save", `${number(blocks.saved[i])} ${unit}`), row("Has none because", long(blocks.reasons[blocks.reason[i]] ?? "no reason was recorded", 300))],
        f >= 0 && row("See", el("a", { href: link("cfg", { function: f, block: i }) }, "control flow of the function")),
      ),
    ];
  },

  columns(page) {
    const { blocks, report } = page;
    const { unit } = report.target;
    const column = (id, title, width, cell, more) => ({ id, title, width, cell, sort: true, ...more });
    const digits = { number: true };
    const inner = (view, params, text) => el("a", { class: "clip", tabindex: "-1", title: cut(text, 1000), href: link(view, params) }, cut(text, 400));
    return [
      column("entry", "Address", 7.5, (i) => el("span", { class: "mono" }, address(blocks.entry[i]))),
      column("function", "Function", 14, (i) => (blocks.function[i] < 0 ? "" : inner("cfg", { function: blocks.function[i], block: i }, Regions.name(page, i))), { grow: true }),
      column("precompile", "Precompile", 7.5, (i) => {
        const precompile = report.precompiles[blocks.precompile[i]];
        return precompile ? inner("precompiles", { id: precompile.id }, String(precompile.id)) : "";
      }),
      column("instructions", "Instr.", 5.5, (i) => number(blocks.instructions[i]), { ...digits, help: "Instructions of the block" }),
      column("count", "Executed", 7.5, (i) => number(blocks.count[i]), { ...digits, help: "Executions in the profiled run" }),
      column("cost", "Cost", 9, (i) => number(blocks.count[i] * blocks.cost[i]), { ...digits, help: `Cost in the run before, in ${unit}` }),
      column("saved", "Saved", 9, (i) => el("span", { class: blocks.precompile[i] >= 0 ? "saved" : "muted" }, number(blocks.saved[i])), {
        ...digits,
        help: `What the run saves, or, where it has no precompile, would save, in ${unit}`,
      }),
      column("reason", "Why it has none", 15, (i) => blocks.reasons[blocks.reason[i]] ?? el("span", { class: "muted" }, "has one"), { grow: true }),
    ];
  },
};

Views.add({
  id: "regions",
  title: "Regions",
  keys: [
    ["↑ ↓ PgUp PgDn", "move in the table"],
    ["Home End", "first and last row"],
    ["Enter", "open the precompile, or the control flow where there is none"],
  ],
  render(root, ctx) {
    const { page } = ctx;
    const { blocks, report } = page;
    const keys = Regions.keys(page);
    const known = (id, ids, fallback) => (ids.includes(id) ? id : fallback);
    const state = {
      filter: known(ctx.params.show, Regions.filters.map(([id]) => id), "executed"),
      q: ctx.params.q ?? "",
      sort: known(ctx.params.sort, Object.keys(keys), "cost"),
      up: ctx.params.order === "up",
      block: /^\d+$/.test(ctx.params.block ?? "") && Number(ctx.params.block) < blocks.entry.length ? Number(ctx.params.block) : -1,
    };
    if (!report.totals && ctx.params.show === undefined) state.filter = "all";
    const save = () => ctx.setParams({ show: state.filter, q: state.q, sort: state.sort, order: state.up && "up", block: state.block >= 0 && String(state.block) });
    const status = el("p", { class: "muted status", role: "status" });
    const facts = el("section", { class: "facts-panel", "aria-label": "The chosen block", "aria-live": "polite" });
    const choose = (i) => {
      state.block = i;
      put(facts, Regions.facts(page, i));
      save();
    };
    const list = grid({
      label: "Blocks of the guest",
      columns: Regions.columns(page),
      onSort(id) {
        // Numbers are first wanted largest first, texts and addresses from the beginning.
        const textual = ["entry", "function", "precompile", "reason"].includes(id);
        state.up = id === state.sort ? !state.up : textual;
        state.sort = id;
        update();
      },
      onActive: choose,
      onOpen(i) {
        if (blocks.precompile[i] >= 0) go("precompiles", { id: report.precompiles[blocks.precompile[i]].id });
        else if (blocks.function[i] >= 0) go("cfg", { function: blocks.function[i], block: i });
      },
    });
    const chips = Regions.filters.map(([id, title]) =>
      el(
        "button",
        {
          type: "button",
          "data-filter": id,
          onclick: () => {
            state.filter = id;
            update();
          },
        },
        title,
      ),
    );
    const update = () => {
      const items = Regions.sort(Regions.find(page, state.filter, state.q), keys[state.sort], !state.up);
      for (const chip of chips) chip.setAttribute("aria-pressed", chip.dataset.filter === state.filter ? "true" : "false");
      let cost = 0;
      let saved = 0;
      for (const i of items) {
        cost += blocks.count[i] * blocks.cost[i];
        if (blocks.precompile[i] >= 0) saved += blocks.saved[i];
      }
      put(status, `${number(items.length)} of ${count(blocks.entry.length, "block")}; ${short(cost)} ${ctx.unit} in the run, of which precompiles save ${short(saved)}`);
      list.set(items, state.block);
      list.sorted(state.sort, !state.up);
      save();
    };
    const search = el("input", {
      type: "search",
      value: state.q,
      placeholder: "Function, address, reason, precompile",
      "aria-label": "Search blocks",
      autocomplete: "off",
      spellcheck: "false",
      oninput: debounce(60, () => {
        state.q = search.value;
        update();
      }),
    });
    append(root, [
      el("h1", null, "Regions"),
      el("div", { class: "controls" }, search, el("div", { class: "chips", role: "group", "aria-label": "Which blocks" }, chips)),
      status,
      list.root,
      facts,
    ]);
    update();
    if (state.block >= 0) put(facts, Regions.facts(page, state.block));
    return () => list.close();
  },
});
