// History: several builds in the order of time.

const History = {
  // What changed from one build's precompiles to the next's.
  changes(before, after) {
    const old = new Map(before.precompiles.map((p) => [p.id, p]));
    const now = new Map(after.precompiles.map((p) => [p.id, p]));
    const both = after.precompiles.filter((p) => old.has(p.id));
    return {
      appeared: after.precompiles.filter((p) => !old.has(p.id)),
      vanished: before.precompiles.filter((p) => !now.has(p.id)),
      changed: both.filter((p) => old.get(p.id).system_digest !== p.system_digest),
      kept: both.filter((p) => old.get(p.id).system_digest === p.system_digest).length,
    };
  },

  ids(list, page) {
    if (list.length === 0) return el("span", { class: "muted" }, "none");
    const known = new Set(page.report.precompiles.map((p) => p.id));
    const one = (p) => [known.has(p.id) ? el("a", { href: link("precompiles", { id: p.id }), title: cut(p.function ?? "", 500) }, p.id) : el("span", { title: cut(p.function ?? "", 500) }, p.id), " "];
    const first = el("span", { class: "ids" }, list.slice(0, 12).map(one));
    if (list.length <= 12) return first;
    return el("span", null, first, el("details", { class: "long" }, el("summary", null, `${number(list.length - 12)} more`), el("span", { class: "ids" }, list.slice(12).map(one))));
  },

  table(points) {
    const num = (value) => el("td", { class: "num" }, value);
    return framed(
      "Builds",
      el(
        "table",
        { class: "plain" },
        el("caption", null, "Builds, oldest first"),
        el(
          "thead",
          null,
          el("tr", null, el("th", { scope: "col" }, "Build"), ["Cost before", "Cost after", "Ratio", "Instructions", "With calls", "Precompiles"].map((t) => el("th", { scope: "col", class: "num" }, t)), el("th", { scope: "col" }, "Target, ELF")),
        ),
        el(
          "tbody",
          null,
          points.map(({ label, report }) => {
            const { totals } = report;
            return el(
              "tr",
              null,
              el("th", { scope: "row" }, long(label, 60)),
              num(number(totals?.cost)),
              num(number(totals?.cost_patched)),
              num(totals ? times(totals.cost, totals.cost_patched) : "–"),
              num(number(totals?.instructions)),
              num(number(totals?.instructions_patched)),
              num(number(report.precompiles.length)),
              el("td", null, `${report.target.name} `, el("code", { title: report.guest.elf_digest }, report.guest.elf_digest.slice(0, 12))),
            );
          }),
        ),
      ),
    );
  },

  charts(points, unit) {
    const values = (f) => points.map(({ report }) => f(report) ?? null);
    const one = (title, series, format) => ({ title, series, format });
    return [
      one(`Cost, ${unit}`, [
        { name: "before", color: "var(--before)", values: values((r) => r.totals?.cost) },
        { name: "after", color: "var(--after)", values: values((r) => r.totals?.cost_patched) },
      ], short),
      one("Ratio of cost", [{ name: "before / after", color: "var(--saved)", values: values((r) => r.totals && r.totals.cost / r.totals.cost_patched) }], (v) => `${Number(v.toPrecision(4))}×`),
      one("Precompiles", [{ name: "precompiles", color: "var(--kind-3)", values: values((r) => r.precompiles.length) }], short),
      one("Instructions", [
        { name: "of the original", color: "var(--before)", values: values((r) => r.totals?.instructions) },
        { name: "with calls", color: "var(--after)", values: values((r) => r.totals?.instructions_patched) },
      ], short),
    ].map(({ title, series, format }) => {
      const drawn = chart({ label: `${title}, by build`, height: 180, last: points.length - 1, series, format, xText: (i) => points[i].label });
      return { drawn, root: el("section", { class: "figure", "aria-label": title }, el("h2", null, title), legend(series), drawn.root) };
    });
  },
};

Views.add({
  id: "history",
  title: "History",
  render(root, ctx) {
    const { page } = ctx;
    const points = page.history;
    root.append(el("h1", null, "History"));
    if (points.length < 2) {
      append(root, [
        el("p", null, "This page holds one build. A report of several shows here how cost, ratio and precompiles went from build to build, and which precompiles appeared, vanished or changed:"),
        el("p", null, el("code", null, "autoprec report OLDEST … NEWEST --out index.html")),
      ]);
      return undefined;
    }
    const units = [...new Set(points.map(({ report }) => report.target.unit))];
    const charts = History.charts(points, units.join(", "));
    append(root, [
      units.length > 1 && el("p", { class: "notice warn" }, `These builds count cost in different units (${units.join(", ")}): their costs do not compare.`),
      points.some(({ report }) => !report.totals) && el("p", { class: "notice" }, "Some builds were made from a lock, without a run: they have no sums."),
      el("div", { class: "figures charts" }, charts.map((one) => one.root)),
      el("h2", null, "Builds"),
      History.table(points),
      el("h2", null, "Precompiles, from build to build"),
      framed(
        "Changes",
        el(
          "table",
          { class: "plain" },
          el("caption", null, "A changed precompile has the number of before and another constraint system"),
          el("thead", null, el("tr", null, ["From", "To", "Appeared", "Vanished", "Changed"].map((t) => el("th", { scope: "col" }, t)), el("th", { scope: "col", class: "num" }, "Unchanged"))),
          el(
            "tbody",
            null,
            points.slice(1).map((point, i) => {
              const changes = History.changes(points[i].report, point.report);
              return el(
                "tr",
                null,
                el("th", { scope: "row" }, long(points[i].label, 40)),
                el("td", null, long(point.label, 40)),
                el("td", null, History.ids(changes.appeared, page)),
                el("td", null, History.ids(changes.vanished, page)),
                el("td", null, History.ids(changes.changed, page)),
                el("td", { class: "num" }, number(changes.kept)),
              );
            }),
          ),
        ),
      ),
    ]);
    return () => {
      for (const one of charts) one.drawn.close();
    };
  },
});
