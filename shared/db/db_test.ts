import { assert, assertEquals, assertNotEquals, assertRejects } from "../../tests/helpers/assert.ts";
import { fakeDataApi, sqlError, TEST_KEYS, testEnv } from "../../tests/helpers/http.ts";
import { AppError, notFound } from "../errors/mod.ts";
import {
  adminClient,
  callerClient,
  containsText,
  type CursorScope,
  listPage,
  openList,
  readCursor,
  rpc,
  run,
  runSingle,
  signCursor,
} from "./mod.ts";

const env = testEnv();
const secret = env.secretKeys.default;

Deno.test("callerClient() speaks as the caller, adminClient() as the secret key", async () => {
  const fake = fakeDataApi();
  fake.on("rpc/f", () => 1);
  await rpc(callerClient(env, "a.b.c", { fetch: fake.fetch, headers: { "X-Request-Id": "r" } }), "f");
  await rpc(callerClient(env, null, { fetch: fake.fetch }), "f");
  await rpc(adminClient(env, { fetch: fake.fetch }), "f");
  const seen = fake.calls.map(({ headers }) => [headers.get("apikey"), headers.get("authorization")]);
  assertEquals(seen, [
    [TEST_KEYS.publishable, "Bearer a.b.c"],
    [TEST_KEYS.publishable, `Bearer ${TEST_KEYS.publishable}`],
    [TEST_KEYS.secret, `Bearer ${TEST_KEYS.secret}`],
  ]);
  assertEquals(fake.calls[0]?.headers.get("x-request-id"), "r");
  assert(adminClient(env) === adminClient(env));
});

Deno.test("rpc() sends arguments and schema and gives the result", async () => {
  const fake = fakeDataApi();
  fake.on("rpc/add", ({ body }) => ({ got: body }));
  const client = adminClient(env, { fetch: fake.fetch });
  assertEquals<unknown>(await rpc(client, "add", { p_a: 1 }, { schema: "engine" }), { got: { p_a: 1 } });
  assertEquals(fake.calls[0]?.headers.get("content-profile"), "engine");
  fake.on("rpc/none", () => null);
  assertEquals(await rpc(client, "none"), null);
});

Deno.test("rpc() throws what SQL raised, and service_unavailable when nobody answers", async () => {
  const fake = fakeDataApi();
  fake.on("rpc/f", () => sqlError(409, "run_finished", "The run has finished"));
  const client = adminClient(env, { fetch: fake.fetch });
  const error = await assertRejects(() => rpc(client, "f"), AppError);
  assertEquals([error.code, error.detail], ["run_finished", "The run has finished"]);
  fake.down = true;
  assertEquals((await assertRejects(() => rpc(client, "f"), AppError)).code, "service_unavailable");
});

Deno.test("a read fails at once when the database is away, without the client's own retries", async () => {
  let calls = 0;
  const client = adminClient(env, {
    fetch: () => {
      calls++;
      return Promise.resolve(new Response("no upstream", { status: 503 }));
    },
  });
  const error = await assertRejects(() => run(client.from("flows").select("id")), AppError);
  assertEquals([error.code, calls], ["service_unavailable", 1]);
});

Deno.test("rpc() with an aborted signal rejects", async () => {
  const client = adminClient(env, {
    fetch: (_, init) => Promise.reject(init?.signal?.reason ?? new Error("no signal")),
  });
  const signal = AbortSignal.abort();
  assertEquals((await assertRejects(() => rpc(client, "f", {}, { signal }), AppError)).code, "service_unavailable");
});

Deno.test("runSingle() throws what it is told for no row", async () => {
  const fake = fakeDataApi();
  fake.on("flows", () => []);
  const query = adminClient(env, { fetch: fake.fetch }).from("flows").select("id").eq("id", "x").maybeSingle();
  const error = await assertRejects(() => runSingle(query, () => notFound("flow")), AppError);
  assertEquals([error.code, error.detail], ["not_found", "No such flow"]);
});

const scope: CursorScope = {
  list: "flows",
  organizationId: "o1",
  sort: "-created_at",
  filter: { q: "a", active: true },
};
const position = { value: "2026-11-20T10:00:00.123456+00:00", id: "0193a000-0000-7000-8000-000000000001" };

Deno.test("readCursor() reads what signCursor() made, whatever the order of the filters", async () => {
  const cursor = await signCursor(secret, scope, position);
  assert(/^[A-Za-z0-9_.-]+$/.test(cursor));
  assertEquals(await readCursor(secret, scope, cursor), position);
  const reordered = { ...scope, filter: { active: true, other: undefined, q: "a" } };
  assertEquals(await readCursor(secret, reordered, cursor), position);
  const umlaut = { value: 'Ä \u{1F600}" \\', id: "x" };
  assertEquals(await readCursor(secret, scope, await signCursor(secret, scope, umlaut)), umlaut);
});

const FOREIGN: [name: string, scope: CursorScope][] = [
  ["another list", { ...scope, list: "runs" }],
  ["another organization", { ...scope, organizationId: "o2" }],
  ["no organization", { ...scope, organizationId: null }],
  ["another order", { ...scope, sort: "created_at" }],
  ["another filter", { ...scope, filter: { q: "b", active: true } }],
  ["a filter less", { ...scope, filter: { q: "a" } }],
  ["a filter of another type", { ...scope, filter: { q: "a", active: "true" } }],
];

for (const [name, foreign] of FOREIGN) {
  Deno.test(`readCursor() refuses a cursor of ${name}`, async () => {
    const cursor = await signCursor(secret, scope, position);
    assertEquals((await assertRejects(() => readCursor(secret, foreign, cursor), AppError)).code, "invalid_cursor");
  });
}

Deno.test("readCursor() refuses every cursor that was edited, and everything that is none", async () => {
  const cursor = await signCursor(secret, scope, position);
  const bad = ["", ".", "a.b", "x".repeat(100_000), `${cursor}x`, cursor.slice(1), "🦊", `${cursor}.${cursor}`];
  for (let index = 0; index < cursor.length; index++) {
    const char = cursor[index] === "A" ? "B" : "A";
    bad.push(cursor.slice(0, index) + char + cursor.slice(index + 1));
  }
  for (const text of bad) {
    assertEquals(
      (await assertRejects(() => readCursor(secret, scope, text), AppError, undefined)).code,
      "invalid_cursor",
    );
  }
  const other = await signCursor("sb_secret_other", scope, position);
  assertEquals((await assertRejects(() => readCursor(secret, scope, other), AppError)).code, "invalid_cursor");
  assertNotEquals(other, cursor);
});

interface Row {
  id: string;
  created_at: string;
}

Deno.test("listPage() asks for one row more, in keyset order, and goes on after the last", async () => {
  const fake = fakeDataApi();
  fake.on("flows", ({ query }) => {
    const limit = Number(query.get("limit"));
    return ["c", "b", "a"].slice(0, limit).map((id) => ({ id, created_at: `2026 "${id}"` }));
  });
  const client = callerClient(env, null, { fetch: fake.fetch });
  const options = { ...scope, secret, limit: 2 };
  const query = () => client.from("flows").select("id, created_at").returns<Row[]>();
  const first = await listPage(query(), options);
  assertEquals(first.data.map((row) => row.id), ["c", "b"]);
  assert(first.next_cursor !== null);
  await listPage(query(), { ...options, cursor: first.next_cursor });
  const [one, two] = fake.calls;
  assertEquals([one?.query.get("order"), one?.query.get("limit")], ["created_at.desc,id.desc", "3"]);
  assertEquals(one?.query.get("or"), null);
  assertEquals(
    two?.query.get("or"),
    '(created_at.lt."2026 \\"b\\"",and(created_at.eq."2026 \\"b\\"",id.lt."b"))',
  );
});

Deno.test("listPage() ends with null, also when the last page is exactly full", async () => {
  const fake = fakeDataApi();
  fake.on("flows", () => [{ id: "b", created_at: "2" }, { id: "a", created_at: "1" }]);
  const client = callerClient(env, null, { fetch: fake.fetch });
  const page = await listPage(client.from("flows").select().returns<Row[]>(), { ...scope, secret, limit: 2 });
  assertEquals([page.data.length, page.next_cursor], [2, null]);
});

Deno.test("openList() by the id alone compares the id alone, ascending too", async () => {
  const fake = fakeDataApi();
  fake.on("runs", () => []);
  const client = callerClient(env, null, { fetch: fake.fetch });
  const options = { ...scope, sort: "id", secret, limit: 2 };
  const cursor = await signCursor(secret, options, { value: "a", id: "a" });
  const list = await openList({ ...options, cursor });
  assertEquals([list.column, list.ascending, list.after, list.fetchCount], ["id", true, { value: "a", id: "a" }, 3]);
  await run(list.apply(client.from("runs").select("id")));
  assertEquals(fake.calls[0]?.query.get("or"), '(id.gt."a")');
  assertEquals(fake.calls[0]?.query.get("order"), "id.asc");
});

Deno.test("containsText() keeps wildcards and regular expressions literal", () => {
  const [operator, pattern] = containsText("50%_*a.b(c)[d]{e}|f\\g^h$i+j?k");
  assertEquals(operator, "imatch");
  assert(new RegExp(pattern, "i").test("x 50%_*A.B(c)[d]{e}|f\\g^h$i+j?k y"));
  assert(!new RegExp(pattern, "i").test("x 50XXXaXb y"));
});
