/**
 * The document in parts, so that the page loads little: an index of everything first, an operation when it is opened.
 *
 * @module
 */

interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly deprecated?: boolean;
}

/** What of a document is looked at. Older versions of `api` may lack the parts that are named with x-. */
export interface Document {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string; readonly description?: string };
  readonly servers?: readonly { readonly url: string; readonly description?: string }[];
  readonly tags?: readonly { readonly name: string; readonly description?: string }[];
  readonly paths?: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly webhooks?: Readonly<Record<string, unknown>>;
  readonly components?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly "x-errors"?: unknown;
  readonly "x-step-errors"?: unknown;
  readonly "x-changelog"?: unknown;
}

/** What the page knows before it asks for more. */
export interface Site {
  readonly openapi: string;
  readonly info: Document["info"];
  readonly servers: unknown;
  readonly tags: unknown;
  /** id, method, path, summary, tag, whether it is deprecated. */
  readonly operations: readonly (readonly [string, string, string, string, string, boolean])[];
  readonly webhooks: readonly string[];
  readonly errors: unknown;
  readonly stepErrors: unknown;
  readonly changelog: unknown;
}

/** Name → makes the part, as JSON. */
export type Parts = ReadonlyMap<string, () => string>;

const METHODS: ReadonlySet<string> = new Set(["get", "post", "put", "patch", "delete"]);

/** The index. */
export function siteOf(document: Document): Site {
  return {
    openapi: document.openapi,
    info: document.info,
    servers: document.servers ?? [],
    tags: document.tags ?? [],
    operations: operationsOf(document).map(({ id, method, path, operation: { summary, tags, deprecated } }) =>
      [id, method.toUpperCase(), path, summary ?? id, tags?.[0] ?? "other", deprecated === true] as const
    ),
    webhooks: Object.keys(document.webhooks ?? {}),
    errors: document["x-errors"] ?? [],
    stepErrors: document["x-step-errors"] ?? [],
    changelog: document["x-changelog"] ?? [],
  };
}

/** The parts: one for each operation, `webhooks` and `search`. Each is made when it is asked for. */
export function partsOf(document: Document): Parts {
  const operations = operationsOf(document);
  const { components = {} } = document;
  return new Map<string, () => string>([
    ["webhooks", () => JSON.stringify(withComponents({ webhooks: document.webhooks ?? {} }, components))],
    ["search", () => JSON.stringify(operations.map(({ id, operation }) => [id, operation.description ?? ""]))],
    ...operations.map(({ id, operation }) => {
      // The page makes the samples itself, of what was entered.
      const { "x-codeSamples": _, ...shown } = operation as Operation & { "x-codeSamples"?: unknown };
      return [id, () => JSON.stringify(withComponents({ operation: shown }, components))] as const;
    }),
  ]);
}

function operationsOf({ paths = {} }: Document) {
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).filter(([method]) => METHODS.has(method)).map(([method, operation]) => ({
      id: operation.operationId ?? `${method} ${path}`,
      method,
      path,
      operation,
    }))
  );
}

/** The value, and everything that it refers to, and what that refers to. */
function withComponents<T extends object>(value: T, components: NonNullable<Document["components"]>) {
  const found: Record<string, Record<string, unknown>> = {};
  const pending: unknown[] = [value];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    for (const [, kind = "", name = ""] of JSON.stringify(next).matchAll(/"#\/components\/(\w+)\/([^"/]+)"/g)) {
      const component = components[kind]?.[name];
      if (component === undefined || found[kind]?.[name] !== undefined) continue;
      (found[kind] ??= {})[name] = component;
      pending.push(component);
    }
  }
  return { ...value, components: found };
}
