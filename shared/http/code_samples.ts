/**
 * A request as code: curl, TypeScript with our client, supabase-js, Python.
 *
 * @module
 */

/** What a sample is made of. */
export interface SampleRequest {
  /** Where the functions answer, without a slash at its end. */
  readonly server: string;
  /** In upper case. */
  readonly method: string;
  /** With `{id}`. */
  readonly path: string;
  /** Values of the path's parameters. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: readonly (readonly [name: string, value: string])[];
  /** Besides those that credentials and body bring along. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Undefined without one. */
  readonly body?: unknown;
  /** By which credential: an API key, a person's access token, a secret key of the project. */
  readonly auth: "key" | "user" | "secret" | "none";
}

/** A sample, as documentation tools read it. */
export interface CodeSample {
  readonly lang: string;
  readonly label: string;
  readonly source: string;
}

/**
 * The samples of a request. No credential is ever in them: each reads it from the environment.
 *
 * The function refers to nothing outside of itself: the documentation page takes its text along and calls it in the
 * browser, with what somebody has entered.
 */
export function codeSamples(request: SampleRequest): CodeSample[] {
  const { server, method, path, params, query, headers, body, auth } = request;
  const quoted = (text: string) => JSON.stringify(text);
  const indented = (value: unknown) => JSON.stringify(value, null, 2).replaceAll("\n", "\n  ");
  const target = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? name)) +
    (query.length === 0
      ? ""
      : "?" + query.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join("&"));
  const credentials = (value: (name: string) => string): [string, string][] => {
    if (auth === "key") return [["Authorization", `Bearer ${value("MILLRACE_API_KEY")}`]];
    if (auth === "secret") return [["apikey", value("SUPABASE_SECRET_KEY")]];
    return auth === "none"
      ? []
      : [["apikey", value("SUPABASE_PUBLISHABLE_KEY")], ["Authorization", `Bearer ${value("ACCESS_TOKEN")}`]];
  };

  const curl = (): string => {
    const single = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
    return [
      `curl${method === "GET" ? "" : ` -X ${method}`} ${quoted(server + target)}`,
      ...credentials((name) => `$${name}`).map(([name, value]) => `-H "${name}: ${value}"`),
      ...headers.map(([name, value]) => `-H ${single(`${name}: ${value}`)}`),
      ...(body === undefined
        ? []
        : ['-H "Content-Type: application/json"', `-d ${single(JSON.stringify(body, null, 2))}`]),
    ].join(" \\\n  ");
  };

  const typeScript = (): string => {
    // Options of the client that stand for a header.
    const known: Record<string, string> = {
      "idempotency-key": "idempotencyKey",
      "if-match": "ifMatch",
      "if-none-match": "ifNoneMatch",
    };
    const others = headers.filter(([name]) => known[name.toLowerCase()] === undefined);
    const options = [
      ...(Object.keys(params).length === 0 ? [] : [`params: ${indented(params)}`]),
      ...(query.length === 0 ? [] : [`query: ${indented(Object.fromEntries(query))}`]),
      ...(body === undefined ? [] : [`body: ${indented(body)}`]),
      ...headers.filter(([name]) => known[name.toLowerCase()] !== undefined)
        .map(([name, value]) => `${known[name.toLowerCase()]}: ${quoted(value)}`),
      ...(others.length === 0 ? [] : [`headers: ${indented(Object.fromEntries(others))}`]),
    ];
    const who: Record<typeof auth, string[]> = {
      key: ["apiKey: process.env.MILLRACE_API_KEY"],
      secret: ["secretKey: process.env.SUPABASE_SECRET_KEY"],
      user: [
        "publishableKey: process.env.SUPABASE_PUBLISHABLE_KEY",
        "getToken: async () => (await supabase.auth.getSession()).data.session?.access_token",
      ],
      none: [],
    };
    return [
      // In two parts: what reads like an import of a file is packed with the function.
      ["import { createMillrace } from", quoted("./millrace.ts") + ";"].join(" "),
      "",
      "const millrace = createMillrace({",
      ...[`url: ${quoted(server)}`, ...who[auth]].map((line) => `  ${line},`),
      "});",
      "",
      `const { data } = await millrace.request(${quoted(`${method} ${path}`)}${
        options.length === 0 ? "" : `, {\n${options.map((option) => `  ${option},\n`).join("")}}`
      });`,
    ].join("\n");
  };

  const supabaseJs = (): string => {
    const [project = "", prefix = ""] = server.split("/functions/v1");
    const name = (prefix + target).replace(/^\//, "");
    const key = auth === "secret" ? "process.env.SUPABASE_SECRET_KEY" : "process.env.SUPABASE_PUBLISHABLE_KEY";
    return [
      ["import { createClient } from", quoted("@supabase/supabase-js") + ";"].join(" "),
      "",
      `const supabase = createClient(${quoted(project)}, ${key});`,
      ...(auth === "key" || auth === "user" ? ["await supabase.auth.signInWithPassword({ email, password });"] : []),
      "",
      `const { data, error } = await supabase.functions.invoke(${quoted(name)}, {`,
      `  method: ${quoted(method)},`,
      ...(headers.length === 0 ? [] : [`  headers: ${indented(Object.fromEntries(headers))},`]),
      ...(body === undefined ? [] : [`  body: ${indented(body)},`]),
      "});",
      "if (error) throw await error.context.json(); // the problem: code, detail, problems",
    ].join("\n");
  };

  const python = (): string => {
    const literal = (value: unknown, level: number): string => {
      if (value === null) return "None";
      if (typeof value === "boolean") return value ? "True" : "False";
      if (typeof value !== "object") return JSON.stringify(value);
      const isList = Array.isArray(value);
      const items = isList
        ? value.map((item) => literal(item, level + 1))
        : Object.entries(value as object).map(([name, item]) => `${quoted(name)}: ${literal(item, level + 1)}`);
      const [open, close] = isList ? ["[", "]"] : ["{", "}"];
      if (items.length === 0) return `${open}${close}`;
      const pad = "    ".repeat(level + 1);
      return `${open}\n${items.map((item) => `${pad}${item},\n`).join("")}${"    ".repeat(level)}${close}`;
    };
    const all = [
      ...credentials((name) => `{os.environ['${name}']}`).map(([name, value]) => `${quoted(name)}: f${quoted(value)},`),
      ...headers.map(([name, value]) => `${quoted(name)}: ${quoted(value)},`),
    ];
    return [
      ...(auth === "none" ? [] : ["import os"]),
      "import requests",
      "",
      `response = requests.${method.toLowerCase()}(`,
      `    ${quoted(server + target)},`,
      ...(all.length === 0 ? [] : ["    headers={", ...all.map((line) => `        ${line}`), "    },"]),
      ...(body === undefined ? [] : [`    json=${literal(body, 1)},`]),
      ")",
      "response.raise_for_status()",
      "print(response.text)",
    ].join("\n");
  };

  return [
    { lang: "Shell", label: "curl", source: curl() },
    { lang: "TypeScript", label: "TypeScript", source: typeScript() },
    { lang: "JavaScript", label: "supabase-js", source: supabaseJs() },
    { lang: "Python", label: "Python", source: python() },
  ];
}
