Views.add({
  id: "cfg",
  title: "Control flow",
  render(root, ctx) {
    root.append(ctx.el("h1", null, "Control flow"));
  },
});
