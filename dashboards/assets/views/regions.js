Views.add({
  id: "regions",
  title: "Regions",
  render(root, ctx) {
    root.append(ctx.el("h1", null, "Regions"));
  },
});
