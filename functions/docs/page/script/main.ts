/**
 * Which page shows, the colours, and the start.
 *
 * @module
 */

/** Starts everything. Comes last: what it names is defined above. */
export const MAIN = String.raw`
/** The page of a hash: { title, content }, or a promise of it. */
function pageOf(name) {
  const operation = operationById.get(name);
  if (operation) {
    return loadOperation(operation).then((described) => ({ title: operation.summary, content: operationPage(toOperation(operation, described)) }));
  }
  if (name.startsWith("group/")) {
    const group = groups.find((item) => item.name === name.slice(6));
    if (group) return { title: titleOf(group.name), content: groupPage(group) };
  }
  if (/^errors(\/|$)/.test(name)) return { title: "Errors", content: errorsPage() };
  if (/^webhooks(\/|$)/.test(name)) return loadWebhooks().then((webhooks) => ({ title: "Webhooks", content: webhooksPage(webhooks) }));
  if (name === "changelog") return { title: "Change log", content: changelogPage() };
  return { title: "", content: guidePage() };
}

let shown = "";

/** Shows the page of the address; "moved" = somebody went there, so reading begins at its top or its heading. */
async function render(moved) {
  const name = currentPage();
  shown = name;
  renderNav();
  const page = pageOf(name);
  // A part that comes quickly is shown at once, without a flicker in between.
  const waiting = page instanceof Promise ? setTimeout(() => {
    if (shown === name) $("content").replaceChildren(h("p", { class: "loading", role: "status" }, "Loading …"));
  }, 150) : 0;
  const { title, content } = await Promise.resolve(page).catch(() => ({
    title: "Not loaded",
    content: noticePage("This could not be loaded", h("p", null, "The address does not answer at the moment."),
      h("button", { type: "button", class: "main", onclick: () => render(true) }, "Try again")),
  }));
  clearTimeout(waiting);
  if (shown !== name) return;
  document.title = (title ? title + " · " : "") + "Millrace API";
  $("content").replaceChildren(content);
  if (!moved) return;
  const heading = document.getElementById(name);
  if (heading) heading.scrollIntoView();
  else scrollTo(0, 0);
  (heading || $("content")).focus({ preventScroll: true });
}

const THEMES = ["auto", "light", "dark"];

function showTheme(theme) {
  if (theme === "auto") document.documentElement.removeAttribute("data-theme");
  else document.documentElement.setAttribute("data-theme", theme);
  $("theme-text").textContent = { auto: "Auto", light: "Light", dark: "Dark" }[theme];
  $("theme").setAttribute("aria-label", "Colours: " + theme + ". Change");
}

function storedTheme() {
  try {
    const theme = localStorage.getItem("millrace.docs.theme");
    return THEMES.includes(theme) ? theme : "auto";
  } catch {
    return "auto";
  }
}

function startTheme() {
  let theme = storedTheme();
  showTheme(theme);
  $("theme").addEventListener("click", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    showTheme(theme);
    try {
      localStorage.setItem("millrace.docs.theme", theme);
    } catch {
      // Remembered by this page only.
    }
  });
}

function startPage() {
  showSession();
  startSearch();
  startPrefetch();
  $("connect").addEventListener("click", openConnection);
  $("menu").addEventListener("click", () => openMenu(!$("nav").classList.contains("open")));
  $("skip").addEventListener("click", (event) => { event.preventDefault(); $("content").focus(); });
  addEventListener("hashchange", () => {
    openMenu(false);
    render(true);
  });
  render(location.hash !== "");
}

startTheme();
if (site.problem) {
  for (const id of ["connect", "menu", "nav"]) $(id).hidden = true;
  document.querySelector(".search").hidden = true;
  $("content").replaceChildren(noticePage("There is nothing to show yet", h("p", null, site.problem),
    h("p", null, "This page describes what the function ", h("code", null, "api"), " gives at ",
      h("code", null, "/api/v1/openapi.json"), ". Deploy it and load this page again.")));
} else startPage();`;
