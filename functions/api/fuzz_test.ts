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
import { startStripe } from "../../tests/helpers/stripe_server/mod.ts";
import { loadRouters, makeDocument } from "./open_api.ts";
import { exampleOf, type Schema, type Schemas } from "./open_api_examples.ts";

const REQUESTS = Number(Deno.env.get("FUZZ_REQUESTS") ?? 2_000);
const SEED = Number(Deno.env.get("FUZZ_SEED") ?? Math.floor(Math.random() * 2 ** 31));

/** Left out, and why: each has tests of its own. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  "watchRun", // a stream without end
  "watchWebhook", // likewise
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
  readonly security?: readonly Readonly<Record<string, unknown>>[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly example?: unknown }>> };
  readonly responses: Readonly<
    Record<string, { $ref?: string; content?: Readonly<Record<string, { schema?: object }>> }>
  >;
}

/** The local Data API takes this word for a boolean in every filter, which PostgREST does not. */
function plain(text: string, schema: Schema): string {
  return text === "true" && !JSON.stringify(schema).includes('"true"') ? "truth" : text;
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

const KEY_SCOPES = [
  "org:read",
  "flows:read",
  "flows:write",
  "runs:read",
  "runs:execute",
  "webhooks:read",
  "secrets:read",
];

const PROGRAM = "Program of the fuzz test";

/** How many ids of a kind are kept. */
const KEPT_IDS = 200;

/** What a thing is called in `<thing>_id` and in paths, where that differs by more than an s. */
const THINGS: Readonly<Record<string, string>> = {
  entities: "entity",
  orgs: "organization",
  members: "user",
  webhooks: "endpoint",
  events: "webhook_event",
  bulk: "bulk_operation",
};

class Fuzzer {
  readonly #random: () => number;
  /** Ids that answers have named, by what they are ids of: the next requests are about real things. */
  readonly #ids = new Map<string, string[]>([["", [crypto.randomUUID()]]]);

  constructor(seed: number) {
    this.#random = createRandom(seed);
  }

  chance(share: number): boolean {
    return this.#random() < share;
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.#random() * items.length)]!;
  }

  /** Keeps the ids of an answer: those of its rows as ids of what the path lists, others by their names. */
  remember(value: unknown, path: string): void {
    const kind = kindOf(path.replaceAll(/\/\{\w+\}$/g, "").split("/").at(-1) ?? "");
    const collect = (item: unknown, name: string): void => {
      if (Array.isArray(item)) { for (const one of item.slice(0, 5)) collect(one, name); }
      else if (typeof item === "object" && item !== null) {
        for (const [key, one] of Object.entries(item)) collect(one, key);
      } else if (typeof item === "string" && /^[0-9a-f-]{36}$/.test(item)) {
        this.#keep(name === "id" ? kind : name.replace(/_id$/, ""), item);
        this.#keep("", item);
      }
    };
    collect(value, "");
  }

  #keep(kind: string, id: string): void {
    const ids = this.#ids.get(kind) ?? [];
    if (!ids.includes(id)) ids.push(id);
    if (ids.length > KEPT_IDS) ids.splice(0, KEPT_IDS / 2);
    this.#ids.set(kind, ids);
  }

  /** An id: most often of the kind that is meant. */
  id(kind: string): string {
    const fitting = this.#ids.get(kind);
    return this.pick(fitting !== undefined && this.chance(0.9) ? fitting : this.#ids.get("")!);
  }

  /** A value of a parameter: right, about something real, or strange. */
  parameter(schema: Schema, schemas: Schemas, kind: string): string {
    if (this.chance(0.1)) return String(this.pick(STRANGE));
    if (schema.format === "uuid") return this.id(kind);
    if (schema.enum !== undefined) return String(this.pick(schema.enum));
    return String(exampleOf(schema, schemas));
  }

  /** A body like this one, changed in places. */
  mutate(value: unknown, share: number, name = ""): unknown {
    if (this.chance(name === "" ? share / 6 : share)) return this.pick(STRANGE);
    if (typeof value === "string" && /^[0-9a-f-]{36}$/.test(value)) return this.id(name.replace(/_id$/, ""));
    if (Array.isArray(value)) {
      const items = value.map((item) => this.mutate(item, share, name || "item"));
      return this.chance(share / 3) ? [...items, ...items, this.pick(STRANGE)] : items;
    }
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value).filter(() => !this.chance(share / 2))
      .map(([key, item]) => [key, this.mutate(item, share, key)]);
    if (this.chance(share / 3)) entries.push([String(this.pick(STRANGE)).slice(0, 60), this.pick(STRANGE)]);
    return Object.fromEntries(entries);
  }
}

/** What something in a path is called in `<thing>_id`. */
function kindOf(segment: string): string {
  return THINGS[segment] ?? segment.replace(/s$/, "").replaceAll("-", "_");
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

/** Takes back what would keep everybody out from here on. Limits and blocks have tests of their own. */
async function mend({ db }: TestApi): Promise<void> {
  await db.sql`delete from private.rate_limits`;
  await db.sql`delete from private.rate_limit_overrides`;
  await db.sql`
    update public.organizations set
      suspended_at = null, suspended_reason = null, deletes_at = null, deletion_requested_by = null, require_mfa = 'off',
      plan_id = 'enterprise'
    where suspended_at is not null or deletes_at is not null or require_mfa <> 'off' or plan_id <> 'enterprise'`;
  await db.sql`
    update public.api_keys set revoked_at = null, expires_at = null, rotated_at = null
    where name = ${PROGRAM} and (revoked_at is not null or expires_at is not null)`;
  await db.sql`
    insert into public.organization_members (organization_id, user_id, role)
    select o.id, o.created_by, 'owner' from public.organizations o where o.created_by is not null
    on conflict (organization_id, user_id) do update set role = 'owner'`;
}

/** Who asks: `people` and a program of theirs, and those who may do less or nothing. */
interface Callers {
  readonly people: readonly ApiCaller[];
  readonly operator: ApiCaller;
  readonly others: readonly ApiCaller[];
}

async function callersOf(api: TestApi): Promise<Callers> {
  const ada = await api.createUser();
  const bob = await api.createUser();
  await api.db.sql`update public.organizations set plan_id = 'enterprise'`;
  const viewer = await api.createMember(ada.organizationId, "viewer");
  await saveFlow(api, ada, draw({ t: ["trigger.manual"], a: set({ ok: true }) }, "t>a"));
  const key = await ada.post<{ key: string }>("/keys", { name: PROGRAM, scopes: KEY_SCOPES });
  const program = api.caller({ authorization: `Bearer ${key.body.key}` });
  return {
    people: [ada, ada, ada, bob, program],
    operator: api.operator,
    others: [viewer, api.anonymous, api.operator],
  };
}

Deno.test(`${REQUESTS} requests made of the document: no 5xx, and every answer as it says (seed ${SEED})`, async () => {
  await using stripe = startStripe();
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
    const succeeded = new Set<string>();
    for (let index = 0; index < REQUESTS; index++) {
      if (index % 25 === 0) await mend(api);
      const target = targets[index % targets.length]!;
      const parameters = (target.operation.parameters ?? [])
        .map((parameter) => parameter.$ref === undefined ? parameter : shared[parameter.$ref.split("/").at(-1)!]!);
      const value = (parameter: Parameter, kind = parameter.name.replace(/_id$/, "")) =>
        fuzzer.parameter(parameter.schema, schemas, kind);
      const path = target.path.replaceAll(/(\w[\w-]*)\/\{(\w+)\}/g, (_, before: string, name: string) => {
        const parameter = parameters.find((one) => one.in === "path" && one.name === name);
        // Without a segment it would be another operation's address.
        return `${before}/${
          encodeURIComponent(parameter === undefined ? "x" : value(parameter, kindOf(before))) || "%20"
        }`;
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
        if (parameter.in === "query") query.append(parameter.name, plain(value(parameter), parameter.schema));
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
        : fuzzer.mutate(example, fuzzer.pick([0, 0.02, 0.12]));
      const address = `${path}${query.size === 0 ? "" : `?${query}`}`;
      const takesPeople = target.operation.security?.some((scheme) => "userToken" in scheme) ?? false;
      const caller = fuzzer.chance(0.1)
        ? fuzzer.pick(callers.others)
        : takesPeople
        ? fuzzer.pick(callers.people)
        : callers.operator;
      const sent = body === null || typeof body === "string" && !RAW_BODIES.includes(body)
        ? JSON.stringify(body)
        : body;
      const reply = await caller.send(target.method, address, target.method === "GET" ? undefined : sent, headers);
      statuses.set(reply.status, (statuses.get(reply.status) ?? 0) + 1);
      if (reply.status < 300) succeeded.add(target.operation.operationId);
      const isLatest = reply.headers.get("millrace-version") !== API_VERSIONS[0].version;
      const wrong = isLatest || reply.status >= 500 ? judge(target, reply.status, reply.headers, reply.body) : null;
      if (wrong === null) fuzzer.remember(reply.body, target.path);
      else {
        const what = JSON.stringify({ address, headers, body: sent ?? null, reply: reply.body }).slice(0, 1_200);
        failures.push(`${target.operation.operationId} ${wrong} at request ${index}: ${what}`);
      }
      if (failures.length >= 40) break;
    }
    await backgroundSettled();
    const never = targets.map(({ operation }) => operation.operationId).filter((name) => !succeeded.has(name));
    const counts = [...statuses].toSorted().map(([status, count]) => `${status} × ${count}`).join(", ");
    console.log(`seed ${SEED}: ${counts}; never with success: ${never.join(", ") || "none"}`);
  }, {
    env: {
      SEND_EMAIL_HOOK_SECRET: `v1,whsec_${btoa("a secret of the fuzz test")}`,
      RESEND_WEBHOOK_SECRET: `whsec_${btoa("a secret of the fuzz test")}`,
      ...stripe.env,
    },
  });
  assertEquals(failures, [], `Again with FUZZ_SEED=${SEED} FUZZ_REQUESTS=${REQUESTS}`);
});
