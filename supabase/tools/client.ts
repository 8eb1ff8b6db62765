/**
 * Writes the client for frontends: one file without dependencies, made of the OpenAPI document and
 * `client/runtime.ts`. `deno task client`; a test fails when the file is not up to date.
 *
 * @module
 */
import { readEnv } from "../../shared/env/mod.ts";
import { createApp } from "../../shared/http/mod.ts";
import { format, generate } from "./_generated_file.ts";
import { comment, type JsonSchema, objectType, typeOf } from "./client/types.ts";

/** Where the client is, from the repository's root. */
export const CLIENT = "docs/client/millrace.ts";

interface Parameter {
  readonly $ref?: string;
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: JsonSchema;
}

interface Operation {
  readonly operationId: string;
  readonly summary?: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: {
    readonly required?: boolean;
    readonly content: Readonly<Record<string, { readonly schema?: JsonSchema }>>;
  };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { schema?: JsonSchema }>> }>
  >;
}

/** The part of the document that the client is made of. */
export interface ClientDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly parameters: Readonly<Record<string, Parameter>>;
  };
}

/**
 * Makes the client's text, formatted.
 *
 * @param document The OpenAPI document.
 */
export async function renderClient(document: ClientDocument): Promise<string> {
  const runtime = await Deno.readTextFile(new URL("./client/runtime.ts", import.meta.url));
  const version = document.components.parameters.MillraceVersion?.schema?.enum?.at(-1);
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation }))
  );
  const creating = operations.filter(({ operation }) =>
    operation.parameters?.some(({ name }) => name === "idempotency-key")
  );
  const text = [
    "/**\n * A client of Millrace: typed, without dependencies. Made by `deno task client`: do not edit.\n *\n * @module\n */",
    `const VERSION: string = ${JSON.stringify(version)};`,
    runtime.replace(/^import type .*\n/m, "").replace(/^declare const .*\n/gm, "").trim(),
    ...Object.entries(document.components.schemas).map(([name, schema]) => declaration(name, schema)),
    `/** Every operation: what it takes and what it gives. */\nexport interface Operations {\n${
      operations.map(({ name, operation }) => entry(name, operation)).join("\n")
    }\n}`,
    `const CREATING: ReadonlySet<OperationName> = new Set<OperationName>([\n${
      creating.map(({ name }) => `${JSON.stringify(name)},`).join("\n")
    }\n]);`,
  ].join("\n\n");
  // Some long types take a second pass until the formatter leaves them alone.
  return await format(await format(text, "ts"), "ts");
}

/** The client of the API as it is now. */
export async function renderCurrentClient(): Promise<string> {
  const variables: Readonly<Record<string, string>> = {
    SUPABASE_URL: "https://YOUR_PROJECT.supabase.co",
    SUPABASE_PUBLISHABLE_KEYS: '{"default":"sb_publishable_none"}',
    SUPABASE_SECRET_KEYS: '{"default":"sb_secret_none_0000000000000000"}',
    SUPABASE_JWKS: '{"keys":[{"kty":"oct","kid":"none","alg":"HS256","k":"bm9uZQ"}]}',
    LOG_LEVEL: "error",
  };
  const { router } = await import("../../functions/api/router.ts");
  const app = createApp("api", router, { env: readEnv((name) => variables[name]) });
  const response = await app.request("/api/v1/openapi.json");
  return await renderClient(await response.json() as ClientDocument);
}

function declaration(name: string, schema: JsonSchema): string {
  const text = comment(schema.description);
  const isObject = schema.type === "object" && schema.properties !== undefined;
  // Rows of lists are whole unless the caller names fields, and knows then which are there.
  const all = name.startsWith("Partial") ? { ...schema, required: Object.keys(schema.properties ?? {}) } : schema;
  return isObject
    ? `${text}export interface ${name} ${objectType(all)}`
    : `${text}export type ${name} = ${typeOf(schema)};`;
}

function entry(name: string, { operationId, summary, parameters = [], requestBody, responses }: Operation): string {
  const place = (where: string) => {
    const here = parameters.filter((parameter) => parameter.in === where);
    if (here.length === 0) return "never";
    const lines = here.map(({ name, required, description, schema }) =>
      `${comment(description)}${JSON.stringify(name)}${required === true ? "" : "?"}: ${queryType(typeOf(schema))};`
    );
    return `{\n${lines.join("\n")}\n}`;
  };
  const json = requestBody?.content["application/json"]?.schema;
  const body = json === undefined ? "never" : `${typeOf(json)}${requestBody?.required === true ? "" : " | undefined"}`;
  return `/** ${operationId}: ${summary ?? ""} */\n${JSON.stringify(name)}: {\nparams: ${place("path")};\nquery: ${
    place("query")
  };\nbody: ${body};\nreply: ${replyType(responses)};\n};`;
}

/** A parameter may be given as what it means: a number for its digits, several words as a list. */
function queryType(type: string): string {
  return type === "string" ? "string | number | boolean | readonly string[]" : type;
}

function replyType(responses: Operation["responses"]): string {
  const types = Object.entries(responses).filter(([status]) => Number(status) < 300).map(([, { content }]) => {
    const json = content?.["application/json"]?.schema;
    return json !== undefined ? typeOf(json) : content === undefined ? "undefined" : "string";
  });
  return [...new Set(types)].join(" | ") || "undefined";
}

if (import.meta.main) Deno.exit(await generate(CLIENT, Deno.args, renderCurrentClient));
