/**
 * The bad inputs that every door is tried with: one table. What a door is not tried with has a reason, so that a new
 * route is tried with everything until somebody says why not.
 *
 * @module
 */
import type { z } from "zod";
import { signJwt, TEST_USER_ID } from "./http.ts";
import type { Door } from "./doors.ts";

/** What is sent besides or instead of what is right. */
export interface BadRequest {
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Made anew for each door: a stream is read once. */
  readonly body?: () => BodyInit;
}

/** A row of the table. */
export interface BadInput {
  readonly name: string;
  /** Why a door cannot take it; null = it can. */
  readonly exempt: (door: Door) => string | null;
  readonly requests: (door: Door) => readonly BadRequest[] | Promise<readonly BadRequest[]>;
  /** The answers that are right: `413 payload_too_large`. */
  readonly expected: readonly string[];
}

const JSON_TYPE = { "content-type": "application/json" };

/** Doors that take bytes as they are. */
const RAW: Readonly<Record<string, string>> = {
  receiveWebhook: "what a body may be is for the signature and the adapter to say: functions/hooks/hooks_test.ts",
  receiveTestWebhook: "as receiveWebhook",
  receiveMailEvent: "the signature is judged before the body is read: functions/email/mail_events_test.ts",
  unsubscribe: "its body says nothing: whatever a mail program sends will do",
  receiveAuthHook: "the signature is judged before the body is read: functions/email/email_test.ts",
  receiveStripeWebhook: "the signature is judged before the body is read: functions/api/billing_test.ts",
};

function withoutBody({ bodyLimitBytes }: Door): string | null {
  return bodyLimitBytes === null ? "it reads no body" : null;
}

function withoutJson(door: Door): string | null {
  return withoutBody(door) ?? RAW[door.route.definition.operationId] ?? null;
}

function withoutType(door: Door): string | null {
  return withoutBody(door) ??
    (door.json === null ? "callers of raw doors send any type, and any encoding as it is" : null);
}

function body(name: string, text: string | (() => BodyInit), expected = "400 invalid_json"): BadInput {
  const make = typeof text === "string" ? () => text : text;
  return { name, exempt: withoutJson, requests: () => [{ headers: JSON_TYPE, body: make }], expected: [expected] };
}

const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
const raw = (...bytes: number[]) => () => new Uint8Array([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, ...bytes, 0x22, 0x7d]);

function chunked(size: number): ReadableStream<Uint8Array> {
  let left = size;
  return new ReadableStream({
    pull(controller) {
      if (left <= 0) return controller.close();
      controller.enqueue(new Uint8Array(Math.min(left, 65_536)).fill(32));
      left -= 65_536;
    },
  });
}

const bomb = await new Response(
  new Blob([`{"a":"${"a".repeat(20_000_000)}"}`]).stream().pipeThrough(new CompressionStream("gzip")),
).arrayBuffer();

const BODIES: readonly BadInput[] = [
  {
    name: "a body of one byte over",
    exempt: withoutBody,
    requests: ({ bodyLimitBytes }) => [{ headers: JSON_TYPE, body: () => " ".repeat((bodyLimitBytes ?? 0) + 1) }],
    expected: ["413 payload_too_large"],
  },
  {
    name: "a body of one byte over, its length not announced",
    exempt: withoutBody,
    requests: ({ bodyLimitBytes }) => [{ headers: JSON_TYPE, body: () => chunked((bodyLimitBytes ?? 0) + 1) }],
    expected: ["413 payload_too_large"],
  },
  {
    name: "a compressed bomb",
    exempt: withoutType,
    requests: () => [{ headers: { ...JSON_TYPE, "content-encoding": "gzip" }, body: () => bomb }],
    expected: ["413 payload_too_large"],
  },
  body("depth 65", nested(65)),
  body("depth 100,000, open", "[".repeat(100_000)),
  body("half a document", '{"a":'),
  body("bytes that are no UTF-8", raw(0xff, 0xfe)),
  body("an overlong UTF-8 sequence", raw(0xc0, 0xaf)),
  body("a raw NUL", raw(0)),
  body("an escaped NUL", '{"a":"\\u0000"}'),
  body("a lone surrogate", '{"a":"\\ud800"}'),
  body("a lone surrogate in a name", '{"\\udc00":1}'),
  body("9007199254740993", '{"a":9007199254740993}'),
  body("1e400", '{"a":1e400}'),
  body("__proto__", '{"__proto__":{"admin":true}}'),
  body("__proto__, deep", '{"a":[{"__proto__":1}]}'),
  body("constructor.prototype", '{"a":{"constructor":{"prototype":{}}}}'),
  {
    name: "a property that is there twice",
    exempt: (door) =>
      withoutJson(door) ??
        (door.json !== null && door.json.request?.uniqueKeys !== true ? "neither signed nor about money" : null),
    requests: () => [{ headers: JSON_TYPE, body: () => '{"a":1,"a":2}' }],
    expected: ["400 invalid_json"],
  },
  {
    name: "JSON by another type",
    exempt: withoutType,
    requests: () =>
      ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16"].map((type) => ({
        headers: { "content-type": type },
        body: () => "{}",
      })),
    expected: ["415 unsupported_media_type"],
  },
  ...["[]", "null", '"text"', '{"no_such_property":1}'].map((text) => ({
    ...body(`the body ${text}`, text, "400 invalid_request"),
    exempt: (door: Door) => withoutType(door),
  })),
];

/** What no path of ours holds: no UUID, or nothing that may be in a path at all. */
const BAD_IDS = ["nope!", "%00", "..%2f..%2fetc", "'%20or%201=1", "%F0%9F%A6%84", "%E0%A4%A", "x".repeat(600)];

const PATHS: readonly BadInput[] = [{
  name: "an id that is none",
  exempt: ({ route, json }) =>
    !route.definition.path.includes(":")
      ? "no parameter in its path"
      : json === null
      ? "its path is a credential"
      : null,
  requests: ({ pathWith }) => BAD_IDS.map((id) => ({ path: pathWith(id) })),
  expected: ["400 invalid_request", "404 not_found"],
}];

/** Queries that no list takes. */
const LIST_QUERIES: readonly [query: string, expected: string][] = [
  ["limit=0", "400 invalid_request"],
  ["limit=101", "400 invalid_request"],
  ["limit=1&limit=2", "400 invalid_request"],
  ["sort=password", "400 invalid_request"],
  ["sort=created_at;drop", "400 invalid_request"],
  ["sort=created_at,id", "400 invalid_request"],
  ["fields=password", "400 invalid_request"],
  ["fields=id,*", "400 invalid_request"],
  ["cursor=nope", "400 invalid_cursor"],
  ["cursor=W10.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "400 invalid_cursor"],
];

const QUERIES: readonly BadInput[] = [
  ...LIST_QUERIES.map(([query, expected]) => ({
    name: `?${query}`,
    exempt: ({ json }: Door) => json?.list === undefined ? "it is no list" : null,
    requests: (door: Door) => [{ path: `${door.path}?${new URLSearchParams(requiredQuery(door))}&${query}` }],
    expected: [expected],
  })),
  {
    name: "a query parameter that is not known",
    exempt: ({ json }) =>
      json === null || json.access.public === true ? "caches of public pages add what they like" : null,
    requests: (door) => [{ path: `${door.path}?${new URLSearchParams([...requiredQuery(door), ["no_such", "1"]])}` }],
    expected: ["400 invalid_request"],
  },
  {
    name: "a NUL in the query",
    exempt: ({ json }) => Object.keys(json?.request?.query?.shape ?? {}).length === 0 ? "it reads no query" : null,
    requests: (door) =>
      Object.keys(door.json?.request?.query?.shape ?? {}).map((name) => ({
        path: `${door.path}?${new URLSearchParams(requiredQuery(door).filter(([key]) => key !== name))}&${name}=a%00b`,
      })),
    expected: ["400 invalid_request"],
  },
];

/** What a query must hold in any case, made of its schema. */
function requiredQuery({ json }: Door): string[][] {
  const shape = json?.request?.query?.shape ?? {};
  const needed = (Object.entries(shape) as [string, z.ZodType][])
    .filter(([, schema]) => !schema.safeParse(undefined).success);
  return needed.map(([name, schema]) => {
    const guesses = [crypto.randomUUID(), "user", "1"];
    return [name, guesses.find((guess) => schema.safeParse(guess).success) ?? "x"];
  });
}

const encode = (value: unknown) => btoa(JSON.stringify(value)).replaceAll("=", "");
const seconds = Math.floor(Date.now() / 1_000);
const claims = { sub: TEST_USER_ID, aud: "authenticated", role: "authenticated", exp: seconds + 600 };

/** Tokens that open nothing. */
const TOKENS: Readonly<Record<string, string>> = {
  "alg none": `${encode({ alg: "none", typ: "JWT", kid: "test-key" })}.${encode(claims)}.`,
  "alg none, signed": `${encode({ alg: "none", kid: "test-key" })}.${encode(claims)}.AAAA`,
  "alg None": `${encode({ alg: "None", kid: "test-key" })}.${encode(claims)}.`,
  "another audience": await signJwt({ aud: "anon" }),
  "no audience": await signJwt({ aud: undefined }),
  "another issuer": await signJwt({ iss: "https://evil.example/auth/v1" }),
  expired: await signJwt({ exp: seconds - 60, iat: seconds - 120 }),
  "no end": await signJwt({ exp: undefined }),
  "not yet": await signJwt({ nbf: seconds + 600 }),
  "another key": await signJwt({}, { secret: new Uint8Array(32).fill(7) }),
  "an unknown key": await signJwt({}, { kid: "another" }),
  "the service's role": await signJwt({ role: "service_role" }),
  "a subject that is no id": await signJwt({ sub: "admin" }),
};

const CREDENTIALS: readonly BadInput[] = Object.entries(TOKENS).map(([name, token]) => ({
  name: `a token: ${name}`,
  exempt: ({ json }: Door) => json === null ? "credentials in its headers are the sender's" : null,
  requests: () => [{ headers: { authorization: `Bearer ${token}` } }],
  expected: ["401 unauthorized"],
}));

const HEADERS: readonly BadInput[] = [
  {
    name: "another form of Idempotency-Key",
    exempt: ({ json }) => json?.request?.headers?.shape["idempotency-key"] === undefined ? "it reads none" : null,
    requests: () => ["two words", "ä", '"', "x".repeat(256)].map((key) => ({ headers: { "idempotency-key": key } })),
    expected: ["400 invalid_request"],
  },
  {
    name: "another form of If-Match",
    exempt: ({ json }) => json?.request?.headers?.shape["if-match"] === undefined ? "it reads none" : null,
    requests: () => ["nonsense", '"v1", "v2"', '"v99999999999999"'].map((tag) => ({ headers: { "if-match": tag } })),
    expected: ["400 invalid_request", "412 version_mismatch"],
  },
  {
    name: "an organization that is none",
    exempt: ({ json }) =>
      json?.access.user === undefined || json.organizationParam !== undefined
        ? "it names its organization otherwise"
        : null,
    requests: () => ["nope", "a,b", "%00"].map((id) => ({ headers: { "x-organization-id": id } })),
    expected: ["400 invalid_request"],
  },
];

/** The table. */
export const BAD_INPUTS: readonly BadInput[] = [
  ...BODIES,
  ...PATHS,
  ...QUERIES,
  ...CREDENTIALS,
  ...HEADERS,
];
