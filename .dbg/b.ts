import postgres from "postgres";
import { withDatabase } from "../tests/helpers/postgres.ts";
await withDatabase(async (db) => {
  const sql = postgres(db.url, { max: 4, onnotice: () => {}, fetch_types: false, prepare: true });
  await sql.unsafe("alter system set track_functions='pl'"); await sql.unsafe("select pg_reload_conf()");
  const w = crypto.randomUUID();
  const call = async (name: string, ...a: unknown[]) => (await sql.unsafe(`select engine.${name} as r`, a as string[]))[0]!.r;
  const jobs1000 = JSON.stringify(Array.from({ length: 1000 }, (_, n) => ({ type: "system.noop", payload: { n } })));
  for (let round = 0; round < 4; round++) {
    let t = performance.now();
    for (let i = 0; i < 20; i++) await call("enqueue_jobs($1::text::jsonb)", jobs1000);
    const enq = performance.now() - t;
    t = performance.now();
    for (let i = 0; i < 300; i++) await call("enqueue_jobs($1::text::jsonb)", JSON.stringify([{ type: "system.noop", payload: { n: 1 } }]));
    const one = (performance.now() - t) / 300;
    await sql.unsafe("select pg_stat_reset()");
    let claimMs = 0, finMs = 0, n = 0;
    const t0 = performance.now();
    const wal0 = (await sql`select pg_current_wal_lsn() as l`)[0]!.l;
    for (;;) {
      let t = performance.now();
      const jobs = await call("claim_jobs($1::text::uuid, 500)", w);
      claimMs += performance.now() - t;
      if (jobs.length === 0) break; const L = jobs[0];
      n += L.jobs.length;
      t = performance.now();
      await call("finish_jobs($1::text::uuid, $2::text::jsonb)", w, Deno.args[0] ? JSON.stringify(L.jobs.map((j: any) => ({ lease: L.lease, job: j, outcome: "completed", keep: false, busy_ms: 1 }))) : JSON.stringify([{lease: L.lease, busy_ms: 5}]));
      finMs += performance.now() - t;
    }
    const total = performance.now() - t0;
    const wal = (await sql`select pg_current_wal_lsn() - ${wal0}::pg_lsn as l`)[0]!.l;
    console.log({ enq1000PerS: 20000 / enq * 1000 | 0, oneMs: one, drainPerS: n / total * 1000 | 0, n, claimMs, finMs, walPerJob: Number(wal) / n });
  }
  await new Promise((r) => setTimeout(r, 1500));
  console.log(await sql`select funcname, calls, round(total_time::numeric,1) total, round(self_time::numeric,1) self from pg_stat_user_functions order by self_time desc limit 14`);
  await sql.end();
});
