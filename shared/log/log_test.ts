import { assert, assertEquals, assertStringIncludes } from "../../tests/helpers/assert.ts";
import { configureLog, createLog, type LogLevel, redact, REDACTED, redactText } from "./mod.ts";

/** Runs `fn` with a log that keeps its lines. */
function capture(level: LogLevel, fn: () => void): Record<string, unknown>[] {
  const lines: string[] = [];
  configureLog({ level, write: (line) => lines.push(line) });
  fn();
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

Deno.test("a line has exactly the eight fields, in order", () => {
  const [line] = capture("info", () => {
    const log = createLog("flows", { requestId: "r1" }).with({ userId: "u1" });
    log.info("http.request", { duration: 12.345, status: 200 });
  });
  assert(line !== undefined);
  assertEquals(Object.keys(line), [
    "timestamp",
    "level",
    "requestId",
    "userId",
    "action",
    "duration",
    "error",
    "metadata",
  ]);
  assert(!Number.isNaN(Date.parse(String(line.timestamp))));
  assertEquals([line.level, line.requestId, line.userId, line.action], ["info", "r1", "u1", "http.request"]);
  assertEquals([line.duration, line.error], [12.3, null]);
  assertEquals(line.metadata, { source: "flows", status: 200 });
});

Deno.test("configureLog() keeps lines below its level back", () => {
  const levels = (level: LogLevel) =>
    capture(level, () => {
      const log = createLog("x");
      log.debug("a");
      log.info("a");
      log.warn("a");
      log.error("a");
    }).map((line) => line.level);
  assertEquals(levels("debug"), ["debug", "info", "warn", "error"]);
  assertEquals(levels("warn"), ["warn", "error"]);
});

Deno.test("a line spells out an error, its code and its causes", () => {
  const [line] = capture("info", () => {
    const cause = Object.assign(new Error("connection refused"), { code: "ECONNREFUSED" });
    createLog("x").error("failed", { error: new Error("outer", { cause }) });
  });
  const error = line?.error as Record<string, Record<string, unknown>>;
  assertEquals(error.message as unknown, "outer");
  assertEquals([error.cause?.message, error.cause?.code], ["connection refused", "ECONNREFUSED"]);
  assertStringIncludes(String(error.stack), "log_test.ts");
});

Deno.test("a line stays below 10,000 characters and is JSON all the same", () => {
  const lines: string[] = [];
  configureLog({ level: "info", write: (line) => lines.push(line) });
  const rows = Array.from({ length: 90 }, (_, index) => ({ index, text: "x".repeat(1_500) }));
  createLog("x").info("big", { rows, error: new Error("y".repeat(50_000)) });
  const [line = ""] = lines;
  assert(line.length < 10_000, String(line.length));
  assertEquals((JSON.parse(line) as { metadata: { truncated: boolean } }).metadata.truncated, true);
});

Deno.test("a line stays below 10,000 characters whatever its ids and action are", () => {
  const lines: string[] = [];
  configureLog({ level: "info", write: (line) => lines.push(line) });
  createLog("x").info('"\u0001'.repeat(9_000), { requestId: '\u0001"'.repeat(5_000), userId: "z".repeat(9_000) });
  assert((lines[0] ?? "").length < 10_000);
  JSON.parse(lines[0] ?? "");
});

const SECRETS = [
  "sb_secret_abcdefghijkl",
  "mr_live_abcdefghijkl1234567890",
  "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  "sk_live_51abcdef",
  "sk_test_51abcdef",
  "re_abcdef123456",
  "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
];

for (const secret of SECRETS) {
  Deno.test(`redact() takes ${secret.slice(0, 8)}… out, wherever it stands`, () => {
    const text = JSON.stringify(redact({ a: [`before ${secret} after`], error: new Error(`at "${secret}"`) }));
    assert(!text.includes(secret), text);
    assertStringIncludes(text, REDACTED);
    assertEquals(redactText(`x ${secret} y`), `x ${REDACTED} y`);
  });
}

Deno.test("redact() hides fields by their name, in any spelling", () => {
  const hidden = redact({
    Authorization: "anything",
    "x-api-key": "anything",
    password: "p",
    client_secret: 5,
    signingSecret: "s",
    "Stripe-Signature": "t=1",
    nested: { refresh_token: "t", cookie: "c" },
    // These are no secrets.
    token_count: 12,
    secretary: "Ann",
    author: "Bob",
    password_hint: null,
  });
  assertEquals(hidden, {
    Authorization: REDACTED,
    "x-api-key": REDACTED,
    password: REDACTED,
    client_secret: REDACTED,
    signingSecret: REDACTED,
    "Stripe-Signature": REDACTED,
    nested: { refresh_token: REDACTED, cookie: REDACTED },
    token_count: 12,
    secretary: "Ann",
    author: "Bob",
    password_hint: null,
  });
});

Deno.test("redactText() hides passwords in URLs, bearer credentials and the name of e-mail addresses", () => {
  assertEquals(redactText("postgresql://user:hunter2@host/db"), `postgresql://user:${REDACTED}@host/db`);
  assertEquals(redactText("Authorization: Bearer abcdef123456"), `Authorization: ${REDACTED}`);
  assertEquals(redactText("sent to ann.lee+x@mail.example.org."), "sent to ***@mail.example.org.");
  assertEquals(redactText("see https://host/path:1@2"), "see https://host/path:1@2");
});

Deno.test("redact() takes every value: cycles, depth, big integers, functions, bytes, dates", () => {
  const cycle: Record<string, unknown> = { big: 10n, fn: () => {}, at: new Date(0), bytes: new Uint8Array(3) };
  cycle.self = cycle;
  assertEquals(redact(cycle), {
    big: "10",
    fn: "[function]",
    at: "1970-01-01T00:00:00.000Z",
    bytes: "[3 bytes]",
    self: "[circular]",
  });
  let deep: unknown = "end";
  for (let level = 0; level < 50; level++) deep = { deep };
  assertStringIncludes(JSON.stringify(redact(deep)), "[deep]");
  const list = redact(Array.from({ length: 500 }, () => 1)) as unknown[];
  assertEquals(list.at(-1), "… (500 items)");
  assertEquals(redact(new Date(NaN)), "[invalid date]");
  const throwing = {
    get boom() {
      throw new Error("no");
    },
  };
  assertEquals(redact(throwing), "[unreadable]");
});

Deno.test("redactText() is quick on hostile text", () => {
  const started = performance.now();
  for (const piece of ["a@", "eyJ", "://", "x:", "Bearer ", "sk_live_"]) redactText(piece.repeat(100_000));
  // Far above what it takes: it tells a blow-up, and is no measurement.
  assert(performance.now() - started < 10_000);
});
