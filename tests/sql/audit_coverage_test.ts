import { assert, assertEquals } from "../helpers/assert.ts";
import { withDatabase } from "../helpers/postgres.ts";

/**
 * Tables of which the trigger `private.audit_row` (or `audit_security_event`) writes changes, and the events of it. A
 * star behind them: only some columns, or some rows, since the others are written by the engine.
 */
const BY_TRIGGER: Record<string, string> = {
  "private.security_events": "insert*",
  "private.system_tasks": "update*",
  "public.api_keys": "delete insert update*",
  "public.billing_customers": "delete insert update*",
  "public.budgets": "delete insert update",
  "public.bulk_operations": "insert update*",
  "public.entities": "delete insert update*",
  "public.flows": "delete insert update",
  "public.invitations": "delete insert update",
  "public.invoices": "delete insert update*",
  "public.organization_members": "delete insert update",
  "public.organizations": "delete insert update",
  "public.plan_prices": "delete insert update*",
  "public.plans": "delete insert update",
  "public.profiles": "delete insert update*",
  "public.schedules": "delete insert update*",
  "public.secrets": "delete insert update*",
  "public.subscriptions": "delete insert update*",
  "public.webhook_endpoints": "delete insert update*",
  "public.webhook_subscriptions": "delete insert update",
  "public.workspaces": "delete insert update",
};

/** Tables whose changes functions tell by `private.audit`, and which functions those are. */
const BY_CALL: Record<string, readonly string[]> = {
  "private.api_pins": ["public.pin_api_version"],
  "private.flags": ["engine.set_flag", "engine.remove_flag"],
  "private.flag_rules": ["engine.set_flag_rule"],
  "private.ip_blocks": ["engine.add_ip_block", "engine.remove_ip_block"],
  "private.rate_limit_overrides": ["engine.set_rate_limit_override", "engine.remove_rate_limit_override"],
  "private.model_prices": ["engine.set_model_price"],
  "private.mail_settings": ["public.update_mail_settings"],
  "private.webhook_portals": ["public.create_webhook_portal", "public.revoke_webhook_portal"],
  "private.secret_versions": ["public.destroy_secret_version"],
  "private.secret_accesses": ["public.request_secret_reveal"],
  "public.mail_suppressions": ["public.suppress_address", "public.lift_suppression"],
  "public.job_history": ["private.discard_dead_letters", "private.discard_dead_letter"],
  "public.runs": ["public.delete_run", "private.audit_bulk_deletion"],
};

/** Tables without, and why. */
const WITHOUT: Record<string, readonly string[]> = {
  "it is the log itself, or its seals": [
    "public.audit_events",
    "private.audit_batches",
    "private.audit_keys",
    "private.audit_seal_state",
    "private.audit_sealed_ahead",
    "private.audit_turns",
  ],
  "the row that it belongs to tells: key, invitation, flow, endpoint, secret, organization": [
    "private.api_key_hashes",
    "private.invitation_tokens",
    "public.flow_versions",
    "private.webhook_secrets",
    "private.webhook_subscription_secrets",
    "private.secret_notices",
    "private.organization_removals",
    "private.plan_downgrades",
  ],
  "the engine writes it: runs and jobs are their own history": [
    "private.change_skips",
    "private.change_triggers",
    "private.flow_plans",
    "private.generations",
    "private.idempotency_keys",
    "private.job_counts",
    "private.job_leases",
    "private.job_slots",
    "private.job_states",
    "private.job_turns",
    "private.provider_breakers",
    "private.run_cancellations",
    "private.run_joins",
    "private.run_regions",
    "private.run_signals",
    "private.run_slots",
    "private.run_stats_open",
    "private.run_stats_state",
    "private.scratch_flows",
    "private.system_alerts",
    "private.system_task_runs",
    "private.worker_wakes",
    "private.workers",
    "private.live_watchers",
    "private.secret_tickets",
    "public.entity_moves",
    "public.job_queue",
    "public.run_steps",
    "public.schedule_firings",
    "public.webhook_events",
    "public.webhook_refusals",
    "private.webhook_endpoint_states",
    "public.webhook_attempts",
    "public.webhook_deliveries",
    "public.webhook_messages",
    "private.billing_notices",
    "private.stripe_events",
    "private.meter_reports",
    "private.spend_reservations",
    "private.usage_notices",
    "private.mail_data",
    "private.mail_pace",
    "public.mail_events",
    "public.mails",
  ],
  "figures that are counted": [
    "private.webhook_refusal_days",
    "private.api_usage",
    "private.webhook_endpoint_stats",
    "private.cache_usage",
    "public.analytics_daily",
    "public.flow_edge_stats",
    "public.flow_version_runs",
    "public.run_stats_daily",
    "private.budget_periods",
    "public.usage_details",
    "public.usage_hourly",
  ],
  "retention and its archives": [
    "private.partition_changes",
    "private.partition_expired",
    "private.partition_rewrites",
    "private.run_archive_weeks",
    "public.run_archives",
  ],
  "it comes with migrations only": ["private.role_permissions", "private.mail_templates"],
  "what deployments note of themselves; blocking settings are told by engine.set_blocking_settings": [
    "private.settings",
  ],
  "a person's own wish, about mail to themselves": ["private.digest_opt_outs", "private.digests"],
  "what the rate limiter counts": ["private.rate_limits"],
};

/** Columns whose names sound of secrets or persons and that are recorded all the same, with the reason. */
const HARMLESS: Record<string, string> = {
  "public.bulk_operations.api_key_id": "an id",
  "public.organizations.slug": "a name in addresses, which is no secret",
  "public.plan_prices.lookup_key": "the name of a price",
  "public.plans.max_secrets": "a number",
  "public.webhook_endpoints.signature_required": "yes or no",
};

Deno.test("each table is audited by a trigger or by calls, or says why not", () =>
  withDatabase(async (db) => {
    const tables = await db.sql`
      select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname in ('public', 'private', 'engine') and c.relkind in ('r', 'p') and not c.relispartition order by 1`;
    const known = new Set([...Object.keys(BY_TRIGGER), ...Object.keys(BY_CALL), ...Object.values(WITHOUT).flat()]);
    const unknown = tables.map(({ name }) => name as string).filter((name) => !known.has(name));
    assertEquals(unknown, [], "Attach private.audit_row, call private.audit, or say here why not");
    const gone = [...known].filter((name) => !tables.some((table) => table["name"] === name));
    assertEquals(gone, [], "There are no such tables");

    const triggers = await db.sql`
      select format('%I.%I', n.nspname, c.relname) as name, string_agg(e.word, ' ' order by e.word) as events
      from (
        select t.tgrelid, e.word || case when bool_and(t.tgattr::text <> '' and e.word = 'update' or t.tgqual is not null)
          then '*' else '' end as word
        from pg_trigger t
        cross join lateral (values (4, 'insert'), (8, 'delete'), (16, 'update')) e (bit, word)
        where t.tgtype & e.bit > 0 and t.tgtype & 1 = 1 and t.tgtype & 2 = 0 and t.tgenabled <> 'D' and not t.tgisinternal
          and t.tgfoid in ('private.audit_row'::regproc, 'private.audit_security_event'::regproc)
        group by t.tgrelid, e.word
      ) e
      join pg_class c on c.oid = e.tgrelid join pg_namespace n on n.oid = c.relnamespace
      where not c.relispartition
      group by 1 order by 1`;
    assertEquals(Object.fromEntries(triggers.map(({ name, events }) => [name, events])), BY_TRIGGER);

    for (const name of Object.values(BY_CALL).flat()) {
      const sources = await db.sql`
        select p.prosrc as source from pg_proc p where p.oid::regproc::text = ${name} or p.oid = to_regproc(${name})`;
      assert(sources.length > 0, `There is no function ${name}`);
      assert(sources.some(({ source }) => source.includes("private.audit(")), `${name} tells the audit log nothing`);
    }
  }));

Deno.test("no column that may hold a secret is recorded", () =>
  withDatabase(async (db) => {
    const columns = await db.sql`
      select format('%I.%I.%I', n.nspname, c.relname, a.attname) as name
      from pg_trigger t
      join pg_class c on c.oid = t.tgrelid
      join pg_namespace n on n.oid = c.relnamespace
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      where t.tgfoid = 'private.audit_row'::regproc
        and a.attname ~ '(secret|token|hash|cipher|password|signature|slug|email|credential|private)|(^|_)key($|_)'
        -- Arguments are separated by zero bytes: organization, id, hidden columns.
        -- Arguments are separated by zero bytes: organization, id, hidden columns, name, columns with addresses.
        and not a.attname = any (string_to_array((string_to_array(encode(t.tgargs, 'escape'), '\\000'))[3], ','))
      group by 1 order by 1`;
    assertEquals(columns.map(({ name }) => name as string).filter((name) => !(name in HARMLESS)), []);
  }));

Deno.test("of addresses only the host is recorded", () =>
  withDatabase(async (db) => {
    const columns = await db.sql`
      select format('%I.%I.%I', n.nspname, c.relname, a.attname) as name
      from pg_trigger t
      join pg_class c on c.oid = t.tgrelid
      join pg_namespace n on n.oid = c.relnamespace
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      cross join lateral (select string_to_array(encode(t.tgargs, 'escape'), '\\000') as given) g
      where t.tgfoid = 'private.audit_row'::regproc and a.attname ~ '(^|_)(url|uri|headers)(s?$|_)'
        and not a.attname = any (string_to_array(g.given[3], ',') || string_to_array(coalesce(g.given[5], ''), ','))
      group by 1 order by 1`;
    assertEquals(columns.map(({ name }) => name as string), []);
    const addresses = {
      "https://hooks.example.com/services/T0/B0/canary": "https://hooks.example.com/…",
      "https://ada:canary@example.com:8443/": "https://example.com:8443/…",
      "https://ada:can@ry@example.com?token=canary": "https://example.com/…",
      "https://[2001:db8::1]:8443/a#canary": "https://[2001:db8::1]:8443/…",
      "https://example.com\\canary@example.org/": "https://example.com/…",
      "HTTP://example.com": "HTTP://example.com",
      "http://example.com/": "http://example.com/",
      "canary": "…",
    };
    for (const [url, kept] of Object.entries(addresses)) {
      const [row] = await db
        .sql`select private.audit_address(jsonb_build_object('url', ${url}::text, 'a', 1), 'url') as it`;
      assertEquals(row?.["it"], { url: kept, a: 1 });
    }
  }));

Deno.test("a subscription to webhooks is recorded without paths, user names, queries and what it sends", () =>
  withDatabase(async (db) => {
    const user = await db.createUser();
    const [gate] = await db.as("authenticated", user.claims, (sql) => sql`select public.gate() as reply`);
    const organization = gate!["reply"].organization_id as string;
    const [made] = await db.sql`
      insert into public.webhook_subscriptions (organization_id, url, event_types, transformation, header_names)
      values (${organization}, 'https://ada:canary@hooks.example.com/canary?canary', '{*}', '{"token": "canary"}', '{x-token}')
      returning id`;
    await db.sql`update public.webhook_subscriptions set url = 'https://example.org/canary' where id = ${made!["id"]}`;
    await db.sql`delete from public.webhook_subscriptions where id = ${made!["id"]}`;
    const events = await db.sql`
      select action, before::jsonb ->> 'url' as old, after::jsonb ->> 'url' as new, concat(before, after, details) as text
      from public.audit_events where target_type = 'webhook_subscription' order by id`;
    assertEquals(events.map(({ action, old, new: now }) => [action, old, now]), [
      ["webhook_subscription.created", null, "https://hooks.example.com/…"],
      ["webhook_subscription.updated", "https://hooks.example.com/…", "https://example.org/…"],
      ["webhook_subscription.deleted", "https://example.org/…", null],
    ]);
    assert(!events.some(({ text }) => text.includes("canary")));
    assert(events[0]!["text"].includes("x-token"));
  }));

Deno.test("what people and operators throw away, begin and switch is told", () =>
  withDatabase(async (db) => {
    const user = await db.createUser();
    const [gate] = await db.as("authenticated", user.claims, (sql) => sql`select public.gate() as reply`);
    const organization = gate!["reply"].organization_id as string;
    const [run] = await db.sql`
      insert into public.runs (organization_id, flow_id, flow_version_id, trigger, input, deadline_at, status, finished_at, started_at)
      values (${organization}, gen_random_uuid(), gen_random_uuid(), 'manual', '{"a": "canary"}', now(), 'completed', now(), now())
      returning id`;
    const letters = await db.sql`
      insert into public.job_history (
        id, organization_id, type, status, priority, attempts, max_attempts, payload, error, scheduled_for, created_at, completed_at
      )
      select private.uuid_v7(), ${organization}, 'test', 'dead', 100, 1, 1, '{"a": "canary"}', '{"code": "canary"}', now(), now(), now()
      from generate_series(1, 3)
      returning id`;
    await db.as("authenticated", user.claims, async (sql) => {
      await sql`select public.delete_run(${run!["id"]})`;
      await sql`select public.discard_dead_letter(${letters[0]!["id"]})`;
      await sql`select public.discard_dead_letters(${organization})`;
      await sql`select public.create_invitation(${organization}, 'canary@example.com', 'member')`;
    });
    await db.as("service_role", { role: "service_role" }, async (sql) => {
      await sql`select engine.update_task('audit-seal', '{"is_enabled": false}')`;
      await sql`select engine.update_task('audit-seal', '{"is_enabled": false}')`;
      await sql`select engine.request_task('audit-seal')`;
    });
    const events = await db.sql`
      select action, actor, concat(before, after, details) as text from public.audit_events
      where target_type in ('run', 'dead_letter', 'invitation', 'task') order by id`;
    assertEquals(events.map(({ action, actor }) => `${action} ${actor}`), [
      "run.deleted user",
      "dead_letter.discarded user",
      "dead_letter.discarded user",
      "invitation.created user",
      "invitation.updated user",
      "task.updated service",
      "task.requested service",
    ]);
    assert(!events.some(({ text }) => text.includes("canary")));
    assert(events[2]!["text"].includes('"discarded": 2'));
  }));
