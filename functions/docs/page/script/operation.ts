/**
 * The page of one operation.
 *
 * @module
 */

/** `toOperation`, `operationPage`, `part`. */
export const OPERATION = String.raw`
function operationPage(operation) {
  const samples = { refresh() {} };
  const tryIt = tryPanel(operation, () => samples.refresh());
  const panel = samplePanel(tryIt.request, operation);
  samples.refresh = panel.refresh;
  return h("article", { class: "columns operation" },
    h("div", { class: "text intro" },
      h("p", { class: "crumb" }, h("a", { href: "#group/" + operation.tag }, titleOf(operation.tag))),
      h("h1", null, operation.summary),
      h("div", { class: "endpoint" }, methodBadge(operation.method), pathText(operation.path), copyButton(session.server + operation.path, "address")),
      accessList(operation),
      markdown(operation.text)),
    h("div", { class: "side" }, h("div", { class: "stick" }, panel.element, tryIt.element)),
    h("div", { class: "text rest" },
      parametersPart(operation, "path", "Path"),
      parametersPart(operation, "query", "Query"),
      bodyPart(operation),
      parametersPart(operation, "header", "Headers"),
      responsesPart(operation),
      neighbours(operation)));
}

/** What the document says about an operation, as the page needs it. */
function toOperation(listed, described) {
  const text = described.description || "";
  const content = (described.requestBody && described.requestBody.content) || {};
  const anyBytes = "*/*" in content;
  const media = content["application/json"] || {};
  const security = described.security || [];
  return {
    ...listed,
    security,
    text: text.replace(/\n*Permission: .[a-z]+:[a-z]+.\.\s*$/, ""),
    permission: described["x-permission"] || null,
    roles: described["x-roles"] || [],
    secretOnly: security.length > 0 && security.every((item) => "secretKey" in item),
    parameters: (described.parameters || []).map((parameter) => resolve(parameter).value)
      .map((parameter) => ({ ...parameter, label: labelOf(parameter) })),
    anyBytes,
    hasBody: anyBytes || "application/json" in content,
    body: media.schema || {},
    example: media.example,
    bodyRequired: Boolean(described.requestBody && described.requestBody.required),
    responses: described.responses || {},
  };
}

/** Headers as people write them: Idempotency-Key. */
function labelOf({ in: place, name }) {
  return place === "header" ? name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase()) : name;
}

const titleOf = (tag) => tag[0].toUpperCase() + tag.slice(1);

function pathText(path) {
  return h("span", { class: "path" }, path.split(/(\{\w+\})/).map((part) =>
    part.startsWith("{") ? h("span", { class: "param" }, part) : part));
}

/** Who may call it, with which scope. */
function accessList(operation) {
  const kinds = [
    needs(operation, "apiKey") ? "API key" : null,
    needs(operation, "userToken") ? "access token" : null,
    needs(operation, "secretKey") ? "secret key" : null,
  ].filter((kind) => kind !== null);
  return h("dl", { class: "access" },
    operation.deprecated ? h("div", null, h("dt", null, "Deprecated"), h("dd", null, "see the ", h("a", { href: "#changelog" }, "change log"))) : null,
    h("div", null, h("dt", null, "Credential"), h("dd", null, kinds.length ? kinds.join(", ") : "none")),
    operation.permission ? h("div", null, h("dt", null, "Scope"), h("dd", null, h("code", null, operation.permission))) : null,
    operation.roles.length ? h("div", null, h("dt", null, "Roles"), h("dd", null, operation.roles.join(", "))) : null,
    h("div", null, h("dt", null, "Operation id"), h("dd", null, h("code", null, operation.id))));
}

function neighbours({ id }) {
  const at = operations.findIndex((operation) => operation.id === id);
  const link = (operation, text, side) => operation
    ? h("a", { href: "#" + operation.id, class: side }, h("small", null, text), h("span", null, operation.summary)) : h("span");
  return h("div", { class: "neighbours", role: "group", "aria-label": "Neighbours" }, link(operations[at - 1], "Before", "before"), link(operations[at + 1], "Next", "next"));
}

function part(title, aside, ...children) {
  return h("section", { class: "part" }, h("h2", null, title, aside ? h("small", null, aside) : null), children);
}

function parametersPart(operation, place, title) {
  // Those of this operation first, those of all of them last.
  const those = operation.parameters.filter((parameter) => parameter.in === place)
    .sort((a, b) => EVERYWHERE.indexOf(a.name) - EVERYWHERE.indexOf(b.name));
  if (those.length === 0) return null;
  return part(title, null, h("ul", { class: "fields" }, those.map((parameter) =>
    fieldItem(parameter.label, { description: parameter.description, ...resolve(parameter.schema || {}).value },
      { required: parameter.required, received: false, depth: 0 }))));
}

const EVERYWHERE = ["if-none-match", "X-Organization-Id", "Millrace-Version"];

function bodyPart(operation) {
  if (!operation.hasBody) return null;
  if (operation.anyBytes) return part("Body", null, h("p", null, "Any bytes, as the sender makes them."));
  return part("Body", operation.bodyRequired ? "JSON, required" : "JSON, optional", schemaFields(operation.body, false));
}

function responsesPart(operation) {
  const entries = Object.entries(operation.responses).sort(([a], [b]) => Number(a) - Number(b));
  return part("Answers", null, h("div", { class: "answers" }, entries.map(([status, response], index) =>
    answer(status, resolve(response).value, index === 0))));
}

/** One status; what is inside is made when it is opened. */
function answer(status, response, open) {
  const [type, content] = Object.entries(response.content || {})[0] || [null, {}];
  const codes = Object.keys(content.examples || {});
  const about = codes.length ? codes.join(", ") : response.description;
  const details = h("details", { class: "answer" },
    h("summary", null, h("span", { class: "status s" + status[0] }, status), h("span", null, inline(about))));
  const fill = () => {
    if (!details.open || details.children.length > 1) return;
    details.append(h("div", null, codes.length ? errorAnswer(content, codes) : goodAnswer(status, response, type, content)));
  };
  details.addEventListener("toggle", fill);
  if (open) {
    details.open = true;
    fill();
  }
  return details;
}

function goodAnswer(status, response, type, content) {
  const headers = Object.entries(response.headers || {});
  return [
    content.schema ? schemaFields(content.schema, true) : h("p", { class: "hint" }, type ? "Content of the type " + type : "No body"),
    content.example !== undefined ? codeBlock(json(content.example), "json", "example of the answer " + status) : null,
    headers.length ? h("p", { class: "hint" }, "Headers: ", headers.map(([name, header], index) =>
      [index ? ", " : "", h("code", { title: resolve(header).value.description || "" }, name)])) : null,
  ];
}

function errorAnswer(content, codes) {
  const rows = codes.map((code) => [code, resolve(content.examples[code]).value]);
  return [
    h("ul", { class: "fields" }, rows.map(([code, example]) =>
      h("li", null, h("div", { class: "field" }, h("b", null, h("a", { href: "#errors/" + code }, code))), h("p", null, example.summary || "")))),
    codeBlock(json(rows[0][1].value), "json", "example of " + rows[0][0]),
  ];
}`;
