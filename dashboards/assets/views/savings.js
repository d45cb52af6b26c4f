Views.add({
  id: "savings",
  title: "Savings",
  render(root, ctx) {
    root.append(ctx.el("h1", null, "Savings"));
  },
});
