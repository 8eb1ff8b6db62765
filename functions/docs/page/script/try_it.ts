/**
 * A form of the operation's parameters and body, and what came back.
 *
 * @module
 */

/** `tryPanel`. */
export const TRY_IT = String.raw`
/** Inputs by place and name, made of the operation's parameters. */
function parameterInputs(operation, onChange) {
  return operation.parameters.filter(({ name }) => name !== "X-Organization-Id").map((parameter) => {
    const { value: schema } = resolve(parameter.schema || {});
    const id = "p-" + parameter.in + "-" + parameter.name.replace(/\W/g, "-");
    const choices = schema.enum || (schema.type === "boolean" ? ["true", "false"] : null);
    const input = choices
      ? h("select", { id }, h("option", { value: "" }, schema.default === undefined ? "—" : "— (" + schema.default + ")"),
        choices.map((choice) => h("option", null, String(choice))))
      : h("input", { id, autocomplete: "off", spellcheck: "false", placeholder: placeholderOf(schema) });
    if (parameter.in === "path") input.required = true;
    input.addEventListener("input", onChange);
    const row = h("div", null,
      h("label", { for: id }, h("code", null, parameter.label), parameter.required ? " (required)" : ""), input);
    return { parameter, input, row };
  });
}

function placeholderOf(schema) {
  if (schema.default !== undefined) return String(schema.default);
  if (schema.examples && schema.examples.length) return String(schema.examples[0]);
  return schema.format === "uuid" ? SAMPLE_UUID : "";
}

/** The panel in which a request is made; "request" gives it as it stands. */
function tryPanel(operation, onChange) {
  const inputs = parameterInputs(operation, () => { onChange(); });
  const schema = operation.body;
  const body = schema
    ? h("textarea", { id: "p-body", spellcheck: "false", value: json(exampleOf(schema)), "aria-describedby": "p-body-said" })
    : null;
  const said = h("p", { class: "hint error", id: "p-body-said", role: "status" });
  if (body) {
    body.rows = Math.min(14, body.value.split("\n").length + 1);
    body.addEventListener("input", () => {
      const message = jsonFault(body.value);
      said.textContent = message;
      body.setAttribute("aria-invalid", String(message !== ""));
      if (message === "") onChange();
    });
  }
  const request = () => currentRequest(operation, inputs, body);
  const result = h("div", { "aria-live": "polite" });
  const form = h("form", { class: "inside", novalidate: true },
    operation.secretOnly ? h("p", { class: "hint" }, "Needs a secret key, which does not belong into a browser: use the code below.") : null,
    inputs.length ? h("div", { class: "inputs" }, inputs.map(({ row }) => row)) : null,
    body ? h("div", null, h("label", { for: "p-body" }, "Body"), body, said) : null,
    h("div", null, h("button", { type: "submit", class: "main", disabled: operation.secretOnly }, "Send")),
    result);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const missing = inputs.find(({ parameter, input }) => parameter.in === "path" && input.value.trim() === "");
    if (missing) {
      missing.input.setAttribute("aria-invalid", "true");
      missing.input.focus();
      result.replaceChildren(h("p", { class: "hint error" }, "Fill in " + missing.parameter.name));
      return;
    }
    for (const { input } of inputs) input.removeAttribute("aria-invalid");
    send(request(), result, form.querySelector("button.main"));
  });
  const element = h("section", { class: "panel", "aria-label": "Try it" },
    h("header", null, h("h2", null, "Try it"), h("span", { class: "hint" }, session.server.replace(/^https?:\/\//, ""))), form);
  return { element, request };
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
  let path = operation.path;
  const query = [];
  const headers = [];
  for (const { parameter, input } of inputs) {
    const value = input.value.trim();
    if (parameter.in === "path") {
      const shown = value || placeholderOf(resolve(parameter.schema || {}).value) || "…";
      path = path.replace("{" + parameter.name + "}", encodeURIComponent(shown));
    } else if (value !== "") (parameter.in === "query" ? query : headers).push([parameter.label, value]);
  }
  return { method: operation.method, path, query, headers, body: body && body.value.trim() !== "" ? body.value : null };
}

async function send(request, result, button) {
  const stop = new AbortController();
  const stopButton = h("button", { type: "button", class: "quiet", onclick: () => stop.abort() }, "Stop");
  button.disabled = true;
  result.replaceChildren(h("p", { class: "outcome" }, "Waiting for the answer … ", stopButton));
  const startedAt = performance.now();
  try {
    const response = await fetch(session.server + targetOf(request), {
      method: request.method,
      headers: { ...requestHeaders(), ...Object.fromEntries(request.headers),
        ...(request.body === null ? {} : { "Content-Type": "application/json" }) },
      body: request.body === null ? undefined : request.body,
      signal: stop.signal,
    });
    await showResponse(response, Math.round(performance.now() - startedAt), result, stopButton);
  } catch (error) {
    const aborted = error.name === "AbortError";
    result.replaceChildren(h("p", { class: "error" }, aborted ? "Stopped." :
      "No answer: the address is wrong, nobody listens there, or it does not allow this page to call (CORS)."));
  } finally {
    button.disabled = false;
  }
}

async function showResponse(response, milliseconds, result, stopButton) {
  const outcome = h("div", { class: "outcome" },
    h("strong", { class: "status s" + String(response.status)[0] }, response.status + " " + response.statusText),
    h("span", null, milliseconds + " ms"));
  const type = response.headers.get("content-type") || "";
  if (type.includes("event-stream")) return await showStream(response, outcome, result, stopButton);
  const text = await response.text();
  outcome.append(h("span", null, new Blob([text]).size + " bytes"));
  const headers = [...response.headers].map(([name, value]) => name + ": " + value).join("\n");
  const pretty = /[\/+]json/.test(type) && jsonFault(text) === "" && text !== "";
  const view = tabs("Answer", [
    ["Body", () => codeBlock(pretty ? json(JSON.parse(text)) : text || "(empty)", pretty ? "json" : "", "body of the answer")],
    ["Headers", () => codeBlock(headers, "", "headers of the answer")],
  ], "answer");
  result.replaceChildren(outcome, view.list, view.panel);
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
