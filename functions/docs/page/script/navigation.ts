/**
 * The list of everything, and the search in it.
 *
 * @module
 */

/** `renderNav`, `openMenu`, `startSearch`, `startPrefetch`. */
export const NAVIGATION = String.raw`
/** Operation id → description, once somebody searches. */
let texts = new Map();

/** Pages that are no operation: { title, href, text }. */
function readPages() {
  return [
    ...chapters.map(({ title, slug, blocks }) => ({ title, href: "guide/" + slug, text: JSON.stringify(blocks), kind: "Guide" })),
    { title: "Errors", href: "errors", text: "problem codes remedies", kind: "Reference" },
    { title: "Webhooks", href: "webhooks", text: (site.webhooks || []).join(" ") + " signatures", kind: "Reference" },
    { title: "Change log", href: "changelog", text: "versions deprecated sunset", kind: "Reference" },
  ];
}

const pages = readPages();
const errorPages = (site.errors || []).map(({ code, title, meaning, remedy, status }) =>
  ({ title: code, href: "errors/" + code, text: [status, title, meaning, remedy].join(" "), kind: "Error codes" }));

/** How well a text fits: 3 = named so, 2 = its path or id says so, 1 = it is mentioned, 0 = not at all. */
function scoreOf(words, name, other, text) {
  const scores = words.map((word) => name.includes(word) ? 3 : other.includes(word) ? 2 : text.includes(word) ? 1 : 0);
  return scores.includes(0) ? 0 : Math.min(...scores) + (name.startsWith(words[0]) ? 1 : 0);
}

function searchResults(query) {
  const words = query.toLowerCase().split(/\s+/).filter((word) => word !== "");
  const ranked = (list, of) => list.map((item) => [scoreOf(words, ...of(item)), item]).filter(([score]) => score > 0)
    .sort(([a], [b]) => b - a).map(([, item]) => item);
  return {
    pages: ranked([...pages, ...errorPages], ({ title, href, text }) => [title.toLowerCase(), href, text.toLowerCase()]),
    operations: ranked(operations, ({ id, method, path, summary, tag }) =>
      [summary.toLowerCase(), (method + " " + path + " " + id + " " + tag).toLowerCase(), (texts.get(id) || "").toLowerCase()]),
  };
}

function currentPage() {
  return decodeURIComponent(location.hash.slice(1));
}

function navLink({ href, current, content }) {
  return h("li", null, h("a", { href: "#" + href, "aria-current": href === current ? "page" : null }, content));
}

const operationLink = (operation, current) => navLink({ href: operation.id, current,
  content: [h("span", { class: "name" }, operation.summary), methodBadge(operation.method)] });

function renderNav() {
  const query = $("search").value.trim();
  const current = currentPage();
  $("nav").replaceChildren(...(query === "" ? wholeNav(current) : foundNav(query, current)));
  const here = $("nav").querySelector('[aria-current="page"]');
  if (here) here.scrollIntoView({ block: "nearest" });
}

function wholeNav(current) {
  const open = operationById.has(current) ? operationById.get(current).tag : current.startsWith("group/") ? current.slice(6) : "";
  const pageLinks = (kind) => pages.filter((page) => page.kind === kind).map(({ title, href }) => navLink({ href, current, content: title }));
  $("found").textContent = "";
  return [
    h("h2", null, "Guide"), h("ul", null, navLink({ href: "", current, content: "Overview" }), pageLinks("Guide")),
    h("h2", null, "Reference"), h("ul", null, pageLinks("Reference")),
    h("h2", null, "Operations"),
    ...groups.map((group) => h("details", { open: group.name === open },
      h("summary", null, titleOf(group.name), h("small", null, String(group.operations.length))),
      h("ul", null, navLink({ href: "group/" + group.name, current, content: "All of " + group.name }),
        group.operations.map((operation) => operationLink(operation, current))))),
  ];
}

function foundNav(query, current) {
  const found = searchResults(query);
  const count = found.pages.length + found.operations.length;
  $("found").textContent = count + (count === 1 ? " result" : " results");
  if (count === 0) return [h("p", { class: "none" }, "Nothing fits “" + query + "”.")];
  return [
    ...(found.operations.length ? [h("h2", null, "Operations"), h("ul", null, found.operations.slice(0, 40).map((operation) => operationLink(operation, current)))] : []),
    ...(found.pages.length ? [h("h2", null, "Guide and errors"), h("ul", null, found.pages.slice(0, 12).map(({ title, href }) => navLink({ href, current, content: title })))] : []),
  ];
}

function openMenu(open) {
  $("nav").classList.toggle("open", open);
  $("menu").setAttribute("aria-expanded", String(open));
}

function startSearch() {
  const search = $("search");
  const links = () => [...$("nav").querySelectorAll("a")];
  search.addEventListener("focus", async () => {
    if (texts.size > 0) return;
    texts = await loadTexts().catch(() => new Map());
    if (search.value.trim() !== "") renderNav();
  });
  search.addEventListener("input", () => {
    renderNav();
    $("nav").scrollTop = 0;
    // On a small screen the list is away until somebody looks for something.
    openMenu(search.value.trim() !== "");
  });
  search.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { search.value = ""; renderNav(); openMenu(false); }
    if (search.value.trim() === "") return;
    const [first] = links();
    if (event.key === "Enter" && first) location.hash = first.getAttribute("href");
    if (event.key === "ArrowDown" && first) { event.preventDefault(); first.focus(); }
  });
  $("nav").addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const at = links().indexOf(document.activeElement);
    if (!step || at < 0 || search.value.trim() === "") return;
    event.preventDefault();
    (links()[at + step] || search).focus();
  });
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) { event.preventDefault(); search.focus(); }
    if (event.key === "Escape") openMenu(false);
  });
}

/** What is looked at long enough to be clicked is loaded before the click. */
function startPrefetch() {
  let timer = 0;
  const prefetch = ({ target }) => {
    clearTimeout(timer);
    const link = target.closest && target.closest("a");
    const operation = link && operationById.get((link.getAttribute("href") || "").slice(1));
    if (operation && !whole) timer = setTimeout(() => loadOperation(operation).catch(() => {}), 80);
  };
  document.addEventListener("pointerover", prefetch);
  document.addEventListener("focusin", prefetch);
}`;
