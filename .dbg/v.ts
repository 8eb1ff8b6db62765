import postgres from "postgres";
import { withDatabase } from "../tests/helpers/postgres.ts";
await withDatabase(async (db) => {
  const sql = postgres(db.url, { max: 1, onnotice: () => {}, fetch_types: false });
  const variants: Record<string, string> = {
    delete_only: `with t as (delete from public.job_queue j where j.id = any($1::text::uuid[]) returning j.*) select count(*) from t`,
    jsonb: `with t as (delete from public.job_queue j where j.id = any($1::text::uuid[]) returning j.*) select length(jsonb_agg(jsonb_build_object('lease', $2::text, 'job', t.id, 'type', t.type, 'organization_id', t.organization_id, 'payload', t.payload,
      'attempt', t.attempts + 1, 'max_attempts', t.max_attempts, 'priority', t.priority, 'scheduled_for', t.scheduled_for,
      'created_at', t.created_at))::text) from t`,
    json: `with t as (delete from public.job_queue j where j.id = any($1::text::uuid[]) returning j.*) select length(json_agg(json_build_object('lease', $2::text, 'job', t.id, 'type', t.type, 'organization_id', t.organization_id, 'payload', t.payload,
      'attempt', t.attempts + 1, 'max_attempts', t.max_attempts, 'priority', t.priority, 'scheduled_for', t.scheduled_for,
      'created_at', t.created_at))::text) from t`,
    jsonarr: `with t as (delete from public.job_queue j where j.id = any($1::text::uuid[]) returning j.*) select length(json_agg(json_build_array(t.id, t.type, t.organization_id, t.payload, t.attempts + 1, t.max_attempts, t.priority, extract(epoch from t.scheduled_for),  extract(epoch from t.created_at)))::text) from t`,
    concat: `with t as (delete from public.job_queue j where j.id = any($1::text::uuid[]) returning j.*) select length(string_agg('{"job":"'||t.id||'","type":'||to_json(t.type)||',"organization_id":"'||t.organization_id||'","payload":'||coalesce(t.payload::text,'null')||',"attempt":'||t.attempts+1||',"max_attempts":'||t.max_attempts||'}', ',')) from t`,
    small: `with t as (delete from public.job_queue j where j.id = any($1::text::uuid[]) returning j.*) select length(json_agg(json_build_object('job', t.id, 'type', t.type, 'payload', t.payload, 'attempt', t.attempts + 1))::text) from t`,
    delete_ctid: `with t as (delete from public.job_queue j where j.ctid = any($2::text::tid[]) and $1::text is not null returning j.*) select count(*) from t`,
    arrays: `with t as (delete from public.job_queue j where j.id = any($1::text::uuid[]) returning j.*) select cardinality(array_agg(id)), cardinality(array_agg(organization_id)), cardinality(array_agg(type)), cardinality(array_agg(payload)), cardinality(array_agg(scheduled_for)), cardinality(array_agg(created_at)) from t`,
  };
  const best: Record<string, number> = {};
  for (let r = 0; r < 12; r++) for (const [name, text] of Object.entries(variants)) {
    await sql`insert into public.job_queue (organization_id, type, payload) select ${crypto.randomUUID()}, 'system.noop', '{"n": 1}' from generate_series(1, 500)`;
    const ids = (await sql`select id, ctid::text from public.job_queue`);
    const t = performance.now();
    await sql.unsafe(text, ["{" + ids.map((i) => i.id).join(",") + "}", name === "delete_ctid" ? "{" + ids.map((i) => `"${i.ctid}"`).join(",") + "}" : "x"].slice(0, text.includes("$2") ? 2 : 1));
    best[name] = Math.min(best[name] ?? 1e9, (performance.now() - t) * 2);
    await sql`delete from public.job_queue`;
  }
  console.log("µs a job", best);
  await sql.end();
});
