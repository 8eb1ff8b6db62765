/**
 * The document, the list of operations, search, colours, and which page shows.
 *
 * @module
 */

/** Reads the document and starts everything. Comes last: what it names is defined above. */
export const MAIN = String.raw`
function readOperations() {
  const found = [];
  for (const [path, item] of Object.entries(api.paths || {})) {
    for (const [method, operation] of Object.entries(item)) {
      if (!["get", "post", "put", "patch", "delete"].includes(method)) continue;
      found.push(toOperation(path, method.toUpperCase(), operation));
    }
  }
  return found;
}

function toOperation(path, method, operation) {
  const text = operation.description || "";
  const permission = /Permission: .([a-z]+:[a-z]+)./.exec(text);
  const content = (operation.requestBody && operation.requestBody.content) || {};
  const anyBytes = "*/*" in content;
  const security = operation.security || [];
  return {
    ...operation,
    path,
    method,
    security,
    tags: operation.tags || ["other"],
    text: text.replace(/\n*Permission: .[a-z]+:[a-z]+.\.\s*$/, ""),
    permission: permission ? permission[1] : null,
    secretOnly: security.length > 0 && security.every((item) => "secretKey" in item),
    parameters: (operation.parameters || []).map((parameter) => resolve(parameter).value)
      .map((parameter) => ({ ...parameter, label: labelOf(parameter) })),
    anyBytes,
    body: anyBytes ? {} : content["application/json"] ? content["application/json"].schema : null,
    bodyRequired: Boolean(operation.requestBody && operation.requestBody.required),
  };
}

/** Headers as people write them: Idempotency-Key. */
function labelOf({ in: place, name }) {
  return place === "header" ? name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase()) : name;
}

function readGroups() {
  const known = (api.tags || []).map(({ name, description }) => ({ name, description, operations: [] }));
  for (const operation of operations) {
    let group = known.find(({ name }) => name === operation.tags[0]);
    if (!group) known.push(group = { name: operation.tags[0], description: "", operations: [] });
    group.operations.push(operation);
  }
  return known.filter((group) => group.operations.length > 0);
}

function searchText({ method, path, summary, operationId, text, tags }) {
  return [method, path, summary, operationId, text, tags.join(" ")].join(" ").toLowerCase();
}

/** The operations that hold every word that was entered. */
function matching(query) {
  const words = query.toLowerCase().split(/\s+/).filter((word) => word !== "");
  return (operation) => words.every((word) => searchText(operation).includes(word));
}

/** What Enter opens: rather what is called so than what only mentions it. */
function bestMatch(query) {
  const word = query.trim().toLowerCase();
  const fitting = operations.filter(matching(query));
  return fitting.find(({ summary, path }) => (summary + " " + path).toLowerCase().includes(word)) || fitting[0];
}

function renderNav() {
  const query = $("search").value;
  const fits = matching(query);
  const current = location.hash.slice(1);
  const link = (operation) => h("li", null, h("a", {
    href: "#" + operation.operationId, title: operation.method + " " + operation.path,
    "aria-current": operation.operationId === current ? "page" : null,
  }, methodBadge(operation.method), h("span", null, operation.summary)));
  const shown = groups.map((group) => [group, group.operations.filter(fits)]).filter(([, list]) => list.length > 0);
  const count = shown.reduce((sum, [, list]) => sum + list.length, 0);
  $("found").textContent = query.trim() === "" ? "" : count + " operations found";
  $("nav").replaceChildren(
    h("ul", null, h("li", null, h("a", { class: "plain", href: "#", "aria-current": current === "" ? "page" : null }, "Overview"))),
    ...shown.flatMap(([group, list]) => [h("h2", null, group.name), h("ul", null, list.map(link))]),
    ...(count === 0 ? [h("p", { class: "none" }, "Nothing fits “" + query + "”.")] : []));
  const here = $("nav").querySelector('[aria-current="page"]');
  if (here) here.scrollIntoView({ block: "nearest" });
}

function render() {
  const operation = operations.find(({ operationId }) => operationId === location.hash.slice(1));
  document.title = (operation ? operation.summary + " · " : "") + "Millrace API";
  $("content").replaceChildren(operation ? operationPage(operation) : overviewPage());
  renderNav();
}

function openMenu(open) {
  $("nav").classList.toggle("open", open);
  $("menu").setAttribute("aria-expanded", String(open));
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

function startSearch() {
  const search = $("search");
  search.addEventListener("input", () => {
    renderNav();
    $("nav").scrollTop = 0;
    // On a small screen the list is away until somebody looks for something.
    openMenu(search.value.trim() !== "");
  });
  search.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { search.value = ""; renderNav(); }
    if (event.key !== "Enter") return;
    const first = bestMatch(search.value);
    if (search.value.trim() !== "" && first) location.hash = first.operationId;
  });
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) { event.preventDefault(); search.focus(); }
    if (event.key === "Escape") openMenu(false);
  });
}

function startPage() {
  $("version").textContent = api.info.version;
  showSession();
  startSearch();
  $("connect").addEventListener("click", openConnection);
  $("menu").addEventListener("click", () => openMenu(!$("nav").classList.contains("open")));
  addEventListener("hashchange", () => {
    openMenu(false);
    render();
    scrollTo(0, 0);
    $("content").focus({ preventScroll: true });
  });
  render();
}

const operations = readOperations();
const groups = readGroups();
startTheme();
if (api.problem) {
  for (const id of ["connect", "menu", "nav"]) $(id).hidden = true;
  document.querySelector(".search").hidden = true;
  $("content").replaceChildren(problemPage(api.problem));
} else startPage();`;
