/**
 * A few rows in every table of the first migration, so that later migrations are tried on a database in use.
 *
 * @module
 */
import type postgres from "postgres";

const USER = "0192f0c0-0000-7000-8000-000000000001";
const ORGANIZATION = "0192f0c0-0000-7000-8000-000000000002";
const WORKSPACE = "0192f0c0-0000-7000-8000-000000000003";
const FLOW = "0192f0c0-0000-7000-8000-000000000004";
const VERSION = "0192f0c0-0000-7000-8000-000000000005";
const RUN = "0192f0c0-0000-7000-8000-000000000006";
const WORKER = "0192f0c0-0000-7000-8000-000000000007";
const ENDPOINT = "0192f0c0-0000-7000-8000-000000000008";

/** Only columns of the first migration are named: this text must go on working on its schema. */
const SAMPLE = `
insert into auth.users (id, aud, role, email) values ('${USER}', 'authenticated', 'authenticated', 'ada@example.com');
insert into public.profiles (id, email) values ('${USER}', 'ada@example.com');
insert into public.organizations (id, name, slug, created_by) values ('${ORGANIZATION}', 'Ada''s', 'adas', '${USER}');
insert into public.organization_members (organization_id, user_id, role) values ('${ORGANIZATION}', '${USER}', 'owner');
insert into public.workspaces (id, organization_id, name, is_default)
  values ('${WORKSPACE}', '${ORGANIZATION}', 'Default', true);
insert into public.flows (id, organization_id, workspace_id, name, description)
  values ('${FLOW}', '${ORGANIZATION}', '${WORKSPACE}', 'Orders', 'What comes in');
insert into public.flow_versions (id, organization_id, flow_id, number, graph, content_hash, plan_hash, timeout_seconds)
  values ('${VERSION}', '${ORGANIZATION}', '${FLOW}', 1, '{"nodes": [], "edges": []}', '\\x01', '\\x02', 60);
update public.flows set current_version_id = '${VERSION}' where id = '${FLOW}';
insert into private.flow_plans (organization_id, plan_hash, plan_version, plan) values ('${ORGANIZATION}', '\\x02', 1, '{}');
insert into public.runs (id, organization_id, flow_id, flow_version_id, status, trigger, input, deadline_at, started_at)
  values ('${RUN}', '${ORGANIZATION}', '${FLOW}', '${VERSION}', 'running', 'manual', '{"a": 1}', now() + '1 hour', now());
insert into public.run_steps (run_id, node_id, organization_id, status, output, started_at, finished_at)
  values ('${RUN}', 'first', '${ORGANIZATION}', 'completed', '{"b": 2}', now(), now());
insert into private.run_joins (run_id, node_id, live, dead) values ('${RUN}', 'join', '{0}', '{1}');
insert into private.workers (id, kind, expires_at) values ('${WORKER}', 'worker', now() + '30 seconds');
insert into private.worker_wakes default values;
insert into public.job_queue (organization_id, run_id, node_id) values ('${ORGANIZATION}', '${RUN}', 'second');
insert into public.webhook_endpoints (id, organization_id, flow_id, name, provider, slug)
  values ('${ENDPOINT}', '${ORGANIZATION}', '${FLOW}', 'Shop', 'stripe', 'abcdefghijklmnopqrst');
insert into private.webhook_secrets (endpoint_id, secret) values ('${ENDPOINT}', 'whsec_sample');
insert into public.webhook_events (organization_id, endpoint_id, event_key, status, method, headers, raw_body, run_id)
  values ('${ORGANIZATION}', '${ENDPOINT}', 'evt_1', 'accepted', 'POST', '{}', '{}', '${RUN}');
insert into private.settings (name, value) values ('functions_url', 'https://example.com');
insert into private.rate_limits (key, tat) values ('user:1', now());
insert into private.idempotency_keys (organization_id, operation, key, request_hash)
  values ('${ORGANIZATION}', 'create_flow', 'k', '\\x03');
`;

/**
 * Fills every table.
 *
 * @throws {Error} naming the tables that stayed empty: a new table of the first migration needs a line here
 */
export async function insertSampleData(sql: postgres.Sql): Promise<void> {
  await sql.unsafe(SAMPLE).simple();
  const empty = Object.entries(await readAllRows(sql)).filter(([, rows]) => rows.length === 0).map(([table]) => table);
  if (empty.length > 0) throw new Error(`Give the sample data rows for ${empty.join(", ")}`);
}

/** Every row of our tables as JSON text, sorted; partitions are read through their parent. */
export async function readAllRows(sql: postgres.Sql): Promise<Record<string, string[]>> {
  const tables = await sql<{ name: string }[]>`
    select format('%I.%I', n.nspname, c.relname) as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('public', 'engine', 'private') and c.relkind in ('r', 'p') and not c.relispartition
    order by 1
  `;
  const rows: Record<string, string[]> = {};
  for (const { name } of tables) {
    const found = await sql.unsafe<{ row: string }[]>(`select to_jsonb(t)::text as row from ${name} t`);
    rows[name] = found.map(({ row }) => row).sort();
  }
  return rows;
}
