Views.add({
  id: "overview",
  title: "Overview",
  render(root, ctx) {
    root.append(ctx.el("h1", null, "Overview"));
  },
});
