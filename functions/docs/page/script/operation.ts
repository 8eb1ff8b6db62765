/**
 * The page of one operation.
 *
 * @module
 */

/** `operationPage`. */
export const OPERATION = String.raw`
function operationPage(operation) {
  const samples = { refresh() {} };
  const tryIt = tryPanel(operation, () => samples.refresh());
  const panel = samplePanel(tryIt.request, operation);
  samples.refresh = panel.refresh;
  return h("article", { class: "operation" },
    h("div", null,
      h("div", { class: "crumb" }, operation.tags.join(" · ")),
      h("h1", null, operation.summary),
      h("div", { class: "endpoint" }, methodBadge(operation.method), pathText(operation.path)),
      h("div", { class: "chips" }, chipsOf(operation)),
      markdown(operation.text),
      parametersPart(operation),
      bodyPart(operation),
      responsesPart(operation)),
    h("div", { class: "side" }, tryIt.element, panel.element));
}

function pathText(path) {
  return h("span", null, path.split(/(\{\w+\})/).map((part) =>
    part.startsWith("{") ? h("span", { class: "param" }, part) : part));
}

function chipsOf(operation) {
  const chips = [];
  if (operation.permission) chips.push(h("span", { class: "chip strong" }, "needs " + operation.permission));
  if (needs(operation, "userToken")) chips.push(h("span", { class: "chip" }, "access token"));
  if (needs(operation, "secretKey")) chips.push(h("span", { class: "chip" }, "secret key"));
  if (!operation.security.length) chips.push(h("span", { class: "chip" }, "no credentials"));
  if (operation.deprecated) chips.push(h("span", { class: "chip" }, "deprecated"));
  chips.push(h("span", { class: "chip" }, operation.operationId));
  return chips;
}

function part(title, aside, ...children) {
  return h("section", { class: "part" }, h("h2", null, title, aside ? h("small", null, aside) : null), children);
}

const PLACES = [["path", "Path"], ["query", "Query"], ["header", "Headers"]];

function parametersPart(operation) {
  return PLACES.map(([place, title]) => {
    const those = operation.parameters.filter((parameter) => parameter.in === place);
    if (those.length === 0) return null;
    return part(title, null, h("ul", { class: "fields" }, those.map((parameter) =>
      fieldItem(parameter.label, { description: parameter.description, ...resolve(parameter.schema || {}).value },
        { required: parameter.required, received: false, depth: 0 }))));
  });
}

function bodyPart(operation) {
  if (!operation.body) return null;
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
    content.schema ? codeBlock(json(exampleOf(content.schema)), "json", "example of the answer " + status) : null,
    headers.length ? h("p", { class: "hint" }, "Headers: ", headers.map(([name, header], index) =>
      [index ? ", " : "", h("code", { title: resolve(header).value.description || "" }, name)])) : null,
  ];
}

function errorAnswer(content, codes) {
  const rows = codes.map((code) => [code, resolve(content.examples[code]).value]);
  return [
    h("ul", { class: "fields" }, rows.map(([code, example]) =>
      h("li", null, h("div", { class: "field" }, h("b", null, code)), h("p", null, example.summary || "")))),
    codeBlock(json(rows[0][1].value), "json", "example of " + rows[0][0]),
  ];
}`;
