import type { OpenApiDocument } from "../../shared/http/mod.ts";
import { listWebhookAdapters } from "../../shared/webhooks/mod.ts";
import { exampleOf, type Schema, type Schemas } from "./open_api_examples.ts";
import { codeSamples } from "./open_api_samples.ts";

interface Parameter {
  readonly $ref?: string;
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema: Schema;
}

interface Media {
  schema?: Schema;
  example?: unknown;
  examples?: unknown;
}

interface Operation {
  readonly operationId: string;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Record<string, Media> };
  readonly responses: Readonly<Record<string, { readonly content?: Record<string, Media> }>>;
}

/**
 * Gives a document what it need not say twice: an example for every request and every answer, and each operation as
 * code. What the schemas say about themselves is taken first.
 */
export function completeDocument(document: OpenApiDocument): OpenApiDocument {
  const schemas = (document.components?.schemas ?? {}) as Schemas;
  const server = document.servers?.[0]?.url ?? "";
  const paths = Object.entries(document.paths ?? {}).map(([path, item]) => {
    const operations = Object.entries(item as Record<string, Operation>).map(([method, operation]) => {
      for (const media of mediaOf(operation)) addExample(media, schemas);
      const samples = codeSamples(sampleRequest(server, path, method, operation, schemas));
      return [method, { ...operation, "x-codeSamples": samples }];
    });
    return [path, Object.fromEntries(operations)];
  });
  const completed = { ...document, paths: Object.fromEntries(paths), webhooks: incomingWebhooks() };
  return JSON.parse(JSON.stringify(completed, withoutFlags)) as OpenApiDocument;
}

/** The generator writes the flags of a regular expression behind it; JSON Schema knows none but `u`, which it implies. */
function withoutFlags(name: string, value: unknown): unknown {
  return name === "pattern" && typeof value === "string" ? value.replace(/\$\/[a-z]+$/, "$") : value;
}

function mediaOf({ requestBody, responses }: Operation): Media[] {
  return [requestBody?.content, ...Object.values(responses).map(({ content }) => content)]
    .flatMap((content) => Object.values(content ?? {}));
}

function addExample(media: Media, schemas: Schemas): void {
  if (media.schema === undefined || media.example !== undefined || media.examples !== undefined) return;
  media.example = exampleOf(media.schema, schemas);
}

function sampleRequest(server: string, path: string, method: string, operation: Operation, schemas: Schemas) {
  const parameters = operation.parameters ?? [];
  const json = operation.requestBody?.content["application/json"];
  const kinds = operation.security.flatMap((item) => Object.keys(item));
  return {
    server,
    method: method.toUpperCase(),
    path,
    parameters: parameters.filter(({ required }) => required === true)
      .map(({ in: place, name, schema }) => ({ in: place, name, example: exampleOf(schema, schemas) })),
    body: json?.example,
    isCreating: parameters.some(({ name }) => name === "idempotency-key"),
    auth: kinds.includes("userToken") ? "user" as const : kinds.length > 0 ? "secret" as const : "none" as const,
  };
}

/** What services send us. What Millrace sends to others is described here once it does. */
function incomingWebhooks() {
  return Object.fromEntries(
    listWebhookAdapters().map(({ provider, title, description }) => [provider, {
      post: {
        operationId: `from_${provider}`,
        summary: `What ${title} sends to an address of yours`,
        description: `${description}\n\nIt is sent to the \`url\` of a webhook endpoint, \`POST /hooks/{slug}\`.`,
        tags: ["hooks"],
        requestBody: { content: { "application/json": { schema: { type: "object" }, example: {} } } },
        responses: {
          202: { description: "Kept, and a run has begun" },
          200: { description: "Kept before, or nothing is to be started" },
          401: { description: "The signature does not fit" },
        },
      },
    }]),
  );
}
