/**
 * Each operation as code: curl, TypeScript with our client, Python.
 *
 * @module
 */

/** Where samples find the client. Not in one line with its import: what reads like one is packed with the function. */
const CLIENT_MODULE = JSON.stringify("./millrace.ts");

/** What a sample is made of. */
export interface SampleRequest {
  readonly server: string;
  readonly method: string;
  /** With `{id}`. */
  readonly path: string;
  /** An example of each required parameter of path and query. */
  readonly parameters: readonly { readonly in: string; readonly name: string; readonly example: unknown }[];
  /** Undefined without one. */
  readonly body: unknown;
  /** Whether it takes an Idempotency-Key. */
  readonly isCreating: boolean;
  /** How a caller says who it is. */
  readonly auth: "user" | "secret" | "none";
}

/** A sample, as documentation tools read it. */
export interface CodeSample {
  readonly lang: string;
  readonly label: string;
  readonly source: string;
}

const json = (value: unknown): string => JSON.stringify(value, null, 2);

/** The samples of an operation. */
export function codeSamples(request: SampleRequest): CodeSample[] {
  return [
    { lang: "Shell", label: "curl", source: curl(request) },
    { lang: "TypeScript", label: "TypeScript", source: typeScript(request) },
    { lang: "Python", label: "Python", source: python(request) },
  ];
}

function address({ server, path, parameters }: SampleRequest): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const found = parameters.find((parameter) => parameter.in === "path" && parameter.name === name);
    return encodeURIComponent(String(found?.example ?? name));
  });
  const query = new URLSearchParams(
    parameters.filter((parameter) => parameter.in === "query").map(({ name, example }) => [name, String(example)]),
  ).toString();
  return `${server}${filled}${query === "" ? "" : `?${query}`}`;
}

function headersOf({ auth, isCreating, body }: SampleRequest, key: (name: string) => string): [string, string][] {
  return [
    ...(auth === "user" ? [["Authorization", `Bearer ${key("MILLRACE_API_KEY")}`] as [string, string]] : []),
    ...(auth === "secret" ? [["apikey", key("SUPABASE_SECRET_KEY")] as [string, string]] : []),
    ...(isCreating ? [["Idempotency-Key", "order-1042"] as [string, string]] : []),
    ...(body === undefined ? [] : [["Content-Type", "application/json"] as [string, string]]),
  ];
}

function curl(request: SampleRequest): string {
  const method = request.method === "GET" ? "" : ` -X ${request.method}`;
  const lines = [
    `curl${method} "${address(request)}"`,
    ...headersOf(request, (name) => `$${name}`).map(([name, value]) => `-H "${name}: ${value}"`),
    ...(request.body === undefined ? [] : [`-d '${JSON.stringify(request.body).replaceAll("'", "'\\''")}'`]),
  ];
  return lines.join(" \\\n  ");
}

function typeScript(request: SampleRequest): string {
  const inPlace = (place: string) =>
    Object.fromEntries(
      request.parameters.filter((parameter) => parameter.in === place).map(({ name, example }) => [name, example]),
    );
  const [params, query] = [inPlace("path"), inPlace("query")];
  const options = [
    ...(Object.keys(params).length === 0 ? [] : [`params: ${JSON.stringify(params)}`]),
    ...(Object.keys(query).length === 0 ? [] : [`query: ${JSON.stringify(query)}`]),
    ...(request.body === undefined ? [] : [`body: ${json(request.body).replaceAll("\n", "\n  ")}`]),
    ...(request.isCreating ? [`idempotencyKey: "order-1042"`] : []),
  ];
  const auth = request.auth === "secret"
    ? `secretKey: process.env.SUPABASE_SECRET_KEY`
    : `apiKey: process.env.MILLRACE_API_KEY`;
  const call = options.length === 0 ? "" : `, {\n${options.map((option) => `  ${option},\n`).join("")}}`;
  return [
    `import { createMillrace } from ${CLIENT_MODULE};`,
    "",
    `const millrace = createMillrace({ url: ${JSON.stringify(request.server)}${
      request.auth === "none" ? "" : `, ${auth}`
    } });`,
    `const { data } = await millrace.request(${JSON.stringify(`${request.method} ${request.path}`)}${call});`,
  ].join("\n");
}

function python(request: SampleRequest): string {
  const headers = headersOf(request, (name) => `{os.environ['${name}']}`)
    .filter(([name]) => name !== "Content-Type")
    .map(([name, value]) =>
      `        ${JSON.stringify(name)}: ${value.includes("{") ? "f" : ""}${JSON.stringify(value)},`
    );
  return [
    "import os",
    "import requests",
    "",
    `response = requests.${request.method.toLowerCase()}(`,
    `    ${JSON.stringify(address(request))},`,
    ...(headers.length === 0 ? [] : ["    headers={", ...headers, "    },"]),
    ...(request.body === undefined ? [] : [`    json=${pythonLiteral(request.body)},`]),
    ")",
    "response.raise_for_status()",
    ...(request.method === "DELETE" ? [] : ["print(response.json())"]),
  ].join("\n");
}

/** JSON as Python writes it. */
function pythonLiteral(value: unknown): string {
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (Array.isArray(value)) return `[${value.map(pythonLiteral).join(", ")}]`;
  if (typeof value !== "object") return JSON.stringify(value);
  return `{${
    Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}: ${pythonLiteral(item)}`).join(", ")
  }}`;
}
