/**
 * The first page: what holds for every operation, the groups, the errors.
 *
 * @module
 */

/** `overviewPage`, `problemPage`. */
export const OVERVIEW = String.raw`
function overviewPage() {
  const [lead, ...rest] = markdown(api.info.description);
  if (lead) lead.className = "lead";
  return h("article", { class: "overview" },
    h("h1", null, api.info.title + " API"),
    h("p", { class: "hint" }, "Version " + api.info.version + " · " + operations.length + " operations · ",
      h("a", { href: documentLink(), download: "openapi.json" }, "openapi.json"), " (OpenAPI " + api.openapi + ")"),
    lead, rest,
    part("Groups", null, h("ul", { class: "cards" }, groups.map((group) =>
      h("li", null, h("a", { href: "#" + group.operations[0].operationId },
        h("b", null, group.name, " ", h("small", null, group.operations.length)), h("span", null, group.description)))))),
    part("Servers", null, h("ul", { class: "fields" }, (api.servers || []).map(({ url, description }) =>
      h("li", null, h("div", { class: "field" }, h("b", null, url)), description ? h("p", null, inline(description)) : null)))),
    part("Errors", "code, status, meaning", errorTable()));
}

function documentLink() {
  return URL.createObjectURL(new Blob([JSON.stringify(api, null, 2)], { type: "application/json" }));
}

function errorTable() {
  const rows = Object.entries((api.components && api.components.examples) || {})
    .filter(([, example]) => example.value && example.value.status)
    .sort(([, a], [, b]) => a.value.status - b.value.status);
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Error codes" }, h("table", null,
    h("thead", null, h("tr", null, ["Code", "Status", "Meaning"].map((text) => h("th", { scope: "col" }, text)))),
    h("tbody", null, rows.map(([code, example]) => h("tr", null, h("td", null, h("code", null, code)),
      h("td", { class: "status s" + String(example.value.status)[0] }, String(example.value.status)), h("td", null, example.summary))))));
}

/** Shown instead of everything when there is no document. */
function problemPage(problem) {
  return h("article", { class: "overview" }, h("h1", null, "There is nothing to show yet"),
    h("div", { class: "notice" }, h("p", null, problem),
      h("p", null, "This page describes what the function ", h("code", null, "api"),
        " gives at ", h("code", null, "/api/v1/openapi.json"), ". Deploy it and load this page again.")));
}`;
