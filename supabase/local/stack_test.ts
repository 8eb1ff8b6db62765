import { createClient } from "@supabase/supabase-js";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { assert, assertEquals, assertExists, assertMatch } from "../../tests/helpers/assert.ts";
import { until } from "../../tests/helpers/until.ts";
import { startStack, type TestStack, type TestStackOptions } from "../../tests/helpers/stack.ts";

const FIXTURES = new URL("./testdata/functions/", import.meta.url);

/** Runs `fn` on both databases: what holds for one must hold for the other. */
function test(name: string, fn: (stack: TestStack) => Promise<void>): void {
  for (const database of ["postgres", "pglite"] as const) {
    Deno.test(`${name} (${database})`, async () => await withStack({ database }, fn));
  }
}

async function withStack(options: TestStackOptions, fn: (stack: TestStack) => Promise<void>): Promise<void> {
  const stack = await startStack({ functionsFolder: FIXTURES, ...options });
  try {
    await fn(stack);
  } finally {
    await stack.stop();
  }
}

function client(stack: TestStack, key = stack.publishableKey) {
  return createClient(stack.url, key, { auth: { persistSession: false, autoRefreshToken: false } });
}

test("the stack serves supabase-js as a hosted project does", async (stack) => {
  await stack.executor.exec(`
    create table public.notes (id integer primary key, body text not null check (body <> ''), at timestamptz not null
      default '2026-01-31 10:00:00.5+00', price numeric not null default 1.50);
    grant select on public.notes to authenticated;
    alter table public.notes enable row level security;
    create policy everybody on public.notes for select to authenticated using (true);
    grant all on public.notes to service_role;
    create function public.echo(value jsonb) returns jsonb language sql as 'select value';
    create function public.fails() returns void language plpgsql as $$
      begin raise exception 'no luck' using errcode = 'P0001', detail = 'some detail', hint = 'try again'; end $$;
    create function public.writes() returns integer language sql as
      'insert into public.notes (id, body) values (99, ''written'') returning id';
    create function public.claims_to_read() returns integer stable language plpgsql as $$
      declare v_id integer; begin execute 'select public.writes()' into v_id; return v_id; end $$;
  `);
  await reloadSchema(stack, "claims_to_read");

  const user = client(stack);
  const { data: session } = await user.auth.signUp({ email: "ada@example.com", password: "correct horse" });
  assertExists(session.session);
  const token = session.session.access_token;
  assertEquals(decodeProtectedHeader(token).kid, stack.kid);
  const claims = decodeJwt(token);
  assertEquals([claims.iss, claims.role, claims.aal], [`${stack.url}/auth/v1`, "authenticated", "aal1"]);
  assertEquals((await user.auth.getUser()).data.user?.email, "ada@example.com");
  assertExists((await user.auth.refreshSession()).data.session);

  const admin = client(stack, stack.secretKeys.automations);
  assertEquals((await admin.from("notes").insert({ id: 1, body: "hello" })).error, null);
  assertEquals((await user.from("notes").select()).data, [
    { id: 1, body: "hello", at: "2026-01-31T10:00:00.5+00:00", price: 1.5 },
  ]);
  const refused = await user.from("notes").insert({ id: 2, body: "x" });
  assertEquals([refused.status, refused.error?.code], [403, "42501"]);
  assertEquals((await client(stack).from("notes").select()).status, 401);
  assertEquals((await client(stack, "sb_publishable_wrong").from("notes").select()).status, 401);

  const checked = await admin.from("notes").insert({ id: 3, body: "" });
  assertEquals([checked.status, checked.error?.code], [400, "23514"]);
  const twice = await admin.from("notes").insert({ id: 1, body: "again" });
  assertEquals([twice.status, twice.error?.code], [409, "23505"]);
  const failed = await admin.rpc("fails");
  assertEquals([failed.status, failed.error?.code, failed.error?.details, failed.error?.hint], [
    400,
    "P0001",
    "some detail",
    "try again",
  ]);
  for (const value of [{ a: [1, "x"] }, "a string", 5, [true], null]) {
    assertEquals((await admin.rpc("echo", { value })).data, value);
  }
  assertEquals((await admin.rpc("claims_to_read")).error?.code, "25006");
  assertEquals((await admin.schema("private").rpc("now")).error?.code, "PGRST106");
});

test("the stack leaves every grant as the migrations made it", async (stack) => {
  const privileges = () =>
    stack.executor.query(`
      select relname::text as name, relacl::text as acl from pg_class where relacl is not null
      union all select nspname::text, nspacl::text from pg_namespace where nspacl is not null
      union all select oid::text, defaclacl::text from pg_default_acl order by 1, 2
    `);
  const before = await privileges();
  await client(stack, stack.secretKeys.default).from("plans").select();
  await client(stack).from("plans").select();
  assertEquals(await privileges(), before);

  // The proof does not go through lite: the roles themselves are asked.
  const open = await stack.executor.query(`
    select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('private', 'engine') and c.relkind in ('r', 'p')
      and (has_table_privilege('anon', c.oid, 'select, insert, update, delete, truncate')
        or has_table_privilege('authenticated', c.oid, 'insert, update, delete, truncate'))
  `);
  assertEquals(open, []);
  const truncatable = await stack.executor.query(`
    select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relkind in ('r', 'p') and has_table_privilege('authenticated', c.oid, 'truncate')
  `);
  assertEquals(truncatable, []);
});

test("concurrent requests do not share a transaction or a role", async (stack) => {
  await stack.executor.exec(`
    create function public.who() returns text language plpgsql as $$
      declare v_before text := current_user; begin
        perform count(*) from generate_series(1, 20000);
        return v_before || ' ' || current_user || ' ' || coalesce(auth.role(), '-'); end $$;
    grant execute on function public.who() to anon, service_role;
  `);
  await reloadSchema(stack, "who");
  const anon = client(stack);
  const admin = client(stack, stack.secretKeys.default);
  const calls = Array.from({ length: 40 }, async (_, index) => {
    const role = index % 2 ? "anon" : "service_role";
    const { data } = await (index % 2 ? anon : admin).rpc("who");
    assertEquals(data, `${role} ${role} ${role}`);
  });
  await Promise.all(calls);
});

test("storage keeps and returns a file", async (stack) => {
  const { storage } = client(stack, stack.secretKeys.default);
  assertEquals((await storage.createBucket("files")).error, null);
  const uploaded = await storage.from("files").upload("a/b.txt", new Blob(["hello"]), { contentType: "text/plain" });
  assertEquals(uploaded.error, null);
  const { data } = await storage.from("files").download("a/b.txt");
  assertEquals(await data?.text(), "hello");
});

Deno.test("the gateway calls functions with headers that clients cannot spoof", () =>
  withStack({}, async (stack) => {
    const answer = await fetch(`${stack.functionsUrl}/probe/headers`, {
      headers: { authorization: await userToken(stack), "x-forwarded-for": "1.2.3.4", "cf-connecting-ip": "1.2.3.4" },
    });
    const headers = await answer.json();
    assertEquals(headers["x-forwarded-for"], "127.0.0.1");
    assertEquals(headers["cf-connecting-ip"], undefined);
    assertEquals(headers["x-forwarded-host"], new URL(stack.url).host);
  }));

Deno.test("the gateway honours verify_jwt", () =>
  withStack({}, async (stack) => {
    const status = async (authorization?: string) => {
      const answer = await fetch(`${stack.functionsUrl}/probe/x`, authorization ? { headers: { authorization } } : {});
      await answer.body?.cancel();
      return answer.status;
    };
    // `probe` is not in config.toml, so the platform's default holds.
    assertEquals(await status(), 401);
    assertEquals(await status("Bearer nonsense"), 401);
    assertEquals(await status(`Bearer ${stack.secretKeys.default}`), 401);
    assertEquals(await status(await userToken(stack)), 200);
    const missing = await fetch(`${stack.functionsUrl}/nothing`);
    assertEquals([missing.status, (await missing.json()).code], [404, "NOT_FOUND"]);
    const realtime = await fetch(`${stack.url}/realtime/v1/websocket`);
    assertEquals(realtime.status, 401);
    await realtime.body?.cancel();
  }));

Deno.test("functions see the environment of a deployed function", () =>
  withStack({ functionsEnv: { EGRESS_ALLOW: "127.0.0.1:1" } }, async (stack) => {
    const answer = await fetch(`${stack.functionsUrl}/probe/env`, {
      headers: { authorization: await userToken(stack) },
    });
    const env: Record<string, string> = await answer.json();
    assertEquals(Object.keys(env).sort(), [
      "EGRESS_ALLOW",
      "MILLRACE_MASTER_KEYS",
      "MILLRACE_SIGNING_KEY",
      "SUPABASE_DB_URL",
      "SUPABASE_JWKS",
      "SUPABASE_PUBLISHABLE_KEYS",
      "SUPABASE_SECRET_KEYS",
      "SUPABASE_URL",
    ]);
    assertEquals(JSON.parse(env.SUPABASE_SECRET_KEYS!), stack.secretKeys);
    const [key] = JSON.parse(env.SUPABASE_JWKS!).keys;
    assertEquals([key.kty, key.alg, key.kid], ["oct", "HS256", stack.kid]);
    assertMatch(stack.secretKeys.default, /^sb_secret_/);
    assert(new Set(Object.values(stack.secretKeys)).size >= 3);
  }));

Deno.test("the Data API answers 503 with Retry-After while the database is away, and goes on when it is back", () =>
  withStack({ withLink: true }, async (stack) => {
    const read = async () => {
      const headers = { apikey: stack.secretKeys.default };
      const answer = await fetch(`${stack.url}/rest/v1/plans?select=id&limit=1`, { headers });
      await answer.body?.cancel();
      return [answer.status, answer.headers.get("retry-after")];
    };
    assertEquals(await read(), [200, null]);
    stack.link!.cut();
    assertEquals(await read(), [503, "1"]);
    assertEquals(await read(), [503, "1"]);
    stack.link!.restore();
    await until(read, ([status]) => status === 200);
  }));

/** Tells the Data API that there is something new and waits until it knows the function. */
test("or=(…) finds names with every special character, as PostgREST does", async (stack) => {
  await stack.executor.exec(`
    create table public.names (name text primary key);
    alter table public.names enable row level security;
    grant all on public.names to service_role;
    create function public.nothing() returns void language sql as '';
  `);
  await reloadSchema(stack, "nothing");
  const admin = client(stack, stack.secretKeys.default);
  const names = ["plain", 'quo"te', "back\\slash", 'both\\"', "open(", "close)", "brace{", "comma,", 'many")),(("'];
  assertEquals((await admin.from("names").insert(names.map((name) => ({ name })))).error, null);
  for (const name of names) {
    const quoted = `"${name.replaceAll(/["\\]/g, "\\$&")}"`;
    const filter = `and(name.gte.${quoted},name.lte.${quoted}),name.in.(${quoted})`;
    const { data, error } = await admin.from("names").select("name").or(filter);
    assertEquals([data, error], [[{ name }], null]);
  }
});

test("filters read words and numbers by the type of the column, as PostgREST does", async (stack) => {
  await stack.executor.exec(`
    create table public.things (name text primary key, is_good boolean, size numeric);
    alter table public.things enable row level security;
    grant all on public.things to service_role;
    create function public.nothing() returns void language sql as '';
  `);
  await reloadSchema(stack, "nothing");
  const things = () => client(stack, stack.secretKeys.default).from("things");
  const names = ["true", "null", "1e3", "007", "900719925474099312"];
  assertEquals((await things().insert(names.map((name) => ({ name, is_good: true, size: 1000 })))).error, null);
  for (const name of names) {
    const { data, error } = await things().select("name").eq("name", name).in("name", [name, "false"]);
    assertEquals([data, error], [[{ name }], null]);
  }
  assertEquals((await things().select("name").neq("name", "true")).data?.length, names.length - 1);
  for (const [column, value] of [["is_good", true], ["size", 1000], ["size", "1e3"]] as const) {
    const { data, error } = await things().select("name").eq(column, value);
    assertEquals([error, data?.length], [null, names.length]);
  }
});

async function reloadSchema(stack: TestStack, name: string): Promise<void> {
  await stack.executor.exec("notify pgrst, 'reload schema'");
  const headers = { apikey: stack.secretKeys.default };
  await until(async () => {
    const answer = await fetch(`${stack.url}/rest/v1/rpc/${name}`, { method: "OPTIONS", headers });
    await answer.body?.cancel();
    return answer.status === 200;
  });
}

async function userToken(stack: TestStack): Promise<string> {
  const { data } = await client(stack).auth.signUp({
    email: `${crypto.randomUUID()}@example.com`,
    password: "correct horse",
  });
  return `Bearer ${data.session!.access_token}`;
}
