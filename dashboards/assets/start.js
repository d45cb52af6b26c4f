// Begins: reads the page's data and shows what the address asks for.

async function start() {
  setTheme(storedTheme() ?? systemTheme());
  const main = document.getElementById("main");
  document.querySelector(".skip").addEventListener("click", (event) => {
    // The fragment belongs to the views.
    event.preventDefault();
    main.focus();
    main.scrollIntoView();
  });
  try {
    Shell.page = await blob("page-data");
  } catch (error) {
    console.error(error);
    put(main, el("p", { class: "notice bad", role: "alert" }, `The report cannot be read: ${error.message}`));
    return;
  }
  put(document.getElementById("top"), header(Shell.page));
  setTheme(document.documentElement.dataset.theme);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    if (!storedTheme()) setTheme(systemTheme());
  });
  addEventListener("hashchange", () => show(true));
  document.addEventListener("keydown", onKey);
  await show(false);
}

start();
