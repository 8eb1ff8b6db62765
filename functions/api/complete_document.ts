import {
  ERROR_ADVICE,
  ERROR_CODES,
  type ErrorCode,
  STEP_ERROR_ADVICE,
  STEP_ERROR_CODES,
  type StepErrorCode,
} from "../../shared/errors/mod.ts";
import { API_VERSIONS, codeSamples, type OpenApiDocument } from "../../shared/http/mod.ts";
import { exampleOf, type Schema, type Schemas } from "./open_api_examples.ts";
import { incomingWebhooks, outgoingWebhooks } from "./open_api_webhooks.ts";
import { type Shareable, shareResponses } from "./share_responses.ts";

interface Parameter {
  readonly $ref?: string;
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema: Schema;
  example?: unknown;
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
 * code. What the schemas say about themselves is taken first. Besides the standard's words it gets `x-errors`,
 * `x-step-errors` and `x-changelog`, for the page.
 */
export async function completeDocument(document: OpenApiDocument): Promise<OpenApiDocument> {
  const schemas = (document.components?.schemas ?? {}) as Schemas;
  const server = document.servers?.[0]?.url ?? "";
  const paths = Object.entries(document.paths ?? {}).map(([path, item]) => {
    const operations = Object.entries(item as Record<string, Operation>).map(([method, operation]) => {
      for (const media of mediaOf(operation)) addExample(media, schemas);
      const parameters = operation.parameters?.map((parameter) => withExample(parameter, schemas));
      const completed = { ...operation, ...(parameters === undefined ? {} : { parameters }) };
      return [method, { ...completed, "x-codeSamples": codeSamples(sampleRequest(server, path, method, completed)) }];
    });
    return [path, Object.fromEntries(operations)];
  });
  const completed = {
    ...document,
    paths: Object.fromEntries(paths),
    webhooks: { ...await incomingWebhooks(), ...outgoingWebhooks() },
    "x-errors": errors(),
    "x-step-errors": stepErrors(),
    "x-changelog": changelog(),
  };
  const shared = shareResponses(completed as unknown as Shareable);
  return JSON.parse(JSON.stringify(shared, withoutFlags)) as OpenApiDocument;
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

/** Parameters of a path must be filled in by whoever tries it: each shows one. */
function withExample(parameter: Parameter, schemas: Schemas): Parameter {
  if (parameter.$ref !== undefined || parameter.required !== true) return parameter;
  return { ...parameter, example: parameter.example ?? exampleOf(parameter.schema, schemas, { name: parameter.name }) };
}

function sampleRequest(server: string, path: string, method: string, operation: Operation) {
  const parameters = operation.parameters ?? [];
  const required = (place: string) =>
    parameters.filter((parameter) => parameter.in === place && parameter.required === true)
      .map(({ name, example }) => [name, String(example)] as const);
  const isCreating = parameters.some(({ name }) => name === "idempotency-key");
  return {
    server,
    method: method.toUpperCase(),
    path,
    params: Object.fromEntries(required("path")),
    query: required("query"),
    headers: isCreating ? [["Idempotency-Key", "order-1042"] as const] : [],
    body: operation.requestBody?.content["application/json"]?.example,
    auth: authOf(operation),
  };
}

function authOf({ security }: Operation): "key" | "user" | "secret" | "none" {
  const kinds = security.flatMap((requirement) => Object.keys(requirement));
  if (kinds.includes("apiKey")) return "key";
  if (kinds.includes("userToken")) return "user";
  return kinds.includes("secretKey") ? "secret" : "none";
}

function errors() {
  return (Object.keys(ERROR_CODES) as ErrorCode[]).map((code) => ({
    code,
    ...ERROR_CODES[code],
    ...ERROR_ADVICE[code],
  }));
}

function stepErrors() {
  return (Object.keys(STEP_ERROR_CODES) as StepErrorCode[]).map((code) => ({
    code,
    title: STEP_ERROR_CODES[code],
    remedy: STEP_ERROR_ADVICE[code],
  }));
}

/** The newest first. */
function changelog() {
  return API_VERSIONS.map(({ version, title, changes, deprecatedAt, sunsetAt }) => ({
    version,
    title,
    changes: changes.map(({ description, operations }) => ({ description, operations })),
    ...(deprecatedAt === undefined ? {} : { deprecated_at: deprecatedAt }),
    ...(sunsetAt === undefined ? {} : { sunset_at: sunsetAt }),
  })).toReversed();
}
