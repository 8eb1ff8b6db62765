/**
 * Requests made of the OpenAPI document, right ones and wrong ones, at every operation, as several callers, against a
 * real database: nothing gives a 5xx, and every answer is one that the document describes.
 *
 * `deno task fuzz` sends 100,000 of them; FUZZ_REQUESTS and FUZZ_SEED say how many and which. A failure prints its seed.
 *
 * @module
 */
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { API_VERSIONS, backgroundSettled, type OpenApiDocument } from "../../shared/http/mod.ts";
import type { ApiCaller, TestApi } from "../../tests/helpers/api.ts";
import { assertEquals } from "../../tests/helpers/assert.ts";
import { draw, saveFlow, set } from "../../tests/helpers/flows.ts";
import { withServedApi } from "../../tests/helpers/served_api.ts";
import { loadRouters, makeDocument } from "./open_api.ts";
import { exampleOf, type Schema, type Schemas } from "./open_api_examples.ts";

const REQUESTS = Number(Deno.env.get("FUZZ_REQUESTS") ?? 2_000);
const SEED = Number(Deno.env.get("FUZZ_SEED") ?? Math.floor(Math.random() * 2 ** 31));

/** Left out, and why: each has tests of its own. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  "watchRun", // a stream without end
  "testNodeType", // speaks to the outside
  "testWebhook", // calls the functions by their public address
  "tick", // runs every organization's work
  "wakeWorker",
]);

interface Parameter {
  readonly $ref?: string;
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema: Schema;
}

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly example?: unknown }>> };
  readonly responses: Readonly<
    Record<string, { $ref?: string; content?: Readonly<Record<string, { schema?: object }>> }>
  >;
}

interface Target {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What nobody expects in a text, a number or anywhere. */
const STRANGE: readonly unknown[] = [
  "",
  " ",
  "0",
  "-1",
  "null",
  "undefined",
  "%",
  "%_*",
  "'; drop table x; --",
  "../../etc/passwd",
  "//evil.example",
  "javascript:alert(1)",
  "a\r\nb: c",
  "=1+1",
  "\u202e\u0000",
  "🦄".repeat(50),
  "x".repeat(5_000),
  "0193a000-0000-7000-8000-00000000ffff",
  "2026-13-45T99:99:99Z",
  "9999-12-31T23:59:59Z",
  "0000-01-01",
  "http://169.254.169.254/",
  -1,
  0,
  1.5,
  2 ** 31,
  2 ** 53,
  -(2 ** 63),
  1e300,
  true,
  null,
  [],
  {},
  [[[[[[[[[[]]]]]]]]]],
  { a: { b: { c: {} } } },
];

/** Whole bodies that are none. */
const RAW_BODIES = [
  "",
  "{",
  "[]",
  "null",
  '"text"',
  '{"__proto__":{}}',
  '{"a":9007199254740993}',
  '{"a":"\\ud800"}',
  "[".repeat(65) + "]".repeat(65),
];

class Fuzzer {
  readonly #random: () => number;
  /** Ids that answers have named: the next requests are about real things. */
  readonly #ids: string[] = [crypto.randomUUID()];

  constructor(seed: number) {
    this.#random = createRandom(seed);
  }

  chance(share: number): boolean {
    return this.#random() < share;
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.#random() * items.length)]!;
  }

  remember(value: unknown): void {
    const ids = JSON.stringify(value ?? null).match(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g) ??
      [];
    this.#ids.push(...ids.slice(0, 5));
    if (this.#ids.length > 500) this.#ids.splice(0, 250);
  }

  /** A value of a parameter: right, about something real, or strange. */
  parameter(schema: Schema, schemas: Schemas): string {
    if (this.chance(0.15)) return String(this.pick(STRANGE));
    if (schema.format === "uuid") return this.pick(this.#ids);
    if (schema.enum !== undefined) return String(this.pick(schema.enum));
    return String(exampleOf(schema, schemas));
  }

  /** A body like this one, changed in places. */
  mutate(value: unknown, depth = 0): unknown {
    if (this.chance(depth === 0 ? 0.02 : 0.12)) return this.pick(STRANGE);
    if (typeof value === "string" && /^[0-9a-f-]{36}$/.test(value)) return this.pick(this.#ids);
    if (Array.isArray(value)) {
      const items = value.map((item) => this.mutate(item, depth + 1));
      return this.chance(0.05) ? [...items, ...items, this.pick(STRANGE)] : items;
    }
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value).filter(() => !this.chance(0.06))
      .map(([name, item]) => [name, this.mutate(item, depth + 1)]);
    if (this.chance(0.04)) entries.push([String(this.pick(STRANGE)).slice(0, 60), this.pick(STRANGE)]);
    return Object.fromEntries(entries);
  }
}

function targetsOf(document: OpenApiDocument): Target[] {
  return Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    Object.entries(item as Record<string, Operation>)
      .filter(([, { operationId }]) => !LEFT_OUT.has(operationId))
      .map(([method, operation]) => ({ method: method.toUpperCase(), path, operation }))
  );
}

/** Whether an answer is one that the document describes; what is wrong with it, or null. */
function createJudge(document: OpenApiDocument) {
  const ajv = new Ajv2020({ strict: false, allErrors: false });
  (formats as unknown as (ajv: Ajv2020) => void)(ajv);
  ajv.addSchema(document, "document");
  const compiled = new Map<string, ValidateFunction>();
  const shared = (document.components?.responses ?? {}) as Operation["responses"];
  return ({ operation }: Target, status: number, headers: Headers, body: unknown): string | null => {
    if (status >= 500) return `answered ${status}`;
    const answer = operation.responses[String(status)];
    const declared = answer?.$ref === undefined ? answer : shared[answer.$ref.split("/").at(-1) ?? ""];
    // A path that is spoilt beyond this operation, and a method that it has not, are nobody's answers.
    if (declared === undefined) return status === 404 || status === 405 ? null : `does not declare ${status}`;
    const type = headers.get("content-type")?.split(";")[0] ?? "";
    const schema = declared.content?.[type]?.schema;
    if (schema === undefined || status === 304) return null;
    const key = `${operation.operationId} ${status}`;
    const fits = compiled.get(key) ??
      ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"document#/components/')));
    compiled.set(key, fits);
    return fits(body) ? null : `${status} does not fit: ${JSON.stringify(fits.errors?.slice(0, 2))}`;
  };
}

async function callersOf(api: TestApi): Promise<ApiCaller[]> {
  const ada = await api.createUser();
  const bob = await api.createUser();
  await api.db.sql`update public.organizations set plan_id = 'enterprise'`;
  const viewer = await api.createMember(ada.organizationId, "viewer");
  await saveFlow(api, ada, draw({ t: ["trigger.manual"], a: set({ ok: true }) }, "t>a"));
  return [ada, ada, ada, bob, viewer, api.operator, api.anonymous];
}

Deno.test(`${REQUESTS} requests made of the document: no 5xx, and every answer as it says (seed ${SEED})`, async () => {
  const document = JSON.parse(
    JSON.stringify(await makeDocument("http://project.test/functions/v1")),
  ) as OpenApiDocument;
  const schemas = (document.components?.schemas ?? {}) as Schemas;
  const shared = (document.components?.parameters ?? {}) as unknown as Record<string, Parameter>;
  const targets = targetsOf(document);
  const judge = createJudge(document);
  const fuzzer = new Fuzzer(SEED);
  const failures: string[] = [];
  await withServedApi(await loadRouters(), async (api) => {
    const callers = await callersOf(api);
    const statuses = new Map<number, number>();
    for (let index = 0; index < REQUESTS; index++) {
      // Limits and blocks have tests of their own: here they would hide everything else.
      if (index % 25 === 0) await api.db.sql`delete from private.rate_limits`;
      const target = targets[index % targets.length]!;
      const parameters = (target.operation.parameters ?? [])
        .map((parameter) => parameter.$ref === undefined ? parameter : shared[parameter.$ref.split("/").at(-1)!]!);
      const value = (parameter: Parameter) => fuzzer.parameter(parameter.schema, schemas);
      const path = target.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
        const parameter = parameters.find((one) => one.in === "path" && one.name === name);
        // Without a segment it would be another operation's address.
        return encodeURIComponent(parameter === undefined ? "x" : value(parameter)) || "%20";
      });
      const query = new URLSearchParams();
      const headers: Record<string, string> = {};
      for (const parameter of parameters) {
        const isGiven = parameter.required === true || fuzzer.chance(0.2);
        if (
          !isGiven || parameter.in === "path" || parameter.name === "wait" || parameter.name === "X-Organization-Id"
        ) {
          continue;
        }
        if (parameter.in === "query") query.append(parameter.name, value(parameter));
        // The document describes the latest version; older ones answer otherwise.
        else if (parameter.name === "Millrace-Version" && fuzzer.chance(0.8)) continue;
        // Not every text may be a header at all.
        else headers[parameter.name] = value(parameter).replaceAll(/[^\x20-\x7e]/g, "").trim().slice(0, 500);
      }
      const example = target.operation.requestBody?.content["application/json"]?.example;
      const body = example === undefined
        ? undefined
        : fuzzer.chance(0.05)
        ? fuzzer.pick(RAW_BODIES)
        : fuzzer.chance(0.4)
        ? example
        : fuzzer.mutate(example);
      const address = `${path}${query.size === 0 ? "" : `?${query}`}`;
      const caller = fuzzer.pick(callers);
      const sent = body === null || typeof body === "string" && !RAW_BODIES.includes(body)
        ? JSON.stringify(body)
        : body;
      const reply = await caller.send(target.method, address, target.method === "GET" ? undefined : sent, headers);
      statuses.set(reply.status, (statuses.get(reply.status) ?? 0) + 1);
      const isLatest = reply.headers.get("millrace-version") !== API_VERSIONS[0].version;
      const wrong = isLatest || reply.status >= 500 ? judge(target, reply.status, reply.headers, reply.body) : null;
      if (wrong === null) fuzzer.remember(reply.body);
      else {
        const what = JSON.stringify({ address, headers, body: sent ?? null, reply: reply.body }).slice(0, 1_200);
        failures.push(`${target.operation.operationId} ${wrong} at request ${index}: ${what}`);
      }
      if (failures.length >= 40) break;
    }
    await backgroundSettled();
    console.log(
      `seed ${SEED}: ${[...statuses].toSorted().map(([status, count]) => `${status} × ${count}`).join(", ")}`,
    );
  });
  assertEquals(failures, [], `Again with FUZZ_SEED=${SEED} FUZZ_REQUESTS=${REQUESTS}`);
});
