Views.add({
  id: "history",
  title: "History",
  render(root, ctx) {
    root.append(ctx.el("h1", null, "History"));
  },
});
