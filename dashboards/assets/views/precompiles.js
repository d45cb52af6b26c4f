// Precompiles: the list of them, and of each what it is, what it costs and what was checked.

const KINDS = {
  flag: ["flag", "1 on the rows of calls, 0 on padding"],
  time: ["timestamps", "when registers and memory were accessed"],
  input: ["interface", "words that come in: registers, loaded words, overwritten words"],
  pointer: ["pointers", "limbs of memory addresses and alignment choices"],
  result: ["results", "results of operations"],
  helper: ["helpers", "carries, splits, inverses"],
};

const Precompiles = {
  kindColor(kind) {
    const index = Object.keys(KINDS).indexOf(kind);
    return `var(--kind-${index < 0 ? 6 : index})`;
  },

  share(page, precompile) {
    const { totals } = page.report;
    return totals ? percent(precompile.calls * precompile.cost_before, totals.cost) : "–";
  },

  sortKeys: {
    id: (p) => p.id,
    function: (p) => p.function ?? "",
    instructions: (p) => p.instructions,
    calls: (p) => p.calls,
    before: (p) => p.cost_before,
    after: (p) => p.cost_after,
    ratio: (p) => (p.cost_after ? p.cost_before / p.cost_after : 0),
    saved: (p) => p.saved,
    columns: (p) => p.systems[0]?.size.columns ?? 0,
  },

  list(root, ctx) {
    const { page } = ctx;
    const { precompiles, target } = page.report;
    if (precompiles.length === 0) {
      append(root, [
        el("h1", null, "Precompiles"),
        el("p", { class: "notice" }, target.refused ? `There are none: ${target.refused}` : "This build has none: no region of the run was worth a table of its own."),
      ]);
      return undefined;
    }
    const keys = Precompiles.sortKeys;
    const state = { sort: Object.hasOwn(keys, ctx.params.sort ?? "") ? ctx.params.sort : "saved", up: ctx.params.order === "up" };
    const column = (id, title, width, cell, more) => ({ id, title, width, cell, sort: true, ...more });
    const digits = { number: true };
    const table = grid({
      label: "Precompiles",
      columns: [
        column("id", "Number", 6, (p) => el("a", { href: link("precompiles", { id: p.id }), tabindex: "-1" }, p.id)),
        column("function", "In function", 16, (p) => p.function ?? "", { grow: true }),
        column("instructions", "Instr.", 5, (p) => number(p.instructions), { ...digits, help: "Instructions" }),
        column("calls", "Calls", 7, (p) => number(p.calls), digits),
        column("before", "Before", 7, (p) => number(p.cost_before), { ...digits, help: `What its instructions cost per execution, in ${target.unit}` }),
        column("after", "After", 7, (p) => number(p.cost_after), { ...digits, help: `What a call costs, in ${target.unit}` }),
        column("ratio", "Ratio", 5.5, (p) => times(p.cost_before, p.cost_after), digits),
        column("saved", "Saved", 9, (p) => number(p.saved), { ...digits, help: `Saved in the run, in ${target.unit}` }),
        column("columns", "Columns", 6.5, (p) => number(p.systems[0]?.size.columns), digits),
        { id: "share", title: "Share of the run", width: 8.5, number: true, cell: (p) => Precompiles.share(page, p), help: "What its instructions cost of the original run" },
      ],
      onSort(id) {
        state.up = id === state.sort ? !state.up : id === "id" || id === "function";
        state.sort = id;
        update(true);
      },
      onOpen: (p) => go("precompiles", { id: p.id }),
    });
    const update = (tell) => {
      const key = keys[state.sort];
      const sign = state.up ? 1 : -1;
      table.set([...precompiles].sort((a, b) => (key(a) === key(b) ? a.id - b.id : key(a) < key(b) ? -sign : sign)));
      table.sorted(state.sort, !state.up);
      if (tell) ctx.setParams({ sort: state.sort, order: state.up && "up" });
    };
    append(root, [
      el("h1", null, "Precompiles"),
      el("p", { class: "muted" }, `${count(precompiles.length, "precompile")}. Enter or the number opens one.`),
      table.root,
    ]);
    update(false);
    return () => table.close();
  },

  // Head, money, size and trust of one precompile.
  head(page, p, index) {
    const { precompiles, target } = page.report;
    const neighbour = (i, text) => precompiles[i] && el("a", { href: link("precompiles", { id: precompiles[i].id }) }, text, precompiles[i].id);
    const block = page.blocks.precompile.indexOf(index);
    const f = block >= 0 ? page.blocks.function[block] : -1;
    return [
      el("nav", { class: "trail", "aria-label": "Precompiles" }, el("a", { href: link("precompiles") }, "All precompiles"), neighbour(index - 1, "← "), neighbour(index + 1, "→ ")),
      el("h1", null, `Precompile ${p.id}`),
      el(
        "dl",
        { class: "facts" },
        el("dt", null, "In"),
        el("dd", null, p.function === null ? "code without symbol" : long(p.function || "(no name)", 200)),
        el("dt", null, "Instructions"),
        el("dd", null, `${number(p.instructions)}, from ${address(p.entry)} to before ${address(p.end)}`),
        el("dt", null, "See"),
        el(
          "dd",
          null,
          f >= 0 && [el("a", { href: link("cfg", { function: f, block }) }, "control flow"), ", "],
          el("a", { href: link("regions", { show: "all", q: String(p.id), block: block >= 0 && String(block) }) }, "the block among all"),
        ),
      ),
      el(
        "div",
        { class: "figures" },
        el(
          "div",
          { class: "figure" },
          el("h2", null, `Cost of a call (${target.unit})`),
          ratio(p.cost_before, p.cost_after),
          bars(p.cost_before, p.cost_after, Math.max(p.cost_before, p.cost_after)),
          el("dl", null, fact("before", number(p.cost_before)), fact("after", number(p.cost_after))),
        ),
        el(
          "div",
          { class: "figure" },
          el("h2", null, "In the run"),
          page.report.totals
            ? [
                el("div", { class: "ratio" }, short(p.saved), el("span", { class: "muted" }, ` ${target.unit} saved`)),
                el(
                  "dl",
                  null,
                  fact("calls", number(p.calls)),
                  fact("share of the run", Precompiles.share(page, p)),
                  fact("of all that is saved", percent(p.saved, precompiles.reduce((sum, q) => sum + q.saved, 0))),
                ),
              ]
            : el("p", null, "Not known: the build was made from a lock, without a run."),
        ),
      ),
    ];
  },

  sizes(p) {
    const { before } = p;
    const cells = (title, value) => [
      el("th", { scope: "row" }, title),
      el("td", { class: "num" }, before ? number(value(before)) : "–"),
      p.systems.map((system) => el("td", { class: "num" }, number(value(system.size)))),
      el("td", { class: "num" }, before && p.systems[0] ? times(value(before), value(p.systems[0].size)) : "–"),
    ];
    const rows = [
      ["Columns", (size) => size.columns],
      ["Messages", (size) => size.interactions],
      ["Constraints", (size) => size.constraints],
    ];
    const name = (system) => (p.systems.length > 1 ? `Call, ${system.field}` : "Call");
    return framed(
      "Size per call",
      el(
        "table",
        { class: "plain" },
        el("caption", null, "Size per call: the rows of its instructions’ tables, and the one row of the precompile"),
        el("thead", null, el("tr", null, el("td", null), ["Instructions", ...p.systems.map(name), "Ratio"].map((t) => el("th", { scope: "col", class: "num" }, t)))),
        el(
          "tbody",
          null,
          rows.map(([title, value]) => el("tr", null, cells(title, value))),
          p.systems.some((system) => typeof system.ranges === "number") &&
            el("tr", null, el("th", { scope: "row" }, "of the messages, range lookups"), el("td", { class: "num" }, "–"), p.systems.map((s) => el("td", { class: "num" }, number(s.ranges))), el("td", { class: "num" }, "–")),
          el("tr", null, el("th", { scope: "row" }, "Ticks of the memory clock"), el("td", { class: "num" }, "–"), p.systems.map(() => el("td", { class: "num" }, number(p.ticks))), el("td", { class: "num" }, "–")),
        ),
      ),
    );
  },

  trust(system) {
    const { check } = system;
    const altered = check.rejected + check.unchanged + check.other_state;
    const item = (n, text) => el("li", null, el("strong", null, number(n)), " ", text);
    return [
      el("h2", null, "Why it may be trusted"),
      el(
        "p",
        null,
        "The build tests every system against the executor that runs the guest, and fails if one test fails. It filled rows for machine states, compared their effect on registers, memory and the next address with what the instructions do, and then changed cells.",
      ),
      el(
        "ul",
        { class: "checks" },
        item(check.honest, `honest ${check.honest === 1 ? "row was" : "rows were"} accepted, all of them; ${number(check.recorded)} from states recorded in the profiled run, the others from states made up.`),
        item(check.rejected, "changed rows were rejected: a constraint or a lookup did not hold."),
        item(check.other_state, "changed rows are honest rows of another state: they tell of other registers, memory or times, and the machine’s own memory argument does not let them pass for this call."),
        item(check.unchanged, "changed rows send the same messages as the honest row: nobody outside sees a difference (an inverse of zero, a cell that a flag masks)."),
      ),
      el(
        "p",
        null,
        altered > 0
          ? `So none of ${number(altered)} changed rows passed with another result. `
          : "No rows were changed in this build. ",
        "This is thorough testing, not a proof. The system above is all that the prover and the verifier use, and each of its lines names the instruction that it comes from.",
      ),
    ];
  },

  // Bars of counts by name.
  counts(title, entries, total, color, note) {
    const most = Math.max(1, ...entries.map(([, n]) => n));
    return framed(
      title,
      el(
        "table",
        { class: "plain counts" },
        el("caption", null, title),
        el("thead", { class: "visually-hidden" }, el("tr", null, ["Name", "Bar", "Count", "Share"].map((t) => el("th", { scope: "col" }, t)))),
        el(
          "tbody",
          null,
          entries.map(([name, n]) =>
            el(
              "tr",
              null,
              el("th", { scope: "row" }, color && el("span", { class: "swatch", style: { background: color(name) } }), long(note ? (KINDS[name]?.[0] ?? name) : name, 60), note && el("span", { class: "place muted" }, KINDS[name]?.[1] ?? "")),
              el("td", null, el("span", { class: "bar", "aria-hidden": "true", style: { width: `${(100 * n) / most}%`, background: color ? color(name) : "var(--after)" } })),
              el("td", { class: "num" }, number(n)),
              el("td", { class: "num muted" }, percent(n, total)),
            ),
          ),
        ),
      ),
    );
  },

  composition(system) {
    const order = Object.keys(KINDS);
    const rank = (kind) => (order.includes(kind) ? order.indexOf(kind) : order.length);
    const columns = Object.entries(system.columns).sort(([a], [b]) => rank(a) - rank(b));
    const messages = Object.entries(system.messages).sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
    return el(
      "div",
      { class: "pair" },
      Precompiles.counts(`${count(system.size.columns, "column")} by kind`, columns, system.size.columns, Precompiles.kindColor, true),
      Precompiles.counts(`${count(system.size.interactions, "message")} by bus`, messages, system.size.interactions, null, false),
    );
  },

  identity(p) {
    const rewrites = Object.entries(p.rewrites);
    return [
      el("h2", null, "What identifies it"),
      el(
        "dl",
        { class: "facts" },
        el("dt", null, "Digest of its systems"),
        el("dd", null, el("code", { class: "digest" }, p.system_digest)),
        el("dt", null, "Digest of the code’s shape"),
        el("dd", null, el("code", { class: "digest" }, p.shape_digest)),
        el("dt", null, "Rewrites"),
        el("dd", null, rewrites.length === 0 ? "none" : rewrites.map(([name, n]) => `${name} ${number(n)}`).join(", ")),
      ),
    ];
  },

  async one(root, ctx, index) {
    const { page, params } = ctx;
    const p = page.report.precompiles[index];
    const body = el("div", null, el("p", { class: "muted" }, "Reading its details …"));
    append(root, [Precompiles.head(page, p, index), body]);
    const detail = await ctx.detail(index);
    put(body);
    let close = null;
    const fields = p.systems.map((system) => system.field);
    const chosen = fields.includes(params.system) ? params.system : fields[0];
    const panel = el("div");
    const state = { ...params, id: String(p.id) };
    const draw = (field) => {
      close?.();
      const system = p.systems.find((s) => s.field === field);
      const listed = detail?.systems.find((s) => s.field === field);
      put(panel, [
        detail
          ? null
          : el("p", { class: "notice" }, "This page was made without the precompile’s code and constraints."),
      ]);
      close = detail ? Explorer.draw(panel, ctx, detail, listed, state) : null;
      if (system) append(panel, [el("h2", null, "Columns and messages"), Precompiles.composition(system), Precompiles.trust(system)]);
    };
    append(body, [el("h2", null, "Size"), Precompiles.sizes(p)]);
    if (fields.length > 1) {
      const tabs = tabList({
        label: "Fields",
        selected: chosen,
        tabs: fields.map((field) => ({ id: field, title: `Over ${field}`, panel: null })),
        onSelect(field) {
          state.system = field;
          delete state.line;
          ctx.setParams(state);
          place(field);
        },
      });
      const place = (field) => {
        tabs.panels.get(field).append(panel);
        draw(field);
      };
      body.append(tabs.root);
      place(chosen);
    } else {
      body.append(panel);
      draw(chosen);
    }
    append(body, Precompiles.identity(p));
    return () => close?.();
  },
};

// Assembly beside IR, constraints, messages and columns: each line marks what belongs to the same
// instruction. Pointing marks for the moment, choosing stays and is in the address.
const Explorer = {
  draw(root, ctx, detail, system, state) {
    const assembly = detail.assembly;
    const chosen = /^\d+$/.test(state.inst ?? "") && Number(state.inst) < assembly.length ? Number(state.inst) : -1;
    const marks = { pinned: chosen, hot: chosen };
    const related = (inst) => (inst >= 0 && inst === marks.hot ? "related" : null);
    const inspector = el("section", { class: "inspector", tabindex: "0", "aria-label": "The chosen line", "aria-live": "polite" });
    const idle = "Point at a line to see what belongs to it; choose it to keep that and to see it whole here.";
    const text = (string) => el("span", { class: "text" }, cut(string, 600));
    const what = (string) => string && el("span", { class: "what" }, cut(string, 40));
    const at = (inst) => el("span", { class: "at" }, inst >= 0 && assembly[inst] ? `@${inst}` : "");
    const left = lines({
      label: "Assembly",
      count: assembly.length,
      classes: (i) => related(i),
      line: (i) => [at(i), el("span", { class: "pc" }, address(assembly[i].pc)), text(assembly[i].text), el("span", { class: "source", title: cut(assembly[i].source.join("\n"), 1000) }, cut(assembly[i].source[0] ?? "", 200))],
      onHover: (i) => point(i, "left"),
      onActive: (i) => pin(i, "left", i),
    });
    const make = (id, title, items, line) =>
      items.length === 0
        ? { id, title: `${title} (0)`, items, list: null }
        : {
            id,
            title: `${title} (${number(items.length)})`,
            items,
            list: lines({
              label: title,
              count: items.length,
              classes: (i) => related(items[i].inst),
              line: (i) => line(items[i]),
              onHover: (i) => point(i < 0 ? -1 : items[i].inst, "right"),
              onActive: (i) => pin(items[i].inst, id, i),
            }),
          };
    const messages = (system?.messages ?? []).map((m) => ({ ...m, text: `${m.multiplicity} × [${m.fields.join(", ")}]` })).sort((a, b) => (a.bus < b.bus ? -1 : a.bus > b.bus ? 1 : 0));
    const columns = (system?.columns ?? []).map(([name, kind], i) => ({ text: name, kind, what: KINDS[kind]?.[0] ?? kind, inst: -1, at: i }));
    const swatch = (item) => el("span", { class: "swatch", style: { background: Precompiles.kindColor(item.kind) } });
    const views = [
      make("ir", "IR", detail.ir, (item) => [at(item.inst), text(item.text), what(item.what)]),
      make("constraints", "Constraints", system?.constraints ?? [], (item) => [at(item.inst), text(`${item.text} = 0`), what(item.what)]),
      make("messages", "Messages", messages, (item) => [at(item.inst), el("span", { class: "bus" }, cut(item.bus, 40)), text(item.text), what(item.what)]),
      make("columns", "Columns", columns, (item) => [el("span", { class: "at" }, item.at), swatch(item), text(item.text), what(item.what)]),
    ];
    const current = () => views.find((view) => view.id === (state.tab ?? "ir")) ?? views[0];
    const refresh = () => {
      left.refresh();
      for (const view of views) view.list?.refresh();
    };
    const showRelated = (inst, from) => {
      if (inst < 0) return;
      if (from !== "left") left.reveal(inst);
      const view = current();
      const first = view.items.findIndex((item) => item.inst === inst);
      if (from === "left" && first >= 0) view.list.reveal(first);
    };
    const point = (inst, from) => {
      const hot = inst >= 0 ? inst : marks.pinned;
      if (hot === marks.hot) return;
      marks.hot = hot;
      refresh();
      showRelated(inst, from);
    };
    const pin = (inst, from, i) => {
      marks.pinned = inst;
      marks.hot = inst;
      state.inst = inst >= 0 ? String(inst) : undefined;
      state.line = from === "left" ? undefined : String(i);
      if (from === "left") for (const view of views) view.list?.select(-1);
      else left.select(inst);
      refresh();
      showRelated(inst, from);
      inspect(from, i);
      ctx.setParams(state);
    };
    const inspect = (from, i) => {
      const item = from === "left" ? null : views.find((view) => view.id === from)?.items[i];
      const inst = item ? item.inst : i;
      const line = assembly[inst];
      const here = (items) => items.filter((other) => other.inst === inst).length;
      put(
        inspector,
        item && [
          el("div", { class: "kind muted" }, from === "columns" ? `Column ${item.at}: ${KINDS[item.kind]?.[1] ?? item.kind}` : from === "messages" ? ["Message on bus ", long(item.bus, 60)] : from === "ir" ? "IR" : "Constraint, 0 on every row", from !== "columns" && item.what && [": ", long(item.what, 60)]),
          from === "messages"
            ? el("dl", { class: "facts mono" }, el("dt", null, "times"), el("dd", null, item.multiplicity), item.fields.map((field, f) => [el("dt", null, `field ${f}`), el("dd", null, long(field, 2000))]))
            : el("div", { class: "mono expression" }, long(item.text, 4000)),
        ],
        line
          ? [
              el("div", { class: "kind muted" }, item ? "Comes from" : "Instruction"),
              el("div", { class: "mono" }, `@${inst}  ${address(line.pc)}  `, long(line.text, 300)),
              line.source.length > 0 && el("ol", { class: "source-chain" }, line.source.map((place) => el("li", null, long(place, 300)))),
              el("div", { class: "muted" }, `${count(here(detail.ir), "line")} of IR, ${count(here(system?.constraints ?? []), "constraint")}, ${count(here(messages), "message")}`),
            ]
          : from !== "columns" && el("div", { class: "muted" }, "It comes from no instruction in particular."),
      );
    };
    const tabs = tabList({
      label: "What it became",
      selected: current().id,
      tabs: views.map((view) => ({ id: view.id, title: view.title, panel: view.list ? view.list.root : el("p", { class: "muted none" }, "There are none.") })),
      onSelect(id) {
        state.tab = id;
        state.line = undefined;
        ctx.setParams(state);
        current().list?.draw();
        showRelated(marks.hot, "left");
      },
    });
    append(root, [
      el("h2", null, "Code, and what became of it"),
      el(
        "div",
        { class: "explorer" },
        el("section", { class: "side", "aria-label": "Assembly" }, el("div", { class: "side-title" }, `Assembly (${number(assembly.length)})`), assembly.length > 0 ? left.root : el("p", { class: "muted none" }, "There is none.")),
        el("section", { class: "side", "aria-label": "What it became" }, tabs.root),
        inspector,
      ),
    ]);
    left.draw();
    const view = current();
    view.list?.draw();
    const line = /^\d+$/.test(state.line ?? "") ? Number(state.line) : -1;
    if (line >= 0 && line < view.items.length) {
      marks.pinned = view.items[line].inst;
      marks.hot = marks.pinned;
      view.list.select(line);
      left.select(marks.pinned);
      inspect(view.id, line);
    } else if (chosen >= 0) {
      left.select(chosen);
      showRelated(chosen, "left");
      inspect("left", chosen);
    } else put(inspector, el("span", { class: "muted" }, idle));
    refresh();
    return () => {
      left.close();
      for (const one of views) one.list?.close();
    };
  },
};

Views.add({
  id: "precompiles",
  title: "Precompiles",
  keys: [
    ["↑ ↓ PgUp PgDn", "move in a table or list"],
    ["Enter", "open the precompile"],
    ["← →", "next tab, while on a tab"],
  ],
  render(root, ctx) {
    const { id } = ctx.params;
    if (id === undefined) return Precompiles.list(root, ctx);
    const index = ctx.page.report.precompiles.findIndex((p) => String(p.id) === id);
    if (index >= 0) return Precompiles.one(root, ctx, index);
    append(root, [
      el("h1", null, "Precompiles"),
      el("p", { class: "notice warn" }, `This build has no precompile ${cut(id, 40)}. `, el("a", { href: link("precompiles") }, "All precompiles")),
    ]);
    return undefined;
  },
});
