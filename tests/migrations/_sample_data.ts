/**
 * A few rows in every table, so that later migrations are tried on a database in use.
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

const ENTITY = "0192f0c0-0000-7000-8000-000000000009";
const SCHEDULE = "0192f0c0-0000-7000-8000-00000000000a";

/** What later migrations brought: the tables of each, by one of them that tells whether it has run. */
const LATER: Record<string, string> = {
  "public.webhook_refusals": `
insert into public.webhook_refusals (organization_id, endpoint_id, reason, method, headers, body, body_bytes)
  values ('${ORGANIZATION}', '${ENDPOINT}', 'signature_mismatch', 'POST', '{}', '{}', 2);
insert into private.webhook_refusal_days (endpoint_id, day, refused) values ('${ENDPOINT}', '2026-11-20', 1);
`,
  "public.webhook_subscriptions": `
with s as (
  insert into public.webhook_subscriptions (organization_id, url, event_types)
    values ('${ORGANIZATION}', 'https://example.com/hooks', '{run.completed}') returning id
)
insert into private.webhook_subscription_secrets (subscription_id, kind, number, organization_id, envelope, key_id, last_four)
  select id, 'signing', 1, '${ORGANIZATION}', decode(repeat('00', 100), 'hex'), 'k1', 'abcd' from s;
insert into private.webhook_endpoint_states (subscription_id) select id from public.webhook_subscriptions;
insert into public.webhook_messages (organization_id, type, data) values ('${ORGANIZATION}', 'run.completed', '{}');
insert into public.webhook_deliveries (organization_id, subscription_id, message_id, type)
  select '${ORGANIZATION}', s.id, m.id, m.type from public.webhook_subscriptions s, public.webhook_messages m;
insert into public.webhook_attempts (delivery_id, number, organization_id, duration_ms, url, request_headers)
  select id, 1, '${ORGANIZATION}', 1, 'https://example.com/hooks', '{}' from public.webhook_deliveries;
insert into private.webhook_endpoint_stats (subscription_id, hour)
  select id, '2026-01-01T00:00:00Z' from public.webhook_subscriptions;
`,
  "public.api_keys": `
with k as (
  insert into public.api_keys (organization_id, name, mode, prefix, last_four, scopes)
    values ('${ORGANIZATION}', 'Key', 'live', 'mr_live_abcd', 'wxyz', '{flows:read}') returning id
)
insert into private.api_key_hashes (secret_hash, key_id) select sha256('key'), id from k;
`,
  "private.flags": `
insert into private.flags (name) values ('new_editor');
insert into private.flag_rules (flag, organization_id, is_on) values ('new_editor', '${ORGANIZATION}', true);
insert into private.api_pins (organization_id, version) values ('${ORGANIZATION}', '2026-11-01');
insert into private.api_usage (day, organization_id, version, operation, door)
  values ('2026-11-21', '${ORGANIZATION}', '2026-11-21', 'listFlows', 'flows');
`,
  "private.cache_usage": `
insert into private.cache_usage (day, operation) values ('2026-11-21', 'listFlows');
insert into private.generations (organization_id, kind, generation) values ('${ORGANIZATION}', 'flows', 1);
`,
  "private.run_regions": `
insert into private.run_regions (run_id, node_id, token_id, organization_id, closer, items, first, total, next, window_size,
  tolerate, more, body)
  select '${RUN}', 'split', id, '${ORGANIZATION}', 'collect', '[1]', 0, 1, 1, 1, 0, false, '{map}' from public.job_queue limit 1;
insert into private.run_signals (run_id, kind, name) values ('${RUN}', 'signal', 'paid');
insert into private.run_slots (limit_key, run_id, organization_id) values ('org:${ORGANIZATION}', '${RUN}', '${ORGANIZATION}');
insert into private.run_cancellations (run_id) values ('${RUN}');
insert into private.live_watchers (id, watched_until) values ('${RUN}', now());
insert into private.scratch_flows (organization_id, flow_id) values ('${ORGANIZATION}', '${FLOW}');
insert into private.run_stats_state (counted_to, looked_at) values ('${RUN}', '${RUN}') on conflict do nothing;
insert into private.run_stats_open (run_id, organization_id, flow_id, day, status)
  values ('${RUN}', '${ORGANIZATION}', '${FLOW}', current_date, 'running');
insert into public.run_stats_daily (organization_id, flow_id, day) values ('${ORGANIZATION}', '${FLOW}', current_date);
insert into public.flow_version_runs (flow_version_id, organization_id, flow_id, runs, first_run_at, last_run_at)
  values ('${VERSION}', '${ORGANIZATION}', '${FLOW}', 1, now(), now());
insert into public.bulk_operations (organization_id, action, filter, total, created_by)
  values ('${ORGANIZATION}', 'cancel', '{"status": "running"}', 1, '${USER}');
insert into public.entities (id, organization_id, flow_id, type, name)
  values ('${ENTITY}', '${ORGANIZATION}', '${FLOW}', 'customer', 'Ada');
insert into public.entity_moves (entity_id, number, organization_id, flow_id, to_node, reason, moved_at)
  values ('${ENTITY}', 1, '${ORGANIZATION}', '${FLOW}', 'first', 'created', now());
insert into public.flow_edge_stats (flow_id, from_node, to_node, organization_id, moves, total_seconds, last_at)
  values ('${FLOW}', 'first', 'second', '${ORGANIZATION}', 1, 5, now());
insert into public.schedules (id, organization_id, flow_id, name, cron)
  values ('${SCHEDULE}', '${ORGANIZATION}', '${FLOW}', 'Daily', '0 9 * * *');
insert into public.schedule_firings (schedule_id, scheduled_for, organization_id, outcome)
  values ('${SCHEDULE}', now(), '${ORGANIZATION}', 'skipped_missed');
`,
  "public.invitations": `
insert into public.invitations (organization_id, email, role, expires_at, created_by)
  values ('${ORGANIZATION}', 'bob@example.com', 'viewer', now() + interval '7 days', '${USER}');
insert into private.invitation_tokens (token_hash, invitation_id) select sha256('token'), id from public.invitations;
insert into private.organization_removals (organization_id) values (gen_random_uuid());
`,
  "private.job_leases": `
insert into private.job_leases (worker_id, job_ids, organization_ids, types, payloads, attempts, max_attempts, priorities,
  due, created, started_at) values ('${WORKER}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', now());
insert into private.job_slots (limit_key, job_id, lease_id) values ('${ORGANIZATION}:k', '${RUN}', '${RUN}');
insert into private.job_states (job_id, organization_id) values ('${RUN}', '${ORGANIZATION}');
insert into private.job_counts (minute, organization_id, type, worker_id) values (now(), '${ORGANIZATION}', 't', '${WORKER}');
insert into private.job_turns (organization_id, virtual_time) values ('${ORGANIZATION}', 1);
insert into public.job_history (id, organization_id, type, status, priority, attempts, max_attempts, scheduled_for, created_at,
  completed_at) values ('${RUN}', '${ORGANIZATION}', 't', 'completed', 100, 1, 8, now(), now(), now());
`,
  "private.change_triggers": `
insert into private.change_triggers (organization_id, flow_id, name, operations)
  values ('${ORGANIZATION}', '${FLOW}', 'default', '{insert}');
insert into private.change_skips (change_id, reason, skipped)
  select id, 'flow_inactive', 1 from private.change_triggers;
`,
  "public.run_archives": `
insert into public.run_archives (organization_id, week, part, path, runs, lines, bytes, raw_bytes, sha256, first_run_id,
  last_run_id, member_offsets, member_run_ids)
  values ('${ORGANIZATION}', '2026-11-16', 1, 'runs/1', 1, 1, 1, 1, repeat('a', 64), '${RUN}', '${RUN}', '{0}', '{${RUN}}');
insert into private.run_archive_weeks (organization_id, week) values ('${ORGANIZATION}', '2026-11-16');
insert into private.plan_downgrades (organization_id, plan_id, until) values ('${ORGANIZATION}', 'pro', now());
insert into private.partition_rewrites (kind, week) values ('runs', '2026-11-16');
insert into private.partition_expired (kind, week, organization_id, ended_before)
  values ('runs', '2026-11-16', '${ORGANIZATION}', now());
insert into private.partition_changes (kind, week, id) values ('runs', '2026-11-16', '${RUN}');
`,
  // The trigger of a table that the samples write to has given the log its rows, where it was there before them.
  "public.audit_events": `
insert into public.audit_events (organization_id, actor, auth, via, action, target_type)
  values ('${ORGANIZATION}', 'system', 'sql', 'sql', 'sample.made', 'sample');
select private.seal_audit_rows();
insert into private.audit_turns (key, since) values ('key', now());
insert into private.audit_sealed_ahead (tx, id) values ('1', '${RUN}');
insert into private.audit_keys (id, public_key) values (repeat('a', 43), '{"kty": "OKP", "crv": "Ed25519", "x": "a"}');
`,
  "private.provider_breakers": `
insert into private.provider_breakers (key, calls, failures, opened_at, open_until)
  values ('email:resend', 10, 9, now(), now() + interval '5 seconds');
`,
  "private.system_tasks": `
insert into private.system_task_runs (name, status, trigger, error, started_at, finished_at)
  values ('leases', 'failed', 'cron', '{"code": "internal"}', now(), now());
insert into private.system_alerts (task, failures, error) values ('leases', 1, '{"code": "internal"}');
insert into public.usage_hourly (organization_id, hour, runs_started) values ('${ORGANIZATION}', date_trunc('hour', now()), 1);
insert into public.analytics_daily (organization_id, flow_id, day, runs, completed, failed, cancelled, compensated,
  compensation_failed, unfinished) values ('${ORGANIZATION}', '${FLOW}', current_date, 1, 1, 0, 0, 0, 0, 0);
insert into private.digests (organization_id, day, job_id) values ('${ORGANIZATION}', current_date, '${RUN}');
insert into private.digest_opt_outs (organization_id, user_id) values ('${ORGANIZATION}', '${USER}');
`,
  "public.secrets": `
insert into public.secrets (id, organization_id, name, created_by) values ('${RUN}', '${ORGANIZATION}', 'API_KEY', '${USER}');
insert into private.secret_versions (secret_id, number, organization_id, envelope, key_id, created_by)
  values ('${RUN}', 1, '${ORGANIZATION}', decode('01026b31' || repeat('00', 100), 'hex'), 'k1', '${USER}');
insert into private.secret_accesses (organization_id, secret_id, number, kind, run_id, node_id, minute)
  values ('${ORGANIZATION}', '${RUN}', 1, 'run', '${RUN}', 'first', date_trunc('minute', now()));
insert into private.secret_notices (secret_id, kind, due_at, days_before, organization_id)
  values ('${RUN}', 'expiry', now(), 0, '${ORGANIZATION}');
insert into private.secret_tickets (secret_id, number, expires_at) values ('${RUN}', 1, now());
`,
  "public.budgets": `
insert into private.model_prices (model, unit, valid_from, micros_per_million) values ('openai/gpt', 'input_token', now(), 1);
with b as (
  insert into public.budgets (organization_id, flow_id, name, meter, amount)
    values ('${ORGANIZATION}', '${FLOW}', 'Models', 'cost', 1) returning id
)
insert into private.budget_periods (budget_id, starts_at) select id, date_trunc('month', now()) from b;
insert into public.usage_details (organization_id, hour, flow_id) values ('${ORGANIZATION}', date_trunc('hour', now()), '${FLOW}');
insert into private.spend_reservations (organization_id, flow_id, run_id, node_id, job_id, model, units)
  values ('${ORGANIZATION}', '${FLOW}', '${RUN}', 'first', '${RUN}', 'openai/gpt', '{}');
insert into private.meter_reports (organization_id, meter, hour, number, quantity, stripe_customer_id, happened_at)
  values ('${ORGANIZATION}', 'runs', now(), 1, 1, 'cus_1', now());
insert into private.usage_notices (organization_id, limit_name, starts_at, share)
  values ('${ORGANIZATION}', 'runs', date_trunc('month', now()), 80);
`,
  "public.mails": `
insert into public.mails (organization_id, tenant_id, template, category, key, to_address, priority, scheduled_for, expires_at)
  values ('${ORGANIZATION}', '${ORGANIZATION}', 'welcome', 'transactional', 'sample', 'ada@example.com', 50, now(), now() + interval '1 day');
insert into private.mail_data (mail_id, data, forget_at) select id, '{}', now() from public.mails;
`,
  "public.billing_customers": `
insert into public.billing_customers (organization_id, stripe_customer_id, email) values ('${ORGANIZATION}', 'cus_1', 'ada@example.com');
insert into public.plan_prices (stripe_price_id, lookup_key, plan_id, kind, billing_interval, currency, unit_amount, is_active)
  values ('price_1', 'millrace_pro_month', 'pro', 'base', 'month', 'eur', 2900, true);
insert into public.subscriptions (stripe_subscription_id, organization_id, stripe_customer_id, status, is_current, plan_id,
  billing_interval, currency, created_at) values ('sub_1', '${ORGANIZATION}', 'cus_1', 'active', true, 'pro', 'month', 'eur', now());
insert into public.invoices (stripe_invoice_id, organization_id, stripe_customer_id, status, collection_method, currency,
  subtotal, total, amount_due, amount_paid, created_at)
  values ('in_1', '${ORGANIZATION}', 'cus_1', 'paid', 'charge_automatically', 'eur', 2900, 2900, 2900, 2900, now());
insert into private.stripe_events (id, type, created_at, queue_key, organization_id, payload)
  values ('evt_1', 'invoice.paid', now(), 'cus_1', '${ORGANIZATION}', 'x');
insert into private.billing_notices (kind, object_id, turn, organization_id) values ('invoice_paid', 'in_1', '', '${ORGANIZATION}');
`,
  "public.mail_events": `
insert into public.mail_events (organization_id, mail_id, provider, provider_event_id, provider_message_id, type, status, occurred_at)
  select organization_id, id, 'resend', 'msg_1', 'message', 'delivered', 'applied', now() from public.mails;
insert into public.mail_suppressions (organization_id, tenant_id, address, scope, reason)
  values ('${ORGANIZATION}', '${ORGANIZATION}', 'gone@example.com', 'everything', 'bounced');
`,
  "private.mail_settings": `
insert into private.mail_settings (organization_id, digest, time_zone) values ('${ORGANIZATION}', 'day', 'Europe/Berlin');
`,
  "private.webhook_portals": `
insert into private.webhook_portals (organization_id, secret_hash, application, event_types, can_write, max_subscriptions, expires_at)
  values ('${ORGANIZATION}', sha256('portal'), 'one', '{run.failed}', true, 10, now());
`,
  "private.rate_limit_overrides": `
insert into private.rate_limit_overrides (subject_kind, subject_id, request_limit, burst, reason, created_by)
  values ('org', '${ORGANIZATION}', 1000, 500, 'They asked', 'default');
insert into private.security_events (kind, organization_id, ip, details)
  values ('credential.refused', '${ORGANIZATION}', '198.51.100.7', '{"code": "unauthorized"}');
insert into private.ip_blocks (network, reason, created_by) values ('198.51.100.0/24', 'Guesses keys', 'default');
`,
};

/**
 * Fills every table.
 *
 * @throws {Error} naming the tables that stayed empty: each new table needs a line here
 */
export async function insertSampleData(sql: postgres.Sql): Promise<void> {
  await sql.unsafe(SAMPLE).simple();
  for (const [table, rows] of Object.entries(LATER)) {
    const [found] = await sql`select to_regclass(${table}) is not null as is_there`;
    if (found?.["is_there"]) await sql.unsafe(rows).simple();
  }
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
