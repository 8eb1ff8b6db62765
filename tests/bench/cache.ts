/**
 * What keeping replies costs and saves: the gate with and without a generation; changes with generations and without;
 * a GET that is answered from memory beside the same one that is not; and how often memory has what is asked for, under
 * callers who read and write through several isolates.
 *
 * CPU is that of the sessions of Postgres and of this process's main thread, from `/proc`.
 *
 * @module
 */
import postgres from "postgres";
import type { Router } from "../../shared/http/mod.ts";
import { createApp } from "../../shared/http/mod.ts";
import { type ApiUser, type TestApi, withApi } from "../helpers/api.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { cpuMicrosecondsOf } from "./_cpu.ts";

/** The router of the function under measure; a benchmark has no door of its own to it. */
async function loadFlows(): Promise<Router> {
  return (await import(new URL("../../functions/flows/router.ts", import.meta.url).href)).router;
}

/** Runs the benchmark: `deno task bench cache [--calls=2000] [--writes=2000] [--requests=1500]`. */
export async function main(args: string[]): Promise<void> {
  const option = (name: string, otherwise: number) =>
    Number(args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3) ?? otherwise);
  const flows = await loadFlows();
  await withApi([flows], async (api) => {
    await api.db.sql`
      update public.plans set max_flows = 1000000, requests_per_minute = 1000000, request_burst = 1000000,
        organization_requests_per_minute = 1000000, organization_request_burst = 1000000`;
    const user = await api.createUser();
    const ids = await createFlows(user, 50);
    await measureGate(api.db, user, option("calls", 2000));
    await measureWrites(api.db, ids, option("writes", 2000));
    await measureReads(api, flows, user, option("requests", 1500));
    await measureHits(api, flows, option("requests", 1500));
  }, { app: { checkResponses: false } });
}

async function createFlows(user: ApiUser, count: number): Promise<string[]> {
  const nodes = Array.from({ length: 20 }, (_, n) => ({
    id: `n${n}`,
    type: n === 0 ? "trigger.manual" : "action.transform",
    position: { x: n * 100, y: 0 },
    data: { config: n === 0 ? {} : { input: { value: n } } },
  }));
  const edges = nodes.slice(1).map((node, n) => ({ id: `e${n}`, source: `n${n}`, target: node.id }));
  const ids: string[] = [];
  for (let n = 0; n < count; n++) {
    const { body } = await user.post<{ id: string }>("/flows", { name: `Flow ${n}`, graph: { nodes, edges } });
    if (body.id === undefined) throw new Error(JSON.stringify(body));
    ids.push(body.id);
  }
  return ids;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

async function measureGate(db: TestDatabase, user: ApiUser, calls: number): Promise<void> {
  const sql = postgres(db.url, { max: 1, onnotice: () => {} });
  const claims = JSON.stringify({ sub: user.id, role: "authenticated", aal: "aal1" });
  const texts = {
    "without": "select public.gate('read', $1, 'listFlows')",
    "with a generation": "select public.gate('read', $1, 'listFlows', 'flows')",
  };
  const spent: Record<string, number[]> = { "without": [], "with a generation": [] };
  const [session] = await sql`select pg_backend_pid() as pid`;
  const turn = 20;
  for (let round = -3; round < calls / turn; round++) {
    const ways = Object.entries(texts);
    for (const [way, text] of round % 2 === 0 ? ways : ways.toReversed()) {
      const before = cpuMicrosecondsOf(session!["pid"]);
      for (let n = 0; n < turn; n++) {
        await sql.begin(async (transaction) => {
          await transaction.unsafe(
            "select set_config('role', 'authenticated', true), set_config('request.jwt.claims', $1, true)",
            [claims],
            { prepare: true },
          );
          await transaction.unsafe(text, [user.organizationId], { prepare: true });
        });
      }
      if (round >= 0) spent[way]?.push((cpuMicrosecondsOf(session!["pid"]) - before) / turn);
    }
  }
  await sql.end();
  console.log("\n| the gate's transaction | CPU µs |\n| --- | ---: |");
  for (const [way, values] of Object.entries(spent)) console.log(`| ${way} | ${median(values).toFixed(0)} |`);
}

/** What a change could do instead of taking a row that nobody holds: wait for the one row of the organization. */
const ONE_ROW = `
  create or replace function private.bump_generation_of(p_organization_id uuid, p_kind text) returns void
  language plpgsql set search_path = '' as $$
  begin
    update private.generations g set generation = random(-9223372036854775808, 9223372036854775807)
    where g.id = (select min(o.id::text)::uuid from private.generations o
      where o.organization_id = p_organization_id and o.kind = p_kind);
  end;
  $$`;

async function measureWrites(db: TestDatabase, ids: readonly string[], writes: number): Promise<void> {
  const [{ text: rows }] = await db.sql<[{ text: string }]>`
    select pg_get_functiondef('private.bump_generation_of(uuid,text)'::regprocedure) as text`;
  const ways: Record<string, () => Promise<unknown>> = {
    "no generations": () => setTriggers(db, "disable"),
    "a row that nobody holds": async () => {
      await setTriggers(db, "enable");
      await db.sql.unsafe(rows);
    },
    "one row for all": async () => {
      await setTriggers(db, "enable");
      await db.sql.unsafe(ONE_ROW);
    },
  };
  console.log("\n| rename a flow of one organization | writers | CPU µs | WAL bytes | a second | generation rows |");
  console.log("| --- | ---: | ---: | ---: | ---: | ---: |");
  for (const writers of [1, 8]) {
    const results: Record<string, Written[]> = {};
    for (let round = 0; round < 5; round++) {
      const order = Object.entries(ways);
      for (const [way, prepare] of round % 2 === 0 ? order : order.toReversed()) {
        await prepare();
        (results[way] ??= []).push(await write(db, ids, writers, writes));
      }
    }
    for (const [way, list] of Object.entries(results)) {
      const cells = (["cpu", "wal", "rate"] as const).map((key) => median(list.map((one) => one[key])).toFixed(0));
      const [row] = await db.sql`select count(*)::int as n from private.generations where kind = 'flows'`;
      console.log(`| ${way} | ${writers} | ${cells.join(" | ")} | ${row?.n} |`);
    }
  }
  await ways["a row that nobody holds"]?.();
}

async function setTriggers(db: TestDatabase, verb: "enable" | "disable"): Promise<void> {
  await db.sql.unsafe(`alter table public.flows ${verb} trigger generation_after_update`);
}

interface Written {
  /** Microseconds of the sessions, a change. */
  cpu: number;
  wal: number;
  rate: number;
}

/** Each change is a transaction that goes on for a while after it, as business transactions do. */
async function write(db: TestDatabase, ids: readonly string[], writers: number, writes: number): Promise<Written> {
  const sql = postgres(db.url, { max: writers, onnotice: () => {} });
  const sessions = await Promise.all(Array.from({ length: writers }, () => sql.reserve()));
  const pids: number[] = [];
  for (const session of sessions) pids.push((await session`select pg_backend_pid() as pid`)[0]!["pid"]);
  const wal = async () => {
    const [row] = await db.sql`select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 as n`;
    return row!["n"] as number;
  };
  const run = async (count: number) => {
    let next = 0;
    await Promise.all(sessions.map(async (session, writer) => {
      for (let n = next++; n < count; n = next++) {
        await session`begin`;
        // Each writer has flows of its own: nothing but the generation is common to them.
        await session`update public.flows set name = ${`N${n}`} where id = ${ids[writer + 8 * (n % 6)] ?? ""}`;
        await session`select 1`;
        await session`commit`;
      }
    }));
  };
  await run(writers * 20);
  const before = { cpu: pids.map(cpuMicrosecondsOf), wal: await wal(), at: performance.now() };
  await run(writes);
  const seconds = (performance.now() - before.at) / 1000;
  const cpu = pids.map(cpuMicrosecondsOf).reduce((sum, used, index) => sum + used - (before.cpu[index] ?? 0), 0);
  const written = { cpu: cpu / writes, wal: (await wal() - before.wal) / writes, rate: writes / seconds };
  for (const session of sessions) session.release();
  await sql.end();
  return written;
}

async function sessionsOf(db: TestDatabase): Promise<number[]> {
  const rows = await db.sql<{ pid: number }[]>`
    select pid from pg_stat_activity where datname = current_database() and backend_type = 'client backend'`;
  return rows.map(({ pid }) => pid);
}

async function measureReads(api: TestApi, flows: Router, user: ApiUser, requests: number): Promise<void> {
  const counted = { calls: 0 };
  const kept = new Map<string, Response>();
  const project: typeof fetch = async (input, init) => {
    counted.calls++;
    return await api.fetch(input, init);
  };
  // The database at hand: what is left is what the function itself does.
  const atHand: typeof fetch = async (input, init) => {
    counted.calls++;
    const key = `${input instanceof Request ? input.url : input} ${init?.body ?? ""}`;
    const found = kept.get(key) ?? await api.fetch(input, init);
    kept.set(key, found.clone());
    return found;
  };
  const [{ id }] = (await user.get<{ data: [{ id: string }] }>("/flows?limit=1")).body.data;
  const headers = { authorization: `Bearer ${user.token}` };
  console.log("\n| request | from | calls | function alone, CPU µs | all on this machine, CPU µs | bytes |");
  console.log("| --- | --- | ---: | ---: | ---: | ---: |");
  for (const path of ["/flows?limit=50", `/flows/${id}`]) {
    for (const way of ["query", "memory", "memory, 304", "generation, 304"] as const) {
      // The ETag of one flow is its row's version, which says no generation.
      if (way === "generation, 304" && path !== "/flows?limit=50") continue;
      const cells: number[] = [];
      let bytes = 0;
      for (const fetchOf of [atHand, project]) {
        const env = { ...api.env, release: "bench" };
        const replies = way === "memory" || way === "memory, 304" ? {} : { replies: null };
        const make = (more = {}) => createApp("flows", flows, { env, fetch: fetchOf, write: () => {}, ...more });
        const warm = make();
        const first = await warm.fetch(new Request(`http://project.test${path}`, { headers }));
        await first.text();
        const tag = first.headers.get("etag") ?? "";
        const asked = way.endsWith("304") ? { ...headers, "if-none-match": tag } : headers;
        const app = way === "query" ? make(replies) : way === "generation, 304" ? make() : warm;
        const ask = async () => {
          const response = await app.fetch(new Request(`http://project.test${path}`, { headers: asked }));
          bytes = (await response.arrayBuffer()).byteLength;
        };
        for (let n = 0; n < 50; n++) await ask();
        const sessions = await sessionsOf(api.db);
        const pids = [Deno.pid, ...sessions];
        const before = pids.map(cpuMicrosecondsOf);
        counted.calls = 0;
        for (let n = 0; n < requests / 3; n++) await ask();
        const used = pids.map(cpuMicrosecondsOf).reduce((sum, now, index) => sum + now - (before[index] ?? 0), 0);
        cells.push(used / (requests / 3));
      }
      const name = path === "/flows?limit=50" ? "GET /flows, 50 of them" : "GET /flows/:id, 20 nodes";
      const [alone, all] = cells.map((value) => value.toFixed(0));
      console.log(`| ${name} | ${way} | ${counted.calls / (requests / 3)} | ${alone} | ${all} | ${bytes} |`);
    }
  }
}

/** Readers who open lists and flows, the popular ones more often, through three isolates; some of them write. */
async function measureHits(api: TestApi, flows: Router, requests: number): Promise<void> {
  console.log("\n| reads for each write | readers send ETags | requests | no query | of it 304 by generation | 304 |");
  console.log("| ---: | --- | ---: | ---: | ---: | ---: |");
  for (const perWrite of [1000, 100, 20, 5]) {
    for (const sendsTags of [false, true]) {
      const user = await api.createUser();
      const member = await api.createMember(user.organizationId, "developer");
      const ids = await createFlows(user, 10);
      const apps = Array.from(
        { length: 3 },
        () => createApp("flows", flows, { env: { ...api.env, release: "bench" }, fetch: api.fetch, write: () => {} }),
      );
      const counts = { none: 0, matched: 0, notModified: 0 };
      const tags = new Map<string, string>();
      let random = 42;
      const draw = (below: number) => (random = (random * 1_103_515_245 + 12_345) % 2_147_483_648) % below;
      for (let n = 0; n < requests; n++) {
        if (n % perWrite === perWrite - 1) {
          await api.db.sql`update public.flows set name = ${`N${n}`} where id = ${ids[draw(10)] ?? ""}`;
        }
        const caller = draw(2) === 0 ? user : member;
        const path = draw(2) === 0 ? "/flows" : `/flows/${ids[Math.min(draw(10), draw(10))]}`;
        const key = `${caller.id} ${path}`;
        const tag = sendsTags ? tags.get(key) : undefined;
        const headers = {
          authorization: `Bearer ${caller.token}`,
          ...(tag === undefined ? {} : { "if-none-match": tag }),
        };
        const response = await apps[draw(3)]!.fetch(new Request(`http://project.test${path}`, { headers }));
        await response.arrayBuffer();
        tags.set(key, response.headers.get("etag") ?? "");
        const status = response.headers.get("cache-status") ?? "";
        if (status.startsWith("millrace; hit")) counts.none++;
        if (status.endsWith("generation")) counts.matched++;
        if (response.status === 304) counts.notModified++;
      }
      const share = (count: number) => `${(100 * count / requests).toFixed(1)} %`;
      const cells = [share(counts.none), share(counts.matched), share(counts.notModified)];
      console.log(`| ${perWrite} | ${sendsTags ? "yes" : "no"} | ${requests} | ${cells.join(" | ")} |`);
    }
  }
}
