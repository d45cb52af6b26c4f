Views.add({
  id: "precompiles",
  title: "Precompiles",
  render(root, ctx) {
    root.append(ctx.el("h1", null, "Precompiles"));
  },
});
