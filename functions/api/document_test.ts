/**
 * The OpenAPI document as other people's tools see it.
 *
 * @module
 */
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { API_VERSIONS, PERMISSIONS } from "../../shared/http/mod.ts";
import { webhookProviders } from "../../shared/webhooks/mod.ts";
import { makeDocument } from "./open_api.ts";

interface Media {
  readonly schema?: Record<string, unknown>;
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly $ref?: string }>>;
}

interface Response {
  readonly $ref?: string;
  readonly content?: Record<string, Media>;
}

interface Operation {
  readonly operationId: string;
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly {
    readonly $ref?: string;
    readonly name: string;
    readonly required?: boolean;
    readonly schema: Record<string, unknown>;
    readonly example?: unknown;
  }[];
  readonly requestBody?: { readonly content: Record<string, Media> };
  readonly responses: Record<string, Response>;
  readonly "x-codeSamples": readonly { readonly lang: string; readonly label: string; readonly source: string }[];
}

interface Webhook {
  readonly operationId: string;
  readonly description: string;
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody: { readonly content: Record<string, Media> };
}

const BASE = "https://abc.supabase.co/functions/v1";
const text = JSON.stringify(await makeDocument(BASE));
const document = JSON.parse(text) as {
  info: { description: string };
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: Record<"schemas" | "examples" | "responses", Record<string, unknown>>;
  webhooks: Record<string, { post: Webhook }>;
  "x-errors": { code: string; status: number; meaning: string; remedy: string }[];
  "x-step-errors": { code: string; remedy: string }[];
  "x-changelog": { version: string }[];
};
const operations = Object.values(document.paths).flatMap((item) => Object.values(item));
const ajv = new Ajv2020({ strict: false, allErrors: true });
(formats as unknown as (ajv: Ajv2020) => void)(ajv);
ajv.addSchema(document, "document");

/** The schema with its references led into the document. */
function compile(schema: Record<string, unknown>) {
  return ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"document#/components/')));
}

function resolve(response: Response): Response {
  const name = response.$ref?.split("/").at(-1);
  return name === undefined ? response : document.components.responses[name] as Response;
}

function mediaOf({ operationId, requestBody, responses }: Operation): [string, Media][] {
  const all = [
    ["request", requestBody?.content],
    ...Object.entries(responses).map(([status, response]) => [status, resolve(response).content]),
  ] as const;
  return all.flatMap(([where, content]) =>
    Object.entries((content ?? {}) as Record<string, Media>).map(([type, media]) =>
      [`${operationId} ${where} ${type}`, media] as [string, Media]
    )
  );
}

/** What is wrong with an example, or nothing. */
function misfit(name: string, schema: Record<string, unknown>, example: unknown): string[] {
  const fits = compile(schema);
  if (fits(example)) return [];
  return [`${name}: ${fits.errors?.slice(0, 2).map((e) => `${e.instancePath} ${e.message}`).join("; ")}`];
}

Deno.test("the document is OpenAPI 3.1 by its meta-schema", async () => {
  const result = await new Validator().validate(JSON.parse(text));
  assertEquals(result.valid, true, JSON.stringify(result.errors ?? "").slice(0, 3000));
});

Deno.test("every request, answer and needed parameter has an example, which fits its own schema", () => {
  const media = operations.flatMap(mediaOf).flatMap(([name, { schema, example, examples }]) =>
    schema === undefined || examples !== undefined ? [] : misfit(name, schema, example)
  );
  const parameters = operations.flatMap(({ operationId, parameters = [] }) =>
    parameters.filter(({ required }) => required === true).flatMap(({ name, schema, example }) =>
      misfit(`${operationId} ${name}`, schema, example)
    )
  );
  assertEquals([...media, ...parameters], []);
});

Deno.test("every error answer names its codes, each with an example that is a problem, and all are explained", () => {
  const explained = new Set(document["x-errors"].map(({ code }) => code));
  const problem = document.components.schemas.Problem as Record<string, unknown>;
  for (const [code, example] of Object.entries(document.components.examples)) {
    assert(explained.has(code), code);
    assertEquals(misfit(code, problem, (example as { value: unknown }).value), []);
  }
  for (const { operationId, responses } of operations) {
    for (const [status, response] of Object.entries(responses).filter(([status]) => Number(status) >= 400)) {
      const { content } = resolve(response);
      const codes = Object.keys(content?.["application/problem+json"]?.examples ?? {});
      assert(codes.length > 0, `${operationId} ${status} names no code`);
      assertEquals(
        codes.filter((code) => !document["x-errors"].some((e) => e.code === code && String(e.status) === status)),
        [],
      );
    }
  }
  for (const { meaning, remedy } of document["x-errors"]) {
    assert(meaning.endsWith(".") && remedy.endsWith("."), meaning);
  }
  assertEquals(document["x-step-errors"].filter(({ remedy }) => remedy === ""), []);
});

Deno.test("every operation says what it does, who may call it and with which scope", () => {
  const described = new Map(document.tags.map(({ name, description }) => [name, description]));
  const scopes: readonly string[] = PERMISSIONS;
  for (const { operationId, summary = "", description = "", tags = [], security, responses } of operations) {
    const own = description.replace(/\n*Permission: `[a-z]+:[a-z]+`\.$/, "");
    assert(summary !== "" && !summary.endsWith("."), `${operationId}: ${summary}`);
    assert(own !== "", `${operationId} has no description`);
    assert(tags.length > 0 && tags.every((tag) => (described.get(tag) ?? "") !== ""), operationId);
    assert(Object.keys(responses).some((status) => Number(status) >= 400), operationId);
    for (const requirement of security) {
      for (const [scheme, roles] of Object.entries(requirement)) {
        assert(roles.every((role) => scopes.includes(role)), `${operationId} ${scheme} ${roles}`);
        assert(scheme !== "secretKey" || roles.length === 0, operationId);
      }
    }
  }
  assertEquals([...described.keys()].filter((tag) => !operations.some(({ tags }) => tags?.includes(tag))), []);
});

Deno.test("every operation has samples of the address that it is served from", () => {
  for (const { operationId, "x-codeSamples": samples } of operations) {
    assertEquals(samples.map(({ label }) => label), ["curl", "TypeScript", "supabase-js", "Python"]);
    for (const { label, source } of samples) {
      assert(source.includes(label === "supabase-js" ? BASE.replace("/functions/v1", "") : BASE), operationId);
    }
  }
});

Deno.test("operations keep their ids: what people have built on goes on", async () => {
  const kept = (await Deno.readTextFile(new URL("./testdata/operation_ids.txt", import.meta.url))).trim().split("\n");
  const present = new Set(
    Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, { operationId }]) => `${operationId} ${method.toUpperCase()} ${path}`)
    ),
  );
  // New ones are added to the file with a release; one that is missing here needs a version of the API.
  assertEquals(kept.filter((line) => !present.has(line)), []);
  for (const { operationId } of operations) assert(/^[a-z][A-Za-z0-9]+(_[a-z]+)?$/.test(operationId), operationId);
});

Deno.test("webhooks come with their signature's header and a body as it is sent, the same each time", async () => {
  assert(webhookProviders().every((provider) => provider in document.webhooks));
  for (const { post } of Object.values(document.webhooks)) {
    assert(post.parameters.some((parameter) => parameter.in === "header"), post.operationId);
    assert(Object.keys(post.requestBody.content["application/json"]?.example as object).length > 1, post.operationId);
  }
  assertEquals(JSON.stringify(await makeDocument(BASE)), text);
});

Deno.test("the document tells everything once: guide, errors, versions, and no error answer twice", () => {
  for (const chapter of ["Getting started", "Authentication", "Pagination", "Idempotency", "Rate limits", "Versions"]) {
    assert(document.info.description.includes(`\n## ${chapter}\n`), chapter);
  }
  assert(document.info.description.includes(`export MILLRACE="${BASE}"`));
  assertEquals(document["x-changelog"][0]?.version, API_VERSIONS.at(-1)?.version);
  const inline = operations.flatMap(({ operationId, responses }) =>
    Object.entries(responses).filter(([status, { $ref }]) => Number(status) >= 400 && $ref === undefined)
      .map(([status]) => `${operationId} ${status}`)
  );
  assertEquals(inline, []);
});
