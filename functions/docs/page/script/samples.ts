/**
 * A request as code.
 *
 * @module
 */

/** `sampleTabs` and the three languages. A request is { method, path, query, headers, body }. */
export const SAMPLES = String.raw`
const json = (value) => JSON.stringify(value, null, 2);
const quoted = (text) => JSON.stringify(text);

/** The path with its parameters filled in and the query behind it. */
function targetOf(request) {
  const query = request.query.map(([name, value]) => encodeURIComponent(name) + "=" + encodeURIComponent(value)).join("&");
  return request.path + (query ? "?" + query : "");
}

function curlSample(request, operation) {
  const lines = ["curl" + (request.method === "GET" ? "" : " -X " + request.method) + " " + quoted(session.server + targetOf(request))];
  const header = (name, value) => lines.push("-H " + quoted(name + ": " + value));
  if (needs(operation, "secretKey") && !needs(operation, "userToken")) header("apikey", "$SECRET_KEY");
  if (needs(operation, "userToken")) {
    header("apikey", session.key || "$PUBLISHABLE_KEY");
    // A token is long and secret: code that is copied does not carry it.
    header("Authorization", "Bearer $ACCESS_TOKEN");
    if (session.organization) header("X-Organization-Id", session.organization);
  }
  for (const [name, value] of request.headers) lines.push("-H " + "'" + (name + ": " + value).replace(/'/g, "'\\''") + "'");
  if (request.body !== null) {
    header("Content-Type", "application/json");
    lines.push("-d '" + request.body.replace(/'/g, "'\\''") + "'");
  }
  return lines.join(" \\\n  ");
}

function jsSample(request, operation) {
  const project = session.server.replace(/\/functions\/v1.*$/, "") || "https://YOUR_PROJECT.supabase.co";
  const prefix = session.server.replace(/^.*\/functions\/v1\/?/, "");
  const name = (prefix ? prefix + "/" : "") + targetOf(request).slice(1);
  const options = ["method: " + quoted(request.method)];
  if (request.headers.length) options.push("headers: " + indent(json(Object.fromEntries(request.headers))));
  if (request.body !== null) options.push("body: " + indent(request.body));
  const key = needs(operation, "userToken") || !needs(operation, "secretKey")
    ? quoted(session.key || "sb_publishable_…")
    : "secretKey";
  return [
    'import { createClient } from "@supabase/supabase-js";',
    "",
    "const supabase = createClient(" + quoted(project) + ", " + key + ");",
    ...(needs(operation, "userToken") ? ["await supabase.auth.signInWithPassword({ email, password });"] : []),
    "",
    "const { data, error } = await supabase.functions.invoke(" + quoted(name) + ", {",
    ...options.map((option) => "  " + option + ","),
    "});",
    "if (error) throw await error.context.json(); // the problem: code, detail, problems",
  ].join("\n");
}

const indent = (text) => text.replace(/\n/g, "\n  ");

function pythonSample(request, operation) {
  const headers = {};
  if (needs(operation, "userToken")) {
    headers.apikey = session.key || "sb_publishable_…";
    headers.Authorization = "Bearer …";
  } else if (needs(operation, "secretKey")) headers.apikey = "sb_secret_…";
  for (const [name, value] of request.headers) headers[name] = value;
  const lines = [
    "import requests", "",
    "response = requests." + request.method.toLowerCase() + "(",
    "    " + quoted(session.server + targetOf(request)) + ",",
  ];
  if (Object.keys(headers).length) lines.push("    headers=" + python(headers, 1) + ",");
  if (request.body !== null) lines.push("    json=" + python(parsed(request.body), 1) + ",");
  lines.push(")", "response.raise_for_status()");
  if (!("204" in operation.responses)) lines.push("print(response.json())");
  return lines.join("\n");
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** A JSON value as Python writes it. */
function python(value, level) {
  const pad = "    ".repeat(level + 1);
  const end = "    ".repeat(level);
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "object") return quoted(value);
  const list = Array.isArray(value);
  const items = list ? value.map((item) => python(item, level + 1))
    : Object.entries(value).map(([name, item]) => quoted(name) + ": " + python(item, level + 1));
  const [open, close] = list ? ["[", "]"] : ["{", "}"];
  return items.length === 0 ? open + close : open + "\n" + items.map((item) => pad + item + ",\n").join("") + end + close;
}

function needs(operation, scheme) {
  return (operation.security || []).some((item) => scheme in item);
}

/** The panel with the request in three languages; it follows what is entered. */
function samplePanel(currentRequest, operation) {
  const of = (make, language, label) => () => codeBlock(make(currentRequest(), operation), language, label);
  const view = tabs("Language", [
    ["curl", of(curlSample, "shell", "request with curl")],
    ["supabase-js", of(jsSample, "js", "request with supabase-js")],
    ["Python", of(pythonSample, "python", "request with Python")],
  ], "language");
  const element = h("section", { class: "panel", "aria-label": "Code" }, h("header", null, h("h2", null, "Code"), view.list), view.panel);
  return { element, refresh: view.refresh };
}`;
