/**
 * What the audit log costs: changes of one tenant by many writers with and without it, in CPU, WAL and rate; and what
 * sealing and verifying many rows takes.
 *
 * @module
 */
import type postgres from "postgres";
import { requestProof, requestProofKey, signAudit } from "../../shared/audit/mod.ts";
import { toHex } from "../../shared/bytes/mod.ts";
import type { Router } from "../../shared/http/mod.ts";
import { verifyAudit } from "../../supabase/tools/_verify_audit.ts";
import { withApi } from "../helpers/api.ts";
import { createDatabase, startPostgres, type TestDatabase } from "../helpers/postgres.ts";
import { auditEnv, serviceClient } from "../sql/_audit.ts";
import { cpuOfPostgres, parentOf } from "./_cpu.ts";

/** Loaded as the platform loads a function: nothing else imports one. */
async function loadFlows(): Promise<Router> {
  return (await import(new URL("../../functions/flows/router.ts", import.meta.url).href)).router;
}

/** Runs the benchmark: `deno task bench audit [--writers=8] [--writes=4000] [--requests=600] [--rounds=3] [--rows=1000000]`. */
export async function main(args: string[]): Promise<void> {
  const option = (name: string, otherwise: number) =>
    Number(args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3) ?? otherwise);
  const server = await startPostgres({ private: true, settings: { max_wal_size: "8GB" } });
  const db = await createDatabase({ server, connections: option("writers", 8) });
  try {
    const [row] = await db.sql`select pg_backend_pid() as pid`;
    const postmaster = parentOf(row!["pid"]);
    await db.sql`select engine.ensure_partitions(1)`;
    await compareWrites(db, postmaster, option("writes", 4000), option("rounds", 3));
    await compareRequests(option("writers", 8), option("requests", 600), option("rounds", 3) * 3);
    await measureSeals(db, postmaster, option("rows", 1_000_000));
  } finally {
    await db.drop();
    await server.stop();
  }
}

interface Tenant {
  claims: Record<string, unknown>;
  organizationId: string;
  /** The headers with which our functions call, with the proof that it is them. */
  headers: string;
}

const SECRET = "sb_secret_bench";

async function provenHeaders(db: TestDatabase): Promise<string> {
  await db.sql`select engine.set_request_proof_key(${toHex(await requestProofKey(SECRET))})`;
  const facts = { requestId: crypto.randomUUID(), ip: "192.0.2.1", agent: "Mozilla/5.0 (X11; Linux x86_64)" };
  return JSON.stringify({
    "user-agent": "bench",
    "x-request-id": facts.requestId,
    "x-millrace-ip": facts.ip,
    "x-millrace-agent": facts.agent,
    "x-millrace-proof": await requestProof(SECRET, facts),
  });
}

async function compareWrites(db: TestDatabase, postmaster: number, writes: number, rounds: number): Promise<void> {
  const user = await db.createUser();
  const [gate] = await db.as("authenticated", user.claims, (sql) => sql`select public.gate() as reply`);
  const tenant = {
    claims: user.claims,
    organizationId: gate!["reply"].organization_id as string,
    headers: await provenHeaders(db),
  };
  const flow = async (sql: postgres.Sql | postgres.TransactionSql, name: string) => {
    const [made] = await sql`
      select public.create_flow(${tenant.organizationId}, ${name}, ${sql.json(GRAPH as never)}) as reply`;
    return made!["reply"].id as string;
  };
  const ids: string[] = [];
  await db.sql`update public.plans set max_flows = 1000000`;
  for (let i = 0; i < 64; i++) ids.push(await db.as("authenticated", user.claims, (sql) => flow(sql, `Flow ${i}`)));
  console.log("| request: gate and change | audit | a second | CPU µs | WAL bytes | audit rows |");
  console.log("| --- | --- | ---: | ---: | ---: | ---: |");
  const changes: Record<string, (sql: postgres.TransactionSql, i: number) => Promise<unknown>> = {
    "rename a flow": (sql, i) => sql`select public.save_flow(${ids[i % 64]!}, p_name => ${`Name ${i}`})`,
    "save a new graph": (sql, i) =>
      sql`select public.save_flow(${ids[i % 64]!}, p_graph => ${
        sql.json({ ...GRAPH, name: `${i}`, nodes: [node(i)] } as never)
      })`,
    "create a flow": (sql, i) => flow(sql, `New ${i}`),
  };
  for (const [name, change] of Object.entries(changes)) {
    const results: Record<string, Measured[]> = { without: [], with: [] };
    for (let round = 0; round < rounds; round++) {
      for (const audit of round % 2 === 0 ? ["without", "with"] : ["with", "without"]) {
        const verb = audit === "with" ? "enable always" : "disable";
        await db.sql.unsafe(`alter table public.flows ${verb} trigger audit`);
        results[audit]!.push(await measure(db, postmaster, tenant, writes, change));
      }
    }
    for (const [audit, list] of Object.entries(results)) {
      const median = (key: keyof Measured) => list.map((one) => one[key]).sort((a, b) => a - b)[list.length >> 1]!;
      const cells = [median("rate"), median("cpu"), median("wal"), median("rows")].map((value) =>
        value.toFixed(value < 10 ? 1 : 0)
      );
      console.log(`| ${name} | ${audit} | ${cells.join(" | ")} |`);
    }
  }
}

/** What the writers of a tenant lose: whole requests over the functions, with and without the audit log, by turns. */
async function compareRequests(writers: number, requests: number, rounds: number): Promise<void> {
  await withApi([await loadFlows()], async (api) => {
    const user = await api.createUser();
    await api.db.sql`update public.organizations set plan_id = 'enterprise' where id = ${user.organizationId}`;
    await api.db.sql`update public.plans set requests_per_minute = 10000000, request_burst = 10000000,
      organization_requests_per_minute = 10000000, organization_request_burst = 10000000`;
    const ids = await Promise.all(Array.from({ length: 64 }, async (_, i) => {
      const { body } = await user.post<{ id: string }>("/flows", { name: `Flow ${i}`, graph: GRAPH });
      return body.id;
    }));
    const rates: Record<"with" | "without", number[]> = { with: [], without: [] };
    for (let round = 0; round <= rounds; round++) {
      for (const audit of round % 2 === 0 ? ["without", "with"] as const : ["with", "without"] as const) {
        await api.db.sql.unsafe(
          `alter table public.flows ${audit === "with" ? "enable always" : "disable"} trigger audit`,
        );
        const started = performance.now();
        let next = 0;
        await Promise.all(Array.from({ length: writers }, async () => {
          for (let i = next++; i < requests; i = next++) {
            const { status } = await user.patch(`/flows/${ids[i % 64]}`, { name: `Name ${round} ${audit} ${i}` });
            if (status !== 200) throw new Error(`A change was answered with ${status}`);
          }
        }));
        // The first round is for plans and caches.
        if (round > 0) rates[audit].push(requests / (performance.now() - started) * 1000);
      }
    }
    const median = (list: number[]) => list.toSorted((a, b) => a - b)[list.length >> 1]!;
    const [plain, audited] = [median(rates.without), median(rates.with)];
    console.log(
      `\nPATCH /flows/:id, ${writers} writers of one tenant, requests a second, medians of ${rounds} rounds in turn: ` +
        `${plain.toFixed(0)} without, ${audited.toFixed(0)} with: ${((1 - audited / plain) * 100).toFixed(1)} % lost`,
    );
  });
}

const node = (i: number) => ({
  id: "start",
  type: "trigger.manual",
  position: { x: 0, y: 0 },
  data: { label: `n${i}` },
});
const GRAPH = { nodes: Array.from({ length: 20 }, (_, i) => ({ ...node(i), id: `n${i}` })), edges: [] };

/** A transaction as the Data API makes it for a call of our functions. */
function call(db: TestDatabase, tenant: Tenant, work: (sql: postgres.TransactionSql) => Promise<unknown>) {
  return db.as("authenticated", tenant.claims, async (sql) => {
    await sql`select set_config('request.headers', ${tenant.headers}, true)`;
    await work(sql);
  });
}

interface Measured {
  rate: number;
  cpu: number;
  wal: number;
  rows: number;
}

async function measure(
  db: TestDatabase,
  postmaster: number,
  tenant: Tenant,
  writes: number,
  change: (sql: postgres.TransactionSql, i: number) => Promise<unknown>,
): Promise<Measured> {
  const state = async () => {
    const [row] = await db.sql`
      select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 as wal, (select count(*) from public.audit_events)::float8 as n`;
    return { wal: row!["wal"] as number, rows: row!["n"] as number };
  };
  await db.sql`checkpoint`;
  const before = await state();
  const [cpu, started] = [cpuOfPostgres(postmaster), performance.now()];
  let next = 0;
  const writers = Array.from({ length: db.sql.options.max }, async () => {
    for (let i = next++; i < writes; i = next++) {
      // As every request does: the gate first, then the change.
      await call(db, tenant, (sql) => sql`select public.gate('write', ${tenant.organizationId})`);
      await call(db, tenant, (sql) => change(sql, i));
    }
  });
  await Promise.all(writers);
  const seconds = (performance.now() - started) / 1000;
  const used = cpuOfPostgres(postmaster) - cpu;
  const after = await state();
  return {
    rate: writes / seconds,
    cpu: used * 1e6 / writes,
    wal: (after.wal - before.wal) / writes,
    rows: (after.rows - before.rows) / writes,
  };
}

async function measureSeals(db: TestDatabase, postmaster: number, rows: number): Promise<void> {
  console.log(`\n| ${rows} rows of one tenant | seconds | CPU s of Postgres | rows a CPU second |`);
  console.log("| --- | ---: | ---: | ---: |");
  const organization = crypto.randomUUID();
  const step = async (name: string, work: () => Promise<unknown>) => {
    const [cpu, started] = [cpuOfPostgres(postmaster), performance.now()];
    await work();
    const used = cpuOfPostgres(postmaster) - cpu;
    const cells = [(performance.now() - started) / 1000, used, rows / used].map((value) =>
      value.toFixed(value < 100 ? 1 : 0)
    );
    console.log(`| ${name} | ${cells.join(" | ")} |`);
  };
  const size = 20_000;
  await step("write", async () => {
    for (let first = 1; first <= rows; first += size) {
      await db.sql`
        insert into public.audit_events
          (organization_id, actor, user_id, auth, via, ip, agent, request_id, action, target_type, target_id, before, after)
        select ${organization}, 'user', ${organization}, 'jwt', 'function', '192.0.2.1',
          'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36', gen_random_uuid()::text, 'flow.updated', 'flow',
          gen_random_uuid()::text, json_build_object('name', 'Flow ' || i, 'current_version_id', gen_random_uuid()),
          json_build_object('name', 'Flow ' || i, 'current_version_id', gen_random_uuid())
        from generate_series(${first}::int, ${Math.min(first + size - 1, rows)}::int) i`;
    }
  });
  await db.sql`vacuum analyze public.audit_events`;
  await step("seal", async () => {
    while ((await db.sql`select private.seal_audit_rows() as reply`)[0]!["reply"].more);
  });
  await step("sign", () => signAudit(serviceClient(db), auditEnv()));
  await step("verify", async () => {
    const report = await verifyAudit(db.sql, { organizationId: organization });
    if (report.faults.length > 0 || report.rows !== rows) console.log(JSON.stringify(report));
  });
}
