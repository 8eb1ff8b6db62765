/**
 * A form of the operation's parameters and body, and what came back.
 *
 * @module
 */

/** `tryPanel`. */
export const TRY_IT = String.raw`
/** Headers that have a place of their own: the credentials', or those for people with a reason. */
const ELSEWHERE = ["X-Organization-Id"];
const RARE = ["Millrace-Version", "if-none-match", "if-match", "last-event-id"];

function parameterInputs(operation, onChange) {
  return operation.parameters.filter(({ name }) => !ELSEWHERE.includes(name)).map((parameter) => {
    const { value: schema } = resolve(parameter.schema || {});
    const id = "p-" + parameter.in + "-" + parameter.name.replace(/\W/g, "-");
    const choices = schema.enum || (schema.type === "boolean" ? ["true", "false"] : null);
    const input = choices
      ? h("select", { id }, h("option", { value: "" }, schema.default === undefined ? "—" : "— (" + schema.default + ")"),
        choices.map((choice) => h("option", null, String(choice))))
      : h("input", { id, autocomplete: "off", spellcheck: "false", placeholder: placeholderOf(parameter, schema) });
    if (parameter.in === "path") input.required = true;
    input.addEventListener("input", onChange);
    const row = h("div", null,
      h("label", { for: id }, h("code", null, parameter.label), parameter.required ? h("span", { class: "required" }, " required") : ""), input);
    return { parameter, input, row };
  });
}

function placeholderOf(parameter, schema) {
  if (schema.default !== undefined) return String(schema.default);
  if (parameter.example !== undefined) return String(parameter.example);
  return schema.examples && schema.examples.length ? String(schema.examples[0]) : "";
}

/** Inputs in the order in which they are needed: what must be there, and behind a fold what may. */
function inputRows(inputs) {
  const isShown = ({ parameter }) => parameter.required;
  const isRare = ({ parameter }) => RARE.includes(parameter.name);
  const shown = inputs.filter(isShown);
  const more = inputs.filter((input) => !isShown(input) && !isRare(input));
  const rare = inputs.filter((input) => !isShown(input) && isRare(input));
  const rows = (list) => h("div", { class: "inputs" }, list.map(({ row }) => row));
  const optional = [...more, ...rare];
  return [
    shown.length ? rows(shown) : null,
    optional.length ? h("details", { class: "fold" }, h("summary", null, optional.length + (optional.length === 1 ? " optional parameter" : " optional parameters")), rows(optional)) : null,
  ];
}

/** The panel in which a request is made; "request" gives it as it stands. */
function tryPanel(operation, onChange) {
  const inputs = parameterInputs(operation, () => onChange());
  const body = operation.hasBody
    ? h("textarea", { id: "p-body", spellcheck: "false", autocapitalize: "off",
      value: operation.example === undefined ? "" : json(operation.example), "aria-describedby": "p-body-said" })
    : null;
  const said = h("p", { class: "hint error", id: "p-body-said", role: "status" });
  if (body) {
    body.rows = Math.min(14, body.value.split("\n").length + 1);
    body.addEventListener("input", () => {
      const message = operation.anyBytes ? "" : jsonFault(body.value);
      said.textContent = message;
      body.setAttribute("aria-invalid", String(message !== ""));
      if (message === "") onChange();
    });
  }
  const request = () => currentRequest(operation, inputs, body);
  const result = h("div", { "aria-live": "polite", class: "result" });
  const send = h("button", { type: "submit", class: "main", disabled: operation.secretOnly }, "Send request");
  const form = h("form", { class: "inside", novalidate: true },
    noticeOf(operation),
    inputRows(inputs),
    body ? h("div", null, h("label", { for: "p-body" }, operation.anyBytes ? "Body" : "Body (JSON)"), body, said) : null,
    h("div", { class: "sending" }, send,
      operation.method === "GET" ? null : h("span", { class: "hint" }, "A real request: it changes your data.")),
    result);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    for (const { input } of inputs) input.removeAttribute("aria-invalid");
    const missing = inputs.find(({ parameter, input }) => parameter.required && input.value.trim() === "");
    if (missing) {
      missing.input.setAttribute("aria-invalid", "true");
      missing.input.focus();
      result.replaceChildren(h("p", { class: "hint error" }, "Fill in " + missing.parameter.label + "."));
      return;
    }
    sendRequest(request(), operation, result, send);
  });
  const element = h("section", { class: "panel", "aria-labelledby": "try-title" },
    h("header", null, h("h2", { id: "try-title" }, "Try it"), h("span", { class: "hint" }, session.server.replace(/^https?:\/\//, ""))), form);
  return { element, request };
}

/** What stands in the way of trying it, or nothing. */
function noticeOf(operation) {
  if (operation.secretOnly) return h("p", { class: "hint" }, "Needs a secret key of the project, which does not belong into a browser: use the code.");
  if (operation.security.length === 0) return null;
  if (!hasCredential()) {
    return h("p", { class: "hint" }, h("button", { type: "button", class: "link", onclick: openConnection }, "Add an API key or sign in"), " to send this.");
  }
  if (session.mode === "key" && !needs(operation, "apiKey")) {
    return h("p", { class: "hint" }, "For people: an API key cannot do this. ", h("button", { type: "button", class: "link", onclick: openConnection }, "Use an access token"), ".");
  }
  return null;
}

function jsonFault(text) {
  if (text.trim() === "") return "";
  try {
    JSON.parse(text);
    return "";
  } catch (error) {
    return error.message;
  }
}

/** What the inputs say; parameters of the path that are empty stand as examples, so that code always reads well. */
function currentRequest(operation, inputs, body) {
  const request = { method: operation.method, path: operation.path, params: {}, query: [], headers: [], text: null };
  for (const { parameter, input } of inputs) {
    const value = input.value.trim();
    if (parameter.in === "path") request.params[parameter.name] = value || String(parameter.example === undefined ? parameter.name : parameter.example);
    else if (value !== "") (parameter.in === "query" ? request.query : request.headers).push([parameter.label, value]);
    else if (parameter.required) request.query.push([parameter.label, String(parameter.example)]);
  }
  if (body && body.value.trim() !== "") {
    request.text = body.value;
    request.body = jsonFault(body.value) === "" ? JSON.parse(body.value) : body.value;
  }
  return request;
}

function addressOf({ path, params, query }) {
  const filled = path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(params[name]));
  return session.server + filled + (query.length ? "?" + new URLSearchParams(query) : "");
}

async function sendRequest(request, operation, result, button) {
  const stop = new AbortController();
  const stopButton = h("button", { type: "button", class: "quiet", onclick: () => stop.abort() }, "Stop");
  button.disabled = true;
  result.replaceChildren(h("p", { class: "outcome" }, "Waiting for the answer … ", stopButton));
  const startedAt = performance.now();
  try {
    const response = await fetch(addressOf(request), {
      method: request.method,
      headers: { ...requestHeaders(operation), ...Object.fromEntries(request.headers),
        ...(request.text === null ? {} : { "Content-Type": "application/json" }) },
      body: request.text === null ? undefined : request.text,
      signal: stop.signal,
      credentials: "omit",
      referrerPolicy: "no-referrer",
    });
    await showResponse(response, Math.round(performance.now() - startedAt), result, stopButton);
  } catch (error) {
    result.replaceChildren(h("p", { class: "error" }, error.name === "AbortError" ? "Stopped." :
      "No answer: nobody listens there, or it does not allow this page to call (CORS)."));
  } finally {
    button.disabled = false;
  }
}

function outcomeOf(response, milliseconds) {
  const requestId = response.headers.get("x-request-id");
  return h("dl", { class: "outcome" },
    h("div", null, h("dt", null, "Status"), h("dd", { class: "status s" + String(response.status)[0] }, response.status + " " + response.statusText)),
    h("div", null, h("dt", null, "Time"), h("dd", null, milliseconds + " ms")),
    requestId ? h("div", { class: "long" }, h("dt", null, "Request id"), h("dd", null, h("code", null, requestId), copyButton(requestId, "request id"))) : null);
}

async function showResponse(response, milliseconds, result, stopButton) {
  const outcome = outcomeOf(response, milliseconds);
  const type = response.headers.get("content-type") || "";
  if (type.includes("event-stream")) return await showStream(response, outcome, result, stopButton);
  const text = await response.text();
  outcome.children[1].after(h("div", null, h("dt", null, "Size"), h("dd", null, sizeText(new Blob([text]).size))));
  const headers = [...response.headers].map(([name, value]) => name + ": " + value).join("\n");
  const isJson = /[\/+]json/.test(type) && text !== "" && jsonFault(text) === "";
  const body = isJson ? JSON.parse(text) : null;
  const view = tabs("Answer", [
    ["Body", () => codeBlock(isJson ? json(body) : text || "(no body)", isJson ? "json" : "", "body of the answer")],
    ["Headers", () => codeBlock(headers, "http", "headers of the answer")],
  ], "answer");
  result.replaceChildren(outcome, remedyOf(response.status, body), view.list, view.panel);
}

/** An error says what to do about it. */
function remedyOf(status, body) {
  const error = status >= 400 && body && (site.errors || []).find(({ code }) => code === body.code);
  return error ? h("p", { class: "remedy" }, h("a", { href: "#errors/" + error.code }, h("code", null, error.code)), " ", inline(error.remedy)) : "";
}

function sizeText(bytes) {
  return bytes < 1024 ? bytes + " B" : (bytes / 1024).toFixed(1) + " KB";
}

/** Events as they come. */
async function showStream(response, outcome, result, stopButton) {
  const text = h("code");
  const block = h("pre", { tabindex: "0", role: "log", "aria-label": "Events" }, text);
  result.replaceChildren(outcome, h("div", { class: "code" }, block), stopButton);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    text.append(part.value);
    block.scrollTop = block.scrollHeight;
  }
  stopButton.replaceWith(h("p", { class: "hint" }, "The stream has ended."));
}`;
