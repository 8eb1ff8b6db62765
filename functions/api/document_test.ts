/**
 * The OpenAPI document as other people's tools see it.
 *
 * @module
 */
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { makeDocument } from "./open_api.ts";

interface Media {
  readonly schema?: Record<string, unknown>;
  readonly example?: unknown;
  readonly examples?: unknown;
}

interface Operation {
  readonly operationId: string;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly requestBody?: { readonly content: Record<string, Media> };
  readonly responses: Record<string, { readonly content?: Record<string, Media> }>;
  readonly "x-codeSamples": readonly { readonly lang: string; readonly source: string }[];
}

const document = JSON.parse(JSON.stringify(await makeDocument("https://abc.supabase.co/functions/v1"))) as {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, unknown>; examples: Record<string, unknown> };
  webhooks: Record<string, unknown>;
};
const operations = Object.values(document.paths).flatMap((item) => Object.values(item));
const ajv = new Ajv2020({ strict: false, allErrors: true });
(formats as unknown as (ajv: Ajv2020) => void)(ajv);
ajv.addSchema(document, "document");

/** The schema with its references led into the document. */
function compile(schema: Record<string, unknown>) {
  return ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"document#/components/')));
}

function mediaOf({ operationId, requestBody, responses }: Operation): [string, Media][] {
  const all = [
    ["request", requestBody?.content],
    ...Object.entries(responses).map(([s, r]) => [s, r.content]),
  ] as const;
  return all.flatMap(([where, content]) =>
    Object.entries((content ?? {}) as Record<string, Media>).map(([type, media]) =>
      [`${operationId} ${where} ${type}`, media] as [string, Media]
    )
  );
}

Deno.test("the document is OpenAPI 3.1 by its meta-schema", async () => {
  const result = await new Validator().validate(JSON.parse(JSON.stringify(document)));
  assertEquals(result.valid, true, JSON.stringify(result.errors ?? "").slice(0, 3000));
});

Deno.test("every request and every answer has an example, which fits its own schema", () => {
  const wrong: string[] = [];
  for (const [name, { schema, example, examples }] of operations.flatMap(mediaOf)) {
    if (schema === undefined || examples !== undefined) continue;
    const fits = compile(schema);
    if (!fits(example)) {
      wrong.push(`${name}: ${fits.errors?.slice(0, 2).map((e) => `${e.instancePath} ${e.message}`).join("; ")}`);
    }
  }
  assertEquals(wrong, []);
});

Deno.test("every operation names its errors, who may call it, and has samples in three languages", () => {
  for (const operation of operations) {
    assertEquals(operation["x-codeSamples"].map(({ lang }) => lang), ["Shell", "TypeScript", "Python"]);
    assert(Object.keys(operation.responses).some((status) => Number(status) >= 400), operation.operationId);
    for (const requirement of operation.security) {
      for (const [scheme, roles] of Object.entries(requirement)) {
        if (scheme !== "secretKey") assert(roles.every((role) => /^[a-z]+:[a-z]+$/.test(role)), operation.operationId);
      }
    }
  }
  assert(Object.keys(document.webhooks).includes("stripe"));
});
