/**
 * What the gate costs with 1,000,000 keys in 100,000 organizations: one list over HTTP with it and, the same in all else,
 * without; the call by itself in the database and part by part; what it reads; what the row that counts an organization's
 * requests lets through.
 *
 * Times are those of a machine that is busy with other things: the buffers and the difference count.
 *
 * @module
 */
import { generateApiKey, hashApiKey } from "../../shared/auth/mod.ts";
import type { Router } from "../../shared/http/mod.ts";
import { type TestApi, withApi } from "../helpers/api.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { measureOneOrganization } from "./gate/one_organization.ts";
import { measureParts } from "./gate/parts.ts";

const CALLERS = 200;

/** The router of the function under measure; a benchmark has no door of its own to it. */
async function loadRouter(): Promise<Router> {
  return (await import(new URL("../../functions/keys/router.ts", import.meta.url).href)).router;
}

/** Runs the benchmark. @param args `--organizations=N` (100,000, ten keys each) and `--requests=N` (1,500). */
export async function main(args: string[]): Promise<void> {
  const option = (name: string, otherwise: number) =>
    Number(args.find((arg) => arg.startsWith(`--${name}=`))?.split("=")[1] ?? otherwise);
  const [organizations, requests] = [option("organizations", 100_000), option("requests", 1_500)];
  const state: { fetch: typeof fetch; gate: unknown; isSkipped: boolean } = { fetch, gate: null, isSkipped: false };
  const project: typeof fetch = async (input, init) => {
    const isGate = /\/rpc\/gate(_key)?$/.test(new URL(input instanceof Request ? input.url : input).pathname);
    if (isGate && state.isSkipped) return Response.json(state.gate);
    const response = await state.fetch(input, init);
    if (isGate) state.gate = await response.clone().json();
    return response;
  };
  await withApi([await loadRouter()], async (api) => {
    state.fetch = api.fetch;
    console.log(`Filling: ${organizations} organizations, ${organizations * 10} keys …`);
    const keys = await fill(api.db, organizations);
    await measureDatabase(api.db, requests);
    const hash = await hashApiKey(keys[0]!);
    await measureParts(api.db, hash);
    await measureOneOrganization(api.db);
    await measureRoute(api, keys, requests, (isSkipped) => state.isSkipped = isSkipped);
  }, { app: { fetch: project, checkResponses: false } });
}

async function fill(db: TestDatabase, organizations: number): Promise<string[]> {
  const made = await Promise.all(Array.from({ length: CALLERS }, () => generateApiKey("live")));
  await db.sql.unsafe(`
    -- Without the audit log of a million keys.
    alter table public.organizations disable trigger user;
    alter table public.api_keys disable trigger user;
    insert into public.organizations (name, slug, plan_id) select 'o', 'o-' || n, 'enterprise' from generate_series(1, ${organizations}) n;
    insert into public.api_keys (organization_id, name, mode, prefix, last_four, scopes, last_used_at)
      select o.id, 'k', 'live', 'mr_live_abcd', 'wxyz', '{keys:read,flows:read}', now()
      from public.organizations o, generate_series(1, 10);
    insert into private.api_key_hashes (secret_hash, key_id) select sha256(uuid_send(k.id)), k.id from public.api_keys k;
    alter table public.organizations enable trigger user;
    alter table public.api_keys enable trigger user;
  `).simple();
  await db.sql`
    update private.api_key_hashes h set secret_hash = decode(n.hash, 'hex')
    from (
      select k.id, row_number() over () as place from public.api_keys k tablesample system (5) limit ${CALLERS}
    ) k, unnest(${made.map(({ hash }) => hash)}::text[]) with ordinality as n (hash, place)
    where n.place = k.place and h.key_id = k.id`;
  await db.sql.unsafe("analyze public.organizations, public.api_keys, private.api_key_hashes");
  return made.map(({ text }) => text);
}

async function measureDatabase(db: TestDatabase, requests: number): Promise<void> {
  const hashes = await db.sql<{ hash: string }[]>`
    select encode(secret_hash, 'hex') as hash from private.api_key_hashes tablesample system (1) limit ${requests}`;
  const times: number[] = [];
  for (const { hash } of hashes) {
    const start = performance.now();
    // Each with its own commit, as the Data API makes them.
    await db.sql`select engine.gate_key(${hash}, 'read')`;
    times.push(performance.now() - start);
  }
  print("engine.gate_key(), round trip over one connection", times);
  const floor: number[] = [];
  for (let n = 0; n < requests; n++) {
    const start = performance.now();
    await db.sql`select 1`;
    floor.push(performance.now() - start);
  }
  print("select 1, the same way", floor);
  const whole = await db.sql.unsafe(
    `explain (analyze, buffers, costs off, timing off) select engine.gate_key('${hashes[0]?.hash}', 'read')`,
  );
  console.log(
    `The whole call, rate limits included:${
      String(whole.find((row) => /Buffers/.test(row["QUERY PLAN"]))?.["QUERY PLAN"])
    }`,
  );
  const plan = await db.sql.unsafe(`
    explain (analyze, buffers, costs off, timing off)
    select k.id, o.id, p.id from private.api_key_hashes h
    join public.api_keys k on k.id = h.key_id join public.organizations o on o.id = k.organization_id
    join public.plans p on p.id = o.plan_id
    where h.secret_hash = decode('${hashes[0]?.hash}', 'hex') and k.revoked_at is null`);
  console.log(plan.map((row) => `    ${row["QUERY PLAN"]}`).join("\n"));
}

async function measureRoute(
  api: TestApi,
  keys: string[],
  requests: number,
  skip: (skipped: boolean) => void,
): Promise<void> {
  const callers = keys.map((key) => api.caller({ "x-api-key": key }));
  const run = async (count: number): Promise<number[]> => {
    const times: number[] = [];
    for (let n = 0; n < count; n++) {
      const start = performance.now();
      const { status } = await callers[n % callers.length]!.get("/keys?limit=10");
      if (status !== 200) throw new Error(`The list answered ${status}`);
      times.push(performance.now() - start);
    }
    return times;
  };
  await run(CALLERS);
  const [withGate, without]: [number[], number[]] = [[], []];
  // In turns, so that what else goes on meets both.
  for (let turn = 0; turn < 10; turn++) {
    skip(false);
    withGate.push(...await run(requests / 10));
    skip(true);
    without.push(...await run(requests / 10));
  }
  print("GET /keys with the gate", withGate);
  print("GET /keys, the gate's answer at hand", without);
  const [a, b] = [percentiles(withGate), percentiles(without)];
  console.log(`Overhead: p50 ${(a.p50 - b.p50).toFixed(2)} ms, p99 ${(a.p99 - b.p99).toFixed(2)} ms`);
}

function percentiles(times: number[]): { p50: number; p99: number } {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? NaN;
  return { p50: at(0.5), p99: at(0.99) };
}

function print(what: string, times: number[]): void {
  const { p50, p99 } = percentiles(times);
  console.log(`${what}: p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms (${times.length} calls)`);
}
