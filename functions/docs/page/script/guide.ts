/**
 * Pages that are no operation: the guide, groups, errors, webhooks, the change log.
 *
 * @module
 */

/** `groups`, `guidePage`, `groupPage`, `errorsPage`, `webhooksPage`, `changelogPage`, `noticePage`. */
export const GUIDE = String.raw`
const groups = readGroups();

function readGroups() {
  const known = (site.tags || []).map(({ name, description }) => ({ name, description, operations: [] }));
  for (const operation of operations) {
    let group = known.find(({ name }) => name === operation.tag);
    if (!group) known.push(group = { name: operation.tag, description: "", operations: [] });
    group.operations.push(operation);
  }
  return known.filter((group) => group.operations.length > 0);
}

/** The guide speaks of the address that the page was loaded from. */
function guideText() {
  const said = (site.servers && site.servers[0] && site.servers[0].url) || "";
  const text = site.info.description || "";
  return said ? text.replaceAll(said, session.server) : text;
}

const chapters = site.info ? chaptersOf(guideText()).filter(({ title }) => title !== "") : [];
const FENCE_TITLES = { bash: "curl", ts: "TypeScript", python: "Python", http: "HTTP", json: "JSON" };

function guidePage() {
  const [lead] = chaptersOf(guideText());
  return h("article", { class: "guide" },
    h("header", { class: "hero" },
      h("h1", null, site.info.title + " API"),
      lead.blocks.map((block) => h("p", { class: "lead" }, inline(block.text))),
      h("dl", { class: "access" },
        h("div", { class: "long" }, h("dt", null, "Base URL"), h("dd", null, h("code", null, session.server), copyButton(session.server, "base URL"))),
        h("div", null, h("dt", null, "Version"), h("dd", null, latestVersion())),
        h("div", null, h("dt", null, "Operations"), h("dd", null, String(operations.length))),
        h("div", null, h("dt", null, "OpenAPI " + site.openapi), h("dd", null, documentLinks())))),
    chapters.map(chapterSection),
    h("section", { class: "chapter" }, h("div", { class: "text" }, h("h2", { id: "guide/groups", tabindex: "-1" }, "Everything there is")),
      h("ul", { class: "cards" }, groups.map((group) => h("li", null, h("a", { href: "#group/" + group.name },
        h("b", null, titleOf(group.name), " ", h("small", null, String(group.operations.length))), h("span", null, group.description)))))));
}

function latestVersion() {
  return site.changelog && site.changelog.length ? site.changelog[0].version : site.info.version;
}

function documentLinks() {
  if (whole) {
    const url = URL.createObjectURL(new Blob([JSON.stringify(whole, null, 2)], { type: "application/json" }));
    return h("a", { href: url, download: "openapi.json" }, "openapi.json");
  }
  return [h("a", { href: here + "/openapi.json", download: "openapi.json" }, "openapi.json"), " · ",
    h("a", { href: here + "/millrace-docs.html", download: "millrace-docs.html" }, "this page as a file")];
}

/** Text at the left, code beside it; fences that follow each other are one thing in several languages. */
function chapterSection({ title, slug, blocks }) {
  const code = blocks.filter(({ kind }) => kind === "code");
  const items = code.map(({ language, text }) =>
    [FENCE_TITLES[language] || language, () => codeBlock(text, LANGUAGES[language] || language, title)]);
  const view = items.length ? tabs(title + ": language", items, "language") : null;
  return h("section", { class: "chapter columns" },
    h("div", { class: "text" }, h("h2", { id: "guide/" + slug, tabindex: "-1" }, h("a", { href: "#guide/" + slug }, title)),
      blocks.filter(({ kind }) => kind !== "code").map(blockElement)),
    h("div", { class: "side" }, view ? h("div", { class: "panel dark stick" }, h("header", null, view.list), view.panel) : null));
}

function groupPage(group) {
  return h("article", { class: "overview" },
    h("p", { class: "crumb" }, "Reference"), h("h1", null, titleOf(group.name)), h("p", { class: "lead" }, group.description),
    h("ul", { class: "endpoints" }, group.operations.map((operation) => h("li", null, h("a", { href: "#" + operation.id },
      methodBadge(operation.method), pathText(operation.path), h("span", { class: "what" }, operation.summary))))));
}

function errorsPage() {
  return h("article", { class: "overview" },
    h("p", { class: "crumb" }, "Reference"), h("h1", null, "Errors"),
    h("p", { class: "lead" }, "Every error answer is a problem document with one of these codes. A code never changes its meaning: write programs against it."),
    h("ul", { class: "errors" }, (site.errors || []).map(({ code, status, title, meaning, remedy }) =>
      h("li", { id: "errors/" + code, tabindex: "-1" },
        h("h2", null, h("code", null, code), h("span", { class: "status s" + String(status)[0] }, String(status)), h("small", null, title)),
        h("p", null, inline(meaning)), h("p", { class: "do" }, h("strong", null, "What to do. "), inline(remedy))))),
    part("Errors of runs and steps", "kept with the step, never the code of an answer", tableElement([
      ["Code", "What happened", "What to do"],
      ...(site.stepErrors || []).map(({ code, title, remedy }) => [TICK + code + TICK, title, remedy]),
    ])));
}

function webhooksPage(webhooks) {
  return h("article", { class: "guide" },
    h("header", { class: "hero" }, h("p", { class: "crumb" }, "Reference"), h("h1", null, "Webhooks"),
      h("p", { class: "lead" }, "What other services send to an endpoint of yours, and what they get. ", inline(TICK + "POST /webhooks" + TICK),
        " makes an endpoint with an address of its own; ", inline(TICK + "POST /webhooks/{id}/test" + TICK), " sends it a signed sample.")),
    Object.entries(webhooks).map(([name, item]) => webhookSection(name, item.post)));
}

function webhookSection(name, webhook) {
  const media = webhook.requestBody.content["application/json"];
  const headers = ["POST /functions/v1/hooks/b3cef1e3427340fa HTTP/1.1", "content-type: application/json",
    ...(webhook.parameters || []).map((parameter) => parameter.name + ": …")].join("\n");
  const view = tabs(name, [["Body", () => codeBlock(json(media.example), "json", "body from " + name)],
    ["Headers", () => codeBlock(headers, "http", "headers from " + name)]], "webhook");
  return h("section", { class: "chapter columns" },
    h("div", { class: "text" }, h("h2", { id: "webhooks/" + name, tabindex: "-1" }, h("a", { href: "#webhooks/" + name }, titleOf(name))),
      markdown(webhook.description),
      (webhook.parameters || []).length ? h("p", null, "Signed in ", webhook.parameters.map((parameter) => h("code", null, parameter.name)), ".") : null,
      tableElement([["Answer", "Means"], ...Object.entries(webhook.responses).map(([status, { description }]) => [status, description])], titleOf(name))),
    h("div", { class: "side" }, h("div", { class: "panel dark stick" }, h("header", null, view.list), view.panel)));
}

function changelogPage() {
  const day = (text) => text.slice(0, 10);
  return h("article", { class: "overview" }, h("p", { class: "crumb" }, "Reference"), h("h1", null, "Change log"),
    h("p", { class: "lead" }, "Versions of the API, the newest first. ", h("a", { href: "#guide/versions" }, "How versions work")),
    (site.changelog || []).map(({ version, title, changes, deprecated_at, sunset_at }) => h("section", { class: "part" },
      h("h2", null, version, h("small", null, title)),
      deprecated_at ? h("p", { class: "notice" }, "Deprecated since " + day(deprecated_at) + (sunset_at ? "; answered until " + day(sunset_at) + "." : ".")) : null,
      changes.length ? h("ul", { class: "prose" }, changes.map((change) => h("li", null, inline(change.description), " ",
        change.operations.map((id, index) => [index ? ", " : "", operationById.has(id) ? h("a", { href: "#" + id }, id) : id])))) : null)));
}

/** Shown instead of a page: what is missing, or on its way. */
function noticePage(title, ...content) {
  return h("article", { class: "overview" }, h("h1", null, title), h("div", { class: "notice" }, content));
}`;
