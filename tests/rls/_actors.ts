/**
 * Three organizations with everything in them, and everybody who may come by.
 *
 * @module
 */
import type postgres from "postgres";
import type { TestDatabase, TestUser } from "../helpers/postgres.ts";
import { addMember, createTenant } from "../helpers/engine.ts";
import { addKeys } from "./_keys.ts";

/** Somebody who sends a statement. */
export interface Actor {
  name: string;
  /** The database role. */
  role: "anon" | "authenticated" | "service_role";
  claims: Record<string, unknown>;
  userId: string | null;
  /** The organization that is their own. */
  organizationId: string | null;
}

/** Ids of things of one organization. */
export interface Things {
  organization: string;
  workspace: string;
  flow: string;
  version: string;
  /** A run that has not ended. */
  openRun: string;
  /** A run that has failed. */
  failedRun: string;
  endpoint: string;
  subscription: string;
  delivery: string;
  schedule: string;
  event: string;
  /** An entity that has moved. */
  entity: string;
  /** A bulk operation that has not ended. */
  operation: string;
  /** A job that is due in a while. */
  job: string;
  /** One that was given up. */
  deadLetter: string;
  /** An archive, of the run that has failed. */
  archive: string;
  auditEvent: string;
  /** An API key. */
  key: string;
  mail: string;
  portal: string;
  endedMail: string;
  /** An address that bounced. */
  suppression: string;
  /** Somebody in it who is not the owner. */
  member: string;
  /** An open invitation. */
  invitation: string;
  /** A workspace without flows. */
  emptyWorkspace: string;
  /** A secret with two versions. */
  secret: string;
  budget: string;
}

/** Whom and what the matrix is about. */
export interface Cast {
  actors: Actor[];
  a: Things;
  b: Things;
  suspended: Things;
}

const ROLES = ["owner", "admin", "developer", "member", "viewer", "guest"] as const;

/** Fills the database. */
export async function prepareCast(db: TestDatabase): Promise<Cast> {
  await db.sql`select engine.ensure_partitions(0)`;
  await db.sql`update public.plans set max_members = 100, max_workspaces = 100`;
  const [a, b, s] = [await createTenant(db), await createTenant(db), await createTenant(db)];
  const actors: Actor[] = [
    { name: "anon", role: "anon", claims: {}, userId: null, organizationId: null },
    { name: "service", role: "service_role", claims: {}, userId: null, organizationId: null },
    actorOf("owner", a.user, a.organizationId),
    actorOf("stranger", b.user, b.organizationId),
    actorOf("suspended", s.user, s.organizationId),
    actorOf("loner", await db.createUser(), null),
  ];
  for (const role of ROLES.slice(1)) {
    actors.push(actorOf(role, await addMember(db, a.organizationId, role), a.organizationId));
  }
  actors.push(...await addKeys(db, a.organizationId, b.organizationId));
  // A second member each, so that the own rows are more than those about oneself.
  for (const { organizationId } of [b, s]) await addMember(db, organizationId, "admin");
  const cast = {
    actors,
    a: await addThings(db, a.user.id, a.organizationId),
    b: await addThings(db, b.user.id, b.organizationId),
    suspended: await addThings(db, s.user.id, s.organizationId),
  };
  await db.sql`select private.seal_audit_rows()`;
  await db.sql`insert into private.audit_turns (key, since) values ('key', now())`;
  await db.sql`insert into private.audit_sealed_ahead (tx, id) values ('1', ${crypto.randomUUID()})`;
  await db.sql`
    insert into private.audit_keys (id, public_key)
    values (${"a".repeat(43)}, '{"kty": "OKP", "crv": "Ed25519", "x": "a"}')`;
  // The runs of January.
  await db.sql`select private.count_runs()`;
  await db.sql`
    insert into private.system_task_runs (name, status, trigger, reason, finished_at)
    values ('leases', 'skipped', 'cron', 'overlap', now())`;
  await db.sql`insert into private.system_alerts (task, failures, error) values ('leases', 1, '{}')`;
  await db.sql`insert into private.settings (name, value) values ('functions_url', 'https://example.com')`;
  await db.sql`insert into private.workers (id, kind, expires_at) values (gen_random_uuid(), 'worker', now())`;
  await db.sql`insert into private.worker_wakes default values`;
  await db.sql`select engine.set_flag('new_editor'), engine.set_flag_rule('new_editor', ${a.organizationId}, true)`;
  await db.sql`insert into private.api_pins (organization_id, version) values (${a.organizationId}, '2026-11-01')`;
  await db.sql`
    insert into private.api_usage (day, organization_id, version, operation, door)
    values ('2026-11-21', ${a.organizationId}, '2026-11-21', 'listFlows', 'flows')`;
  await db.sql`insert into private.cache_usage (day, operation, misses) values ('2026-11-21', 'listFlows', 1)`;
  await db.sql`update public.organizations set suspended_at = now() where id = ${s.organizationId}`;
  return cast;
}

function actorOf(name: string, user: TestUser, organizationId: string | null): Actor {
  return { name, role: "authenticated", claims: user.claims, userId: user.id, organizationId };
}

/** One row at least in every table that belongs to tenants, in the default partitions and in this week's. */
async function addThings(db: TestDatabase, userId: string, organizationId: string): Promise<Things> {
  return await db.sql.begin(async (sql) => {
    const claims = JSON.stringify({ sub: userId, role: "authenticated" });
    await sql`select set_config('request.jwt.claims', ${claims}, true)`;
    const call = async (text: string, values: string[]) =>
      (await sql.unsafe(`select ${text} as reply`, values))[0]?.reply;
    const graph = '{"nodes": [{"id": "a"}, {"id": "b"}], "edges": [{"id": "e", "source": "a", "target": "b"}]}';
    const flow = await call("public.create_flow($1, 'Flow', $2::text::jsonb, p_idempotency_key => 'key')", [
      organizationId,
      graph,
    ]);
    const start = async () => (await call("public.start_run($1)", [flow.id])).id as string;
    await sql`set local millrace.now = '2026-01-01T00:00:00Z'`;
    await start();
    await sql`select private.audit(${organizationId}, 'test.done', 'test', null)`;
    await sql`set local millrace.now = ''`;
    const openRun = await start();
    const failedRun = await start();
    await sql`
      insert into public.run_steps (run_id, node_id, organization_id, status, started_at, finished_at)
      select r.id, 'a', r.organization_id, 'completed', now(), now() from public.runs r where r.flow_id = ${flow.id}`;
    await sql`insert into private.run_joins (run_id, node_id, live, dead, expects) values (${openRun}, 'join', '{}', '{}', 2)`;
    await sql`insert into private.live_watchers (id, watched_until) values (${openRun}, now())`;
    await sql`
      insert into private.run_regions
        (run_id, node_id, token_id, organization_id, closer, items, first, total, next, window_size, tolerate, more, body)
      values (${openRun}, 's', ${openRun}, ${organizationId}, 'k', '[]', 0, 0, 0, 1, 0, false, '{}')`;
    await sql`insert into private.run_signals (run_id, kind, name) values (${openRun}, 'signal', 'early')`;
    await sql`
      insert into private.run_slots (limit_key, run_id, organization_id) values ('flow', ${openRun}, ${organizationId})`;
    await sql`
      insert into private.job_leases (worker_id, job_ids, organization_ids, types, payloads, attempts, max_attempts, priorities, due, created, started_at)
      values (${openRun}, '{}', array[${organizationId}]::uuid[], '{}', '{}', '{}', '{}', '{}', '{}', '{}', now())`;
    await sql`insert into private.job_slots (limit_key, job_id, lease_id) values (${
      organizationId + ":key"
    }, ${openRun}, ${openRun})`;
    await sql`
      insert into private.provider_breakers (key, calls, failures, opened_at, open_until)
      values (${`http:${organizationId}:example.com`}, 1, 1, now(), now())`;
    await sql`
      insert into private.ip_blocks (network, reason, created_by)
      values (('2001:db8:' || left(md5(${organizationId}), 4) || '::/48')::cidr, ${organizationId}, 'default')`;
    await sql`
      insert into private.rate_limit_overrides (subject_kind, subject_id, request_limit, burst, reason, created_by)
      values ('org', ${organizationId}, 1000, 500, 'They asked', 'default')`;
    await sql`
      insert into private.security_events (kind, organization_id) values ('permission.denied', ${organizationId})`;
    await sql`insert into private.job_states (job_id, organization_id) values (${openRun}, ${organizationId})`;
    await sql`
      insert into private.job_counts (minute, organization_id, type, worker_id)
      values (now(), ${organizationId}, 'type', ${openRun})`;
    await sql`
      insert into public.job_history
        (id, organization_id, type, status, priority, attempts, max_attempts, scheduled_for, created_at, completed_at)
      select r.id, r.organization_id, 'type', 'completed', 100, 1, 8, now(), now(), now()
      from public.runs r where r.flow_id = ${flow.id}`;
    const job = await call("private.enqueue_job($1, 'type', '{}', '{\"delay_seconds\": 600}')", [organizationId]);
    const [deadLetter] = await sql`
      insert into public.job_history (
        id, organization_id, type, status, priority, attempts, max_attempts, scheduled_for, created_at, completed_at, error
      )
      values (private.uuid_v7(), ${organizationId}, 'type', 'dead', 100, 1, 8, now(), now(), now(), '{"code": "x"}')
      returning id`;
    const [archive] = await sql`
      insert into public.run_archives (
        organization_id, week, part, path, runs, lines, bytes, raw_bytes, sha256, first_run_id, last_run_id, member_offsets,
        member_run_ids
      )
      values (${organizationId}, private.week_of(${failedRun}), 1, ${organizationId}, 1, 1, 1, 1, repeat('a', 64), ${failedRun},
        ${failedRun}, '{0}', array[${failedRun}]::uuid[])
      returning id`;
    await sql`
      insert into private.run_archive_weeks (organization_id, week) values (${organizationId}, private.week_of(${failedRun}))`;
    await sql`
      insert into private.partition_changes (kind, week, id) values ('runs', private.week_of(${failedRun}), ${failedRun})`;
    await sql`
      insert into private.partition_rewrites (kind, week) values ('runs', private.week_of(${failedRun})) on conflict do nothing`;
    await sql`
      insert into private.partition_expired (kind, week, organization_id, ended_before)
      values ('runs', private.week_of(${failedRun}), ${organizationId}, now())`;
    await sql`insert into private.plan_downgrades (organization_id, plan_id, until) values (${organizationId}, 'pro', now())`;
    await sql`insert into private.run_cancellations (run_id) values (${crypto.randomUUID()})`;
    await sql`insert into private.scratch_flows (organization_id, flow_id) values (${organizationId}, ${flow.id})`;
    const operation = await call("public.create_bulk_operation($1, 'cancel', '{\"status\": [\"queued\"]}')", [
      organizationId,
    ]);
    await sql`select private.end_run(${failedRun}, 'failed', null, '{"code": "http_error", "message": "No"}')`;
    const [version] = await sql`select current_version_id as id from public.flows where id = ${flow.id}`;
    await sql`select engine.store_plan(${version?.id}, '{}', 1)`;
    const endpoint = await call("public.create_webhook_endpoint($1, 'Endpoint', 'custom')", [flow.id]);
    const settings = JSON.stringify({ name: "Schedule", cron: "0 9 * * *" });
    const schedule = await call(
      "public.create_schedule($1, $2::text::jsonb, array[now() + interval '1 day'])",
      [flow.id, settings],
    );
    await call("public.trigger_schedule($1)", [schedule.id]);
    const event = await call(
      "engine.ingest_webhook($1, 'event', 'type', 'POST', '{}', '{}', '', false, '{}')",
      [endpoint.id],
    );
    await sql`
      select engine.record_webhook_rejection(${endpoint.id}, 'signature_mismatch',
        '{"method": "POST", "headers": {}, "body": "", "body_bytes": 0}')`;
    const subscription = await call("public.create_webhook_subscription($1, $2, $3::text::jsonb, $4::text::jsonb)", [
      crypto.randomUUID(),
      organizationId,
      JSON.stringify({ url: "https://example.com/hooks", event_types: ["*"] }),
      JSON.stringify({ number: 1, envelope: btoa(`\x01\x02k1${"\x00".repeat(100)}`), key_id: "k1", last_four: "abcd" }),
    ]);
    await sql`select private.publish_event(${organizationId}, 'invoice.paid', '{"id": "in_1"}')`;
    await sql`select engine.send_webhooks_on(${organizationId})`;
    const [delivery] = await sql`
      select id from public.webhook_deliveries where organization_id = ${organizationId} order by id limit 1`;
    await sql`
      insert into public.webhook_attempts (delivery_id, number, organization_id, duration_ms, url, request_headers)
      values (${delivery?.id}, 1, ${organizationId}, 1, 'https://example.com/hooks', '{}')`;
    await sql`
      insert into private.webhook_endpoint_stats (subscription_id, hour) values (${subscription.id}, '2026-01-01T00:00:00Z')`;
    const entity = await call("public.create_entity($1, 'lead', p_node_id => 'a')", [flow.id]);
    await call("public.move_entity($1, 'b')", [entity.id]);
    await sql`
      insert into private.change_triggers (organization_id, flow_id, name, operations)
      values (${organizationId}, ${flow.id}, 'default', '{insert}')`;
    await sql`
      insert into private.change_skips (change_id, reason, skipped)
      select c.id, 'flow_inactive', 1 from private.change_triggers c where c.flow_id = ${flow.id}`;
    await sql`insert into public.usage_hourly (organization_id, hour) values (${organizationId}, '2026-01-01T00:00:00Z')`;
    await sql`
      insert into public.analytics_daily
        (organization_id, flow_id, day, runs, completed, failed, cancelled, compensated, compensation_failed, unfinished)
      values (${organizationId}, ${flow.id}, '2026-01-01', 1, 0, 0, 0, 0, 0, 1)`;
    await sql`insert into private.digests (organization_id, day, job_id) values (${organizationId}, '2026-01-01', ${openRun})`;
    await sql`
      insert into public.usage_details (organization_id, hour, flow_id)
      values (${organizationId}, '2026-01-01T00:00:00Z', ${flow.id})`;
    const budget = await call("public.create_budget($1, $2::text::jsonb)", [
      organizationId,
      JSON.stringify({ name: "Models", meter: "cost", amount: 1_000_000, flow_id: flow.id }),
    ]);
    await sql`
      insert into private.budget_periods (budget_id, starts_at) values (${budget.id}, '2026-01-01T00:00:00Z')`;
    await sql`
      insert into private.spend_reservations (organization_id, flow_id, run_id, node_id, job_id, model, units)
      values (${organizationId}, ${flow.id}, ${openRun}, 'a', ${openRun}, 'openai/gpt', '{}')`;
    await sql`
      insert into private.meter_reports (organization_id, meter, hour, number, quantity, stripe_customer_id, happened_at)
      values (${organizationId}, 'runs', '2026-01-01T00:00:00Z', 1, 1, 'cus_1', '2026-01-01T00:00:00Z')`;
    await sql`
      insert into private.usage_notices (organization_id, limit_name, starts_at, share)
      values (${organizationId}, 'runs', '2026-01-01T00:00:00Z', 80)`;
    await sql`
      insert into private.model_prices (model, unit, valid_from, micros_per_million)
      values ('openai/gpt', 'call', ${flow.created_at}, 1) on conflict do nothing`;
    const [key] = await sql`
      insert into public.api_keys (organization_id, name, mode, prefix, last_four, scopes)
      values (${organizationId}, 'Key', 'live', 'mr_live_abcd', 'wxyz', '{flows:read}') returning id`;
    await sql`insert into private.api_key_hashes (secret_hash, key_id) values (sha256(${organizationId}::text::bytea), ${key?.id})`;
    const [secret] = await sql`
      insert into public.secrets (organization_id, name, current_version) values (${organizationId}, 'KEY', 2) returning id`;
    await sql`
      insert into private.secret_versions (secret_id, number, organization_id, envelope, key_id)
      select ${secret?.id}, n, ${organizationId}, decode('01026b31' || repeat('00', 100), 'hex'), 'k1' from generate_series(1, 2) n`;
    await sql`
      insert into private.secret_accesses (organization_id, secret_id, number, kind, minute)
      values (${organizationId}, ${secret?.id}, 1, 'reveal', date_trunc('minute', now()))`;
    await sql`
      insert into private.secret_notices (secret_id, kind, due_at, days_before, organization_id)
      values (${secret?.id}, 'expiry', now(), 0, ${organizationId})`;
    await sql`insert into private.secret_tickets (secret_id, number, expires_at) values (${secret?.id}, 1, now() + interval '1 day')`;
    await insertBilling(sql, organizationId);
    const [mail] = await sql`
      select private.send_mail(${organizationId}, 'welcome', 'invited@example.com', '{}', 'welcome') as id`;
    const [endedMail] = await sql`
      select private.send_mail(${organizationId}, 'welcome', 'invited@example.com', '{}', 'ended') as id`;
    await sql`update public.mails set status = 'cancelled', ended_at = now() where id = ${endedMail?.id}`;
    await sql`
      insert into public.mail_events (organization_id, mail_id, provider, provider_event_id, provider_message_id, type, status, occurred_at)
      values (${organizationId}, ${endedMail?.id}, 'resend', ${organizationId}, 'message', 'sent', 'applied', now())`;
    const [suppression] = await sql`
      insert into public.mail_suppressions (organization_id, tenant_id, address, scope, reason)
      values (${organizationId}, ${organizationId}, 'gone@example.com', 'everything', 'bounced') returning id`;
    await sql`insert into private.digest_opt_outs (organization_id) values (${organizationId})`;
    await sql`insert into private.mail_settings (organization_id) values (${organizationId})`;
    const [portal] = await sql`
      insert into private.webhook_portals (
        organization_id, secret_hash, application, event_types, can_write, max_subscriptions, expires_at
      )
      values (
        ${organizationId}, sha256(convert_to(${organizationId}, 'UTF8')), 'one', '{run.failed}', true, 10, now() + interval '1 hour'
      )
      returning id`;
    const [member] = await sql`
      select user_id as id from public.organization_members
      where organization_id = ${organizationId} and role <> 'owner' order by created_at limit 1`;
    const invitation = await call("public.create_invitation($1, 'invited@example.com', 'viewer')", [organizationId]);
    await sql`
      insert into private.invitation_tokens (token_hash, invitation_id)
      values (sha256(convert_to(${invitation.id}, 'UTF8')), ${invitation.id})`;
    const emptyWorkspace = await call("public.create_workspace($1, 'Empty')", [organizationId]);
    await sql`insert into private.organization_removals (organization_id) values (${crypto.randomUUID()})`;
    return {
      organization: organizationId,
      workspace: flow.workspace_id,
      flow: flow.id,
      version: version?.id,
      openRun,
      failedRun,
      endpoint: endpoint.id,
      subscription: subscription.id,
      delivery: delivery?.id,
      portal: portal?.id,
      secret: secret?.id,
      budget: budget.id,
      schedule: schedule.id,
      event: event.event_id,
      entity: entity.id,
      operation: operation.id,
      job,
      deadLetter: deadLetter?.id,
      archive: archive?.id,
      auditEvent: (await sql`
        select id from public.audit_events where organization_id = ${organizationId} order by id limit 1`)[0]?.id,
      member: member?.id,
      invitation: invitation.id,
      emptyWorkspace: emptyWorkspace.id,
      key: key?.id,
      mail: mail?.id,
      endedMail: endedMail?.id,
      suppression: suppression?.id,
    };
  }) as Things;
}

/** A customer of Stripe with a subscription, an invoice, an event, and what was told of them. */
async function insertBilling(sql: postgres.TransactionSql, organizationId: string): Promise<void> {
  const id = organizationId.replaceAll("-", "");
  await sql`insert into public.billing_customers (organization_id, stripe_customer_id) values (${organizationId}, ${`cus_${id}`})`;
  await sql`
    insert into public.subscriptions
      (stripe_subscription_id, organization_id, stripe_customer_id, status, is_current, plan_id, currency, created_at)
    values (${`sub_${id}`}, ${organizationId}, ${`cus_${id}`}, 'active', true, 'free', 'eur', now())`;
  await sql`
    insert into public.invoices (stripe_invoice_id, organization_id, stripe_customer_id, status, collection_method, currency,
      subtotal, total, amount_due, amount_paid, created_at)
    values (${`in_${id}`}, ${organizationId}, ${`cus_${id}`}, 'open', 'charge_automatically', 'eur', 1, 1, 1, 0, now())`;
  await sql`
    insert into public.plan_prices (stripe_price_id, plan_id, kind, billing_interval, currency, unit_amount, is_active)
    values (${`price_${id}`}, 'pro', 'base', 'month', 'eur', 2900, true)`;
  await sql`
    insert into private.stripe_events (id, type, created_at, queue_key, organization_id)
    values (${`evt_${id}`}, 'invoice.paid', now(), ${`cus_${id}`}, ${organizationId})`;
  await sql`select private.note_billing(${organizationId}, 'invoice_paid', ${`in_${id}`}, '')`;
}
