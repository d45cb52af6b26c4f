Views.add({
  id: "flame",
  title: "Flamegraph",
  render(root, ctx) {
    root.append(ctx.el("h1", null, "Flamegraph"));
  },
});
