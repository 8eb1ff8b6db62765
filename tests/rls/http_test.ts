/**
 * The matrix over HTTP: every caller's own token, sent to the Data API, past our functions.
 *
 * @module
 */
import { importJWK, SignJWT } from "jose";
import { type TestApi, withApi } from "../helpers/api.ts";
import { assert, assertEquals } from "../helpers/assert.ts";
import { type Actor, type Cast, prepareCast } from "./_actors.ts";
import { EXECUTES, parseTable, READS } from "./expected.ts";
import { keyReads } from "./_keys.ts";
import { lineOf, listRelations } from "./_probe.ts";

type Row = Record<string, unknown>;

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

type Ask = (method: string, path: string, options?: { schema?: string; body?: unknown }) => Promise<Reply>;

/** Those who try to change something: one for each way to be somebody to the database. */
const WRITERS = ["anon", "owner", "key", "service"];

const reads = parseTable(READS);
const executes = parseTable(EXECUTES);

/** How each caller asks the Data API: with the keys of the project, and a token of its own. */
async function askersOf(api: TestApi, actors: readonly Actor[]): Promise<Map<string, Ask>> {
  const jwk = JSON.parse(api.variables.MILLRACE_SIGNING_KEY ?? "");
  const key = await importJWK(jwk, jwk.alg);
  const now = Math.floor(Date.now() / 1000);
  const askers = new Map<string, Ask>();
  for (const { name, role, claims } of actors) {
    const token = await new SignJWT({ iss: `${api.env.publicUrl}/auth/v1`, iat: now, exp: now + 3600, role, ...claims })
      .setProtectedHeader({ alg: jwk.alg, kid: jwk.kid, typ: "JWT" })
      .sign(key);
    const apikey = role === "service_role" ? api.env.secretKeys.default! : api.env.publishableKeys.default!;
    const own = role === "authenticated" ? { authorization: `Bearer ${token}` } : {};
    askers.set(name, async (method, path, { schema = "public", body } = {}) => {
      const response = await api.fetch(`${api.variables.SUPABASE_URL}/rest/v1/${path}`, {
        method,
        headers: {
          apikey,
          ...own,
          "accept-profile": schema,
          "content-profile": schema,
          ...(body === undefined ? {} : { "content-type": "application/json", prefer: "return=representation" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, body: text === "" ? null : JSON.parse(text) };
    });
  }
  return askers;
}

/** The word of expected.ts for what was answered. */
async function wordOf(api: TestApi, relation: string, actor: Actor, { status, body }: Reply): Promise<string> {
  if (status !== 200) return "deny";
  const rows = body as Row[];
  if (rows.length === 0) return "none";
  const [counted] = await api.db.sql.unsafe(`select count(*)::int as n from ${relation}`);
  const tenants = new Set(await Promise.all(rows.map((row) => tenantOf(api, relation, row))));
  const isSelf = rows.every((row) => (relation === "public.profiles" ? row.id : row.user_id) === actor.userId);
  if (isSelf) return "self";
  if (tenants.size === 1 && tenants.has(actor.organizationId)) return "own";
  return rows.length === counted?.n ? "all" : "leak";
}

async function tenantOf(api: TestApi, relation: string, row: Row): Promise<unknown> {
  if (relation === "public.organizations") return row.id;
  if (relation !== "public.profiles") return row.organization_id;
  const [member] = await api.db.sql`
    select organization_id as id from public.organization_members where user_id = ${String(row.id)} limit 1`;
  return member?.id;
}

/** Refused for want of the privilege, and not for a fault of the request; or the Data API knows no such thing. */
async function isRefused(what: string, reply: Promise<Reply>, wrong: string[]): Promise<void> {
  const { status, body } = await reply;
  const { code } = (body ?? {}) as { code?: string };
  const isUnknown = code?.startsWith("PGRST1") || ["PGRST202", "PGRST205"].includes(code ?? "");
  const refused = [401, 403].includes(status) || code === "42501" || isUnknown;
  if (!refused) wrong.push(`${what}: ${status} ${JSON.stringify(body)?.slice(0, 200)}`);
}

Deno.test("who may do what over HTTP, by their own tokens", async (test) => {
  await withApi([], async (api) => {
    const partitionNames = (await api.db.sql`
      select format('%s.%s', relnamespace::regnamespace, relname) as name from pg_class where relispartition`)
      .map(({ name }) => name);
    const exposed = (await listRelations(api.db.sql)).filter((name) => /^(?:public|engine)\./.test(name));
    const partitions = exposed.filter((name) => partitionNames.includes(name));
    const relations = exposed.filter((name) => !partitions.includes(name));
    const cast = await prepareCast(api.db);
    const askers = await askersOf(api, cast.actors);

    await test.step("rows are read as the table says", async () => {
      const wrong: string[] = [];
      for (const relation of relations) {
        const [schema, name] = relation.split(".") as [string, string];
        const line = reads[lineOf(relation)]!;
        const expected = { ...line, ...keyReads(lineOf(relation), line) } as Record<string, string>;
        for (const actor of cast.actors) {
          const reply = await askers.get(actor.name)!("GET", `${name}?select=*`, { schema });
          const word = await wordOf(api, relation, actor, reply);
          // One's own row, where it is all there is to see of the own organization.
          const same = word === expected[actor.name] || (word === "self" && expected[actor.name] === "own");
          if (!same) wrong.push(`${relation} by ${actor.name}: ${word}, not ${expected[actor.name]}`);
        }
      }
      assertEquals(wrong, []);
    });

    await test.step("a partition asked for by its name gives nobody more than its table, and takes nothing", async () => {
      assert(partitions.length > 0);
      const wrong: string[] = [];
      for (const partition of partitions) {
        const [schema, name] = partition.split(".") as [string, string];
        for (const actor of cast.actors) {
          const reply = await askers.get(actor.name)!("GET", `${name}?select=*`, { schema });
          const word = await wordOf(api, partition, actor, reply);
          // As roles they read what tests/rls/matrix_test.ts says; over HTTP a Data API may not know them at all.
          const expected = reads[lineOf(partition)]?.[actor.name];
          if (!["deny", "none", expected].includes(word)) wrong.push(`${partition} by ${actor.name}: ${word}`);
        }
        await tryWrites(api, cast, askers, partition, wrong);
      }
      assertEquals(wrong, []);
    });

    await test.step("no row is added, moved to another tenant, changed or removed: own, another's, or with a forged id", async () => {
      const before = await countRows(api, relations);
      const wrong: string[] = [];
      for (const relation of relations.filter((name) => name.startsWith("public."))) {
        await tryWrites(api, cast, askers, relation, wrong);
      }
      assertEquals(wrong, []);
      assertEquals(await countRows(api, relations), before);
    });

    await test.step("functions and schemas that are not for a caller are refused", async () => {
      const wrong: string[] = [];
      const parameters = await api.db.sql<{ name: string; names: string[] | null }[]>`
        select distinct on (1) format('%s.%s', p.pronamespace::regnamespace, p.proname) as name,
          p.proargnames[1:p.pronargs] as names
        from pg_proc p
        where p.pronamespace in ('public'::regnamespace, 'engine'::regnamespace, 'private'::regnamespace)`;
      for (const { name, names } of parameters) {
        const [schema, rpc] = name.split(".") as [string, string];
        const body = Object.fromEntries((names ?? []).map((parameter) => [parameter, null]));
        for (const [column, actor] of [["anon", "anon"], ["user", "owner"], ["user", "key"], ["service", "service"]]) {
          if (schema !== "private" && executes[name]?.[column!] === "x") continue;
          const ask = askers.get(actor!)!("POST", `rpc/${rpc}`, { schema, body });
          await isRefused(`${name} by ${actor}`, ask, wrong);
        }
      }
      for (const actor of WRITERS) {
        for (const table of ["settings", "api_key_hashes", "webhook_secrets", "secret_versions", "role_permissions"]) {
          await isRefused(
            `private.${table} by ${actor}`,
            askers.get(actor)!("GET", `${table}?select=*`, { schema: "private" }),
            wrong,
          );
        }
      }
      assertEquals(wrong, []);
    });
  });
});

async function tryWrites(
  api: TestApi,
  cast: Cast,
  askers: ReadonlyMap<string, Ask>,
  relation: string,
  wrong: string[],
): Promise<void> {
  const name = relation.slice("public.".length);
  const columns = await api.db.sql<{ name: string }[]>`
    select attname as name from pg_attribute
    where attrelid = ${relation}::regclass and attnum > 0 and not attisdropped order by attnum`;
  const first = columns[0]!.name;
  const tenant = columns.find((column) => column.name === "organization_id")?.name ?? first;
  const [row] = await api.db.sql.unsafe(`select to_jsonb(t) as row from ${relation} t limit 1`);
  const [own, other, forged] = [cast.a.organization, cast.b.organization, crypto.randomUUID()];
  for (const actor of WRITERS) {
    const ask = askers.get(actor)!;
    const refuse = (what: string, reply: Promise<Reply>) => isRefused(`${what} ${relation} by ${actor}`, reply, wrong);
    for (const [whose, id] of Object.entries({ own, other, forged })) {
      await refuse(`insert ${whose} into`, ask("POST", name, { body: { ...row?.row, [tenant]: id } }));
      await refuse(`delete ${whose} of`, ask("DELETE", `${name}?${tenant}=eq.${id}`, { body: {} }));
    }
    await refuse("move a row of", ask("PATCH", `${name}?${tenant}=eq.${own}`, { body: { [tenant]: other } }));
    await refuse("change a row of", ask("PATCH", `${name}?${tenant}=eq.${other}`, { body: { [first]: null } }));
  }
}

async function countRows(api: TestApi, relations: readonly string[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const relation of relations.filter((name) => name.startsWith("public."))) {
    const [row] = await api.db.sql.unsafe(`select count(*)::int as n from ${relation}`);
    counts[relation] = row?.n;
  }
  assert(Object.keys(counts).length > 0);
  return counts;
}
