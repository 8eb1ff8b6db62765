import postgres from "postgres";
import { withDatabase } from "../tests/helpers/postgres.ts";
await withDatabase(async (db) => {
  await db.sql.unsafe("alter system set track_functions='all'"); await db.sql.unsafe("select pg_reload_conf()"); await new Promise(r=>setTimeout(r,200)); const sql = postgres(db.url, { max: 1, onnotice: () => {}, fetch_types: false, prepare: Deno.args[0] === "p" });
  const j = JSON.stringify([{ type: "system.noop", payload: { n: 1 } }]);
  const run = async (n: number) => { const t = performance.now(); for (let i = 0; i < n; i++) await sql.unsafe("select engine.enqueue_jobs($1::text::jsonb) as r", [j]); return (performance.now() - t) / n; };
  await run(300);
  await sql.unsafe("select pg_stat_reset()");
  const runs = []; for (let i = 0; i < 5; i++) runs.push(await run(400));
  const ins = async (n: number) => { const t = performance.now(); for (let i = 0; i < n; i++) await sql.unsafe("insert into public.job_queue (organization_id, type, payload) values ($1::text::uuid, 'system.noop', '{\"n\":1}')", [crypto.randomUUID()]); return (performance.now() - t) / n; };
  console.log("enqueue ms", runs.map((x) => x.toFixed(3)).join(" "), "insert", (await ins(400)).toFixed(3), (await ins(400)).toFixed(3));
  await new Promise((r) => setTimeout(r, 1500));
  console.log((await sql`select funcname, calls, round((total_time/calls*1000)::numeric,1) us, round((self_time/calls*1000)::numeric,1) self from pg_stat_user_functions order by self_time desc limit 8`).map(r=>JSON.stringify(r)).join("\n"));
  await sql.end();
});
