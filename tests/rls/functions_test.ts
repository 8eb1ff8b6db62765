import type postgres from "postgres";
import { assert, assertEquals } from "../helpers/assert.ts";
import { withDatabase } from "../helpers/postgres.ts";
import { type Actor, type Cast, prepareCast, type Things } from "./_actors.ts";
import { type CallOutcome, installProbe, probeCall } from "./_probe.ts";
import { BARE_CALLS, PEOPLE_ONLY, PUBLIC_CALLS } from "./_keys.ts";
import { CALLS, EXECUTES, parseTable, SCHEMAS } from "./expected.ts";

const executes = parseTable(EXECUTES);
const calls = parseTable(CALLS);

/** Ids that a call names, as parameter → thing; and what else it needs, as SQL. */
interface Call {
  ids: Record<string, keyof Things>;
  rest?: string;
}

const SCHEDULE = `p_settings => '{"name": "New", "cron": "0 9 * * *"}', p_upcoming => array[now() + interval '1 day']`;

const SECRET = "p_secret_hash => repeat('a', 64), p_prefix => 'mr_live_wxyz', p_last_four => 'abcd'";

const ENVELOPE =
  "p_envelope => replace(encode(decode('01026b31' || repeat('00', 100), 'hex'), 'base64'), E'\\n', ''), p_key_id => 'k1'";

const SIGNING = "p_signing => jsonb_build_object('number', 7, 'last_four', 'abcd', 'key_id', 'k1', 'envelope', " +
  "replace(encode(decode('01026b31' || repeat('00', 100), 'hex'), 'base64'), E'\\n', ''))";

/** How each RPC is called in good order. */
const RPCS: Record<string, Call> = {
  cancel_mail: { ids: { p_mail_id: "mail" } },
  cancel_run: { ids: { p_run_id: "openRun" } },
  create_webhook_subscription: {
    ids: { p_organization_id: "organization" },
    rest: `p_subscription_id => gen_random_uuid(),
      p_settings => '{"url": "https://example.com/hooks", "event_types": ["*"]}', ${SIGNING}`,
  },
  delete_webhook_subscription: { ids: { p_subscription_id: "subscription" } },
  get_webhook_subscription: { ids: { p_subscription_id: "subscription" } },
  retry_webhook_delivery: { ids: { p_delivery_id: "delivery" } },
  cancel_webhook_delivery: { ids: { p_delivery_id: "delivery" } },
  retry_webhook_deliveries: { ids: { p_organization_id: "organization" }, rest: "p_filter => '{}'" },
  test_webhook_subscription: {
    ids: { p_subscription_id: "subscription" },
    rest: "p_type => 'run.completed', p_data => '{}'",
  },
  get_webhook_subscription_stats: { ids: { p_subscription_id: "subscription" } },
  rotate_webhook_subscription_secret: { ids: { p_subscription_id: "subscription" }, rest: SIGNING },
  update_webhook_subscription: {
    ids: { p_subscription_id: "subscription" },
    rest: `p_changes => '{"description": "Other"}'`,
  },
  resend_mail: { ids: { p_mail_id: "endedMail" } },
  get_mail_preferences: { ids: { p_organization_id: "organization" } },
  set_mail_preferences: { ids: { p_organization_id: "organization" }, rest: `p_wanted => '{"digests": false}'` },
  suppress_address: { ids: { p_organization_id: "organization" }, rest: "p_address => 'new@example.com'" },
  lift_suppression: { ids: { p_suppression_id: "suppression" } },
  get_mail_stats: { ids: { p_organization_id: "organization" } },
  create_api_key: {
    ids: { p_organization_id: "organization" },
    rest: `p_mode => 'live', p_settings => '{"name": "New", "scopes": ["flows:read"]}', ${SECRET}`,
  },
  revoke_api_key: { ids: { p_key_id: "key" } },
  rotate_api_key: { ids: { p_key_id: "key" }, rest: SECRET },
  update_api_key: { ids: { p_key_id: "key" }, rest: `p_changes => '{"name": "Other"}'` },
  create_secret: {
    ids: { p_organization_id: "organization" },
    rest: `p_secret_id => gen_random_uuid(), p_name => 'NEW', ${ENVELOPE}`,
  },
  delete_secret: { ids: { p_secret_id: "secret" } },
  destroy_secret_version: { ids: { p_secret_id: "secret" }, rest: "p_number => 1" },
  missing_secrets: { ids: { p_organization_id: "organization" }, rest: "p_names => '{KEY,OTHER}'" },
  list_secret_accesses: { ids: { p_secret_id: "secret" } },
  list_secret_flows: { ids: { p_secret_id: "secret" } },
  list_secret_versions: { ids: { p_secret_id: "secret" } },
  next_secret_version: { ids: { p_secret_id: "secret" } },
  request_secret_reveal: { ids: { p_secret_id: "secret" } },
  restore_secret_version: { ids: { p_secret_id: "secret" }, rest: "p_number => 1" },
  set_secret_value: { ids: { p_secret_id: "secret" }, rest: `p_number => 3, ${ENVELOPE}` },
  update_secret: { ids: { p_secret_id: "secret" }, rest: `p_changes => '{"name": "OTHER"}'` },
  get_api_usage: { ids: { p_organization_id: "organization" }, rest: "p_from => '2026-01-01', p_to => '2026-12-31'" },
  pin_api_version: { ids: { p_organization_id: "organization" } },
  create_entity: { ids: { p_flow_id: "flow" }, rest: "p_type => 'lead'" },
  count_version_runs: { ids: { p_flow_id: "flow" }, rest: "p_version_ids => '{}'" },
  create_flow: {
    ids: { p_organization_id: "organization", p_workspace_id: "workspace" },
    rest: "p_name => 'New', p_graph => '{}'",
  },
  create_schedule: { ids: { p_flow_id: "flow" }, rest: SCHEDULE },
  create_webhook_endpoint: { ids: { p_flow_id: "flow" }, rest: "p_name => 'New', p_provider => 'stripe'" },
  delete_entity: { ids: { p_entity_id: "entity" } },
  delete_flow: { ids: { p_flow_id: "flow" } },
  delete_run: { ids: { p_run_id: "failedRun" } },
  delete_schedule: { ids: { p_schedule_id: "schedule" } },
  delete_webhook_endpoint: { ids: { p_endpoint_id: "endpoint" } },
  duplicate_flow: { ids: { p_flow_id: "flow" } },
  gate: { ids: { p_organization_id: "organization" } },
  get_entity_journey: { ids: { p_entity_id: "entity" } },
  get_flow_stats: { ids: { p_flow_id: "flow" } },
  get_latest_run: { ids: { p_flow_id: "flow" } },
  get_run: { ids: { p_run_id: "openRun" } },
  get_run_progress: { ids: { p_run_id: "openRun" } },
  create_budget: {
    ids: { p_organization_id: "organization" },
    rest: `p_settings => '{"name": "New", "meter": "cost", "amount": 1}'`,
  },
  delete_budget: { ids: { p_budget_id: "budget" } },
  get_budget: { ids: { p_budget_id: "budget" } },
  get_usage: {
    ids: { p_organization_id: "organization" },
    rest: "p_from => '2026-01-01', p_to => '2026-01-31'",
  },
  update_budget: { ids: { p_budget_id: "budget" }, rest: `p_changes => '{"name": "Other"}'` },
  get_stats: { ids: { p_organization_id: "organization" } },
  get_webhook_endpoint: { ids: { p_endpoint_id: "endpoint" } },
  get_webhook_stats: { ids: { p_endpoint_id: "endpoint" } },
  list_edge_stats: { ids: { p_flow_id: "flow" } },
  import_flows: {
    ids: { p_organization_id: "organization", p_workspace_id: "workspace" },
    rest: `p_flows => '[{"name": "New", "graph": {}}]'`,
  },
  list_run_steps: { ids: { p_run_id: "openRun" } },
  move_entity: { ids: { p_entity_id: "entity" }, rest: "p_node_id => 'a'" },
  replay_webhook_event: { ids: { p_event_id: "event" } },
  restore_flow_version: { ids: { p_flow_id: "flow", p_version_id: "version" } },
  retry_run: { ids: { p_run_id: "failedRun" } },
  rotate_webhook_secret: { ids: { p_endpoint_id: "endpoint" } },
  save_flow: { ids: { p_flow_id: "flow", p_workspace_id: "workspace" }, rest: "p_name => 'Other'" },
  start_run: { ids: { p_flow_id: "flow" } },
  sync_profile: { ids: {} },
  update_entity: { ids: { p_entity_id: "entity" }, rest: "p_name => 'Other'" },
  trigger_schedule: { ids: { p_schedule_id: "schedule" } },
  update_schedule: { ids: { p_schedule_id: "schedule", p_flow_id: "flow" }, rest: `p_changes => '{"name": "Other"}'` },
  update_webhook_endpoint: { ids: { p_endpoint_id: "endpoint", p_flow_id: "flow" }, rest: "p_name => 'Other'" },
  watch_run: { ids: { p_run_id: "openRun" } },
  watch_runs: { ids: { p_organization_id: "organization" } },
  cancel_bulk_operation: { ids: { p_operation_id: "operation" } },
  create_bulk_operation: {
    ids: { p_organization_id: "organization" },
    rest: "p_action => 'cancel', p_filter => '{\"status\": [\"queued\"]}'",
  },
  decide_step: { ids: { p_run_id: "openRun" }, rest: "p_node_id => 'a', p_decision => '{}'" },
  execute_graph: { ids: { p_organization_id: "organization", p_flow_id: "flow" }, rest: "p_graph => '{}'" },
  explain_run: { ids: { p_run_id: "openRun" } },
  find_run_archives: { ids: { p_run_id: "failedRun" } },
  get_run_archive: { ids: { p_archive_id: "archive" } },
  list_waiting_steps: { ids: { p_organization_id: "organization" } },
  pause_run: { ids: { p_run_id: "openRun" } },
  rerun_run: { ids: { p_run_id: "failedRun" } },
  resume_run: { ids: { p_run_id: "openRun" } },
  retry_step: { ids: { p_run_id: "openRun" }, rest: "p_node_id => 'a'" },
  get_mail_settings: { ids: { p_organization_id: "organization" } },
  update_mail_settings: { ids: { p_organization_id: "organization" }, rest: `p_changes => '{"digest": "off"}'` },
  create_webhook_portal: {
    ids: { p_organization_id: "organization" },
    rest: `p_settings => '{"application": "one", "event_types": ["run.failed"]}', p_secret_hash => repeat('b', 64)`,
  },
  revoke_webhook_portal: { ids: { p_portal_id: "portal" } },
  cancel_job: { ids: { p_job_id: "job" } },
  discard_dead_letter: { ids: { p_job_id: "deadLetter" } },
  discard_dead_letters: { ids: { p_organization_id: "organization" } },
  get_job: { ids: { p_job_id: "job" } },
  set_mfa_policy: { ids: { p_organization_id: "organization" }, rest: "p_policy => 'off'" },
  get_second_factor: { ids: { p_organization_id: "organization" } },
  get_audit_event: { ids: { p_event_id: "auditEvent" } },
  get_audit_proof: { ids: { p_event_id: "auditEvent" } },
  list_activity: { ids: { p_organization_id: "organization" } },
  list_audit_events: { ids: { p_organization_id: "organization" } },
  list_audit_keys: { ids: {} },
  verify_audit: { ids: { p_organization_id: "organization" } },
  verify_audit_end: { ids: { p_organization_id: "organization" } },
  list_security_events: { ids: { p_organization_id: "organization" } },
  list_jobs: { ids: { p_organization_id: "organization" } },
  queue_statistics: { ids: { p_organization_id: "organization" } },
  replay_dead_letters: { ids: { p_organization_id: "organization" } },
  retry_job: { ids: { p_job_id: "deadLetter" } },
  run_job_now: { ids: { p_job_id: "job" } },
  accept_invitation: { ids: { p_invitation_id: "invitation" } },
  change_member_role: { ids: { p_organization_id: "organization", p_user_id: "member" }, rest: "p_role => 'viewer'" },
  create_invitation: {
    ids: { p_organization_id: "organization" },
    rest: "p_email => 'new@example.com', p_role => 'viewer'",
  },
  create_organization: { ids: {}, rest: "p_name => 'New'" },
  create_workspace: { ids: { p_organization_id: "organization" }, rest: "p_name => 'New'" },
  decline_invitation: { ids: { p_invitation_id: "invitation" } },
  delete_organization: { ids: { p_organization_id: "organization" } },
  delete_workspace: {
    ids: { p_workspace_id: "emptyWorkspace", p_move_flows_to: "workspace", p_organization_id: "organization" },
  },
  get_organization_usage: { ids: { p_organization_id: "organization" } },
  leave_organization: { ids: { p_organization_id: "organization" } },
  list_own_invitations: { ids: {} },
  remove_member: { ids: { p_organization_id: "organization", p_user_id: "member" } },
  resend_invitation: { ids: { p_invitation_id: "invitation", p_organization_id: "organization" } },
  restore_organization: { ids: { p_organization_id: "organization" } },
  revoke_invitation: { ids: { p_invitation_id: "invitation", p_organization_id: "organization" } },
  transfer_organization: { ids: { p_organization_id: "organization", p_user_id: "member" } },
  update_organization: { ids: { p_organization_id: "organization" }, rest: "p_name => 'Other'" },
  update_workspace: {
    ids: { p_workspace_id: "workspace", p_organization_id: "organization" },
    rest: "p_name => 'Other'",
  },
  signal_run: { ids: { p_run_id: "openRun" }, rest: "p_name => 'go'" },
};

/** The call as SQL; `replaced` gives other values for some ids. */
function expression(name: string, things: Things, replaced: Record<string, string> = {}): string {
  const { ids, rest } = RPCS[name]!;
  const list = Object.entries(ids).map(([parameter, thing]) =>
    `${parameter} => '${replaced[parameter] ?? things[thing]}'`
  );
  return `public.${name}(${[...list, ...(rest === undefined ? [] : [rest])].join(", ")})`;
}

function word(outcome: CallOutcome): string {
  return "ok" in outcome ? outcome.ok === null ? "null" : "ok" : outcome.code;
}

async function listFunctions(sql: postgres.Sql): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select distinct format('%s.%s', p.pronamespace::regnamespace, p.proname) as name from pg_proc p
    where p.pronamespace in ('public'::regnamespace, 'engine'::regnamespace, 'private'::regnamespace) order by 1`;
  return rows.map((row) => row.name);
}

async function executors(sql: postgres.Sql, name: string): Promise<Record<string, string>> {
  const [row] = await sql<{ by: Record<string, boolean> }[]>`select probe.executes(${name}) as by`;
  return marked(row!.by);
}

/** As expected.ts writes it. */
function marked({ anon, user, service }: Record<string, boolean>): Record<string, string> {
  return { anon: anon ? "x" : "-", user: user ? "x" : "-", service: service ? "x" : "-" };
}

Deno.test("who may execute which function, and what it answers to whom", async (test) => {
  await withDatabase(async (db) => {
    const cast = await prepareCast(db);
    await installProbe(db, cast.actors);
    const functions = await listFunctions(db.sql);
    const actor = (name: string) => cast.actors.find((candidate) => candidate.name === name)!;

    await test.step("every function has a line, every line a function", () => {
      assertEquals(functions, Object.keys(executes).toSorted());
      const rpcs = functions.filter((name) => name.startsWith("public.")).map((name) => name.slice("public.".length));
      assertEquals(rpcs, Object.keys(calls).toSorted());
      assertEquals(rpcs, Object.keys(RPCS).toSorted());
    });
    await test.step("schemas may be used as the table says, and nothing be created in them", () =>
      checkSchemas(db.sql));
    await test.step("functions may be executed as the table says", async () => {
      const found: Record<string, Record<string, string>> = {};
      for (const name of functions) found[name] = await executors(db.sql, name);
      assertEquals(found, executes);
    });
    await test.step("a call by a role without the privilege is refused", async () => {
      for (const name of functions) {
        for (const [role, caller] of Object.entries({ anon: "anon", user: "owner", service: "service" })) {
          const outcome = await callBare(db.sql, actor(caller), name);
          assertEquals(outcome === "deny", executes[name]![role] === "-" || !mayUse(name, role), `${name} by ${role}`);
        }
      }
    });
    await test.step("each privilege that is given too much, or taken away, is noticed", () =>
      noticesGrants(db.sql, functions));
    await test.step("each privilege on a schema that is given or taken away is noticed", () => noticesSchemas(db.sql));
    for (const [name, line] of Object.entries(calls)) {
      await test.step(`${name}() as each member`, async () => {
        for (const [member, expected] of Object.entries(line)) {
          const things = member === "suspended" ? cast.suspended : cast.a;
          assertEquals(word(await probeCall(db, actor(member), expression(name, things))), expected, member);
        }
      });
    }
    await test.step("a key with every scope is answered as an owner, or as no person; one without scope or revoked never", async () => {
      const wrong: string[] = [];
      for (const [name, line] of Object.entries(calls)) {
        const answer = async (key: string) => word(await probeCall(db, actor(key), expression(name, cast.a)));
        const expected = PEOPLE_ONLY.includes(name) ? "forbidden" : line.owner!;
        const [full, bare, revoked, foreign] = [
          await answer("key"),
          await answer("bareKey"),
          await answer("revokedKey"),
          await answer("foreignKey"),
        ];
        if (full !== expected) wrong.push(`${name} by a key: ${full}, not ${expected}`);
        if (!["forbidden", "null"].includes(bare) && !BARE_CALLS.includes(name)) {
          wrong.push(`${name} without scope: ${bare}`);
        }
        if (!["unauthorized", "forbidden", "null"].includes(revoked) && !PUBLIC_CALLS.includes(name)) {
          wrong.push(`${name} by a revoked key: ${revoked}`);
        }
        const isForeign = ["not_found", "forbidden", "null"].includes(foreign);
        if (!isForeign && !BARE_CALLS.includes(name)) {
          wrong.push(`${name} by a key of another organization: ${foreign}`);
        }
      }
      assertEquals(wrong, []);
    });
    await test.step("another tenant's id is answered as one that does not exist, whichever parameter it is", () =>
      checkStrangers(cast, (caller, text) => probeCall(db, caller, text)));
  });
});

const schemas = parseTable(SCHEMAS);

async function checkSchemas(sql: postgres.Sql): Promise<void> {
  const roles = { anon: "anon", user: "authenticated", service: "service_role" };
  for (const [schema, line] of Object.entries(schemas)) {
    for (const [column, role] of Object.entries(roles)) {
      const [row] = await sql`
        select has_schema_privilege(${role}, ${schema}, 'usage') as usable, has_schema_privilege(${role}, ${schema}, 'create') as open`;
      assertEquals([row?.usable, row?.open], [line[column] === "use", false], `${schema} by ${role}`);
    }
  }
}

function mayUse(name: string, role: string): boolean {
  return schemas[name.split(".")[0]!]![role] === "use";
}

/** Calls a function with nothing but nulls; `deny` when it was not even begun. */
async function callBare(sql: postgres.Sql, actor: Actor, name: string): Promise<string> {
  const [row] = await sql<{ text: string }[]>`
    select format('select %s(%s)', ${name}::text, (
      select string_agg(format('null::%s', t.type::regtype), ', ' order by t.place)
      from unnest(p.proargtypes::oid[]) with ordinality as t (type, place)
    )) as text
    from pg_proc p
    where p.pronamespace = split_part(${name}, '.', 1)::regnamespace and p.proname = split_part(${name}, '.', 2) limit 1`;
  return await sql.begin(async (transaction) => {
    await transaction`
      select set_config('role', ${actor.role}, true), set_config('request.jwt.claims', ${
      JSON.stringify(actor.claims)
    }, true)`;
    const [outcome] = await transaction`select probe.attempt(${row!.text}) as outcome`;
    return outcome?.outcome;
  }) as string;
}

async function noticesGrants(sql: postgres.Sql, functions: string[]): Promise<void> {
  const roles = { anon: "anon", user: "authenticated", service: "service_role" };
  const changes: [name: string, change: string][] = [];
  for (const name of functions) {
    const line = executes[name]!;
    for (const [column, role] of Object.entries(roles)) {
      const verb = line[column] === "x" ? ["revoke", "from"] : ["grant", "to"];
      changes.push([name, `${verb[0]} execute on routine %s ${verb[1]} ${role}`]);
    }
    if (Object.values(line).includes("-")) changes.push([name, "grant execute on routine %s to public"]);
  }
  const found = await sql<{ line: Record<string, boolean> }[]>`
    select probe.executes_changed(c.name, c.change) as line
    from unnest(${changes.map(([name]) => name)}::text[], ${changes.map(([, change]) => change)}::text[])
      with ordinality as c (name, change, place)
    order by c.place`;
  const missed = changes.filter(([name], n) =>
    JSON.stringify(marked(found[n]!.line)) === JSON.stringify(executes[name])
  );
  assertEquals(missed, []);
}

async function noticesSchemas(sql: postgres.Sql): Promise<void> {
  for (const [schema, line] of Object.entries(schemas)) {
    for (const [column, role] of Object.entries({ anon: "anon", user: "authenticated", service: "service_role" })) {
      const usage = line[column] === "use"
        ? `revoke usage on schema ${schema} from`
        : `grant usage on schema ${schema} to`;
      for (const change of [`${usage} ${role}`, `grant create on schema ${schema} to ${role}`]) {
        const noticed = await undone(sql, async (transaction) => {
          await transaction.unsafe(change);
          // What everybody may use stays with the role until it is taken from everybody.
          if (change.startsWith("revoke")) await transaction.unsafe(`revoke usage on schema ${schema} from public`);
          return await checkSchemas(transaction as unknown as postgres.Sql).then(() => false, () => true);
        });
        assert(noticed, change);
      }
    }
  }
}

/** What `fn` finds in a transaction that is undone. */
async function undone<T>(sql: postgres.Sql, fn: (sql: postgres.TransactionSql) => Promise<T>): Promise<T> {
  const found: { value?: T } = {};
  const undo = new Error("undo");
  await sql.begin(async (transaction) => {
    found.value = await fn(transaction);
    throw undo;
  }).catch((error) => {
    if (error !== undo) throw error;
  });
  return found.value as T;
}

/** Both as a stranger who names what is A's, and as A's owner who names what is B's among the own. */
async function checkStrangers(
  cast: Cast,
  call: (caller: Actor, text: string) => Promise<CallOutcome>,
): Promise<void> {
  const missing = crypto.randomUUID();
  const who = (name: string) => cast.actors.find((candidate) => candidate.name === name)!;
  const attempts: [caller: Actor, own: Things, foreign: Things][] = [
    [who("owner"), cast.a, cast.b],
    [who("stranger"), cast.b, cast.a],
    [who("loner"), cast.b, cast.a],
    [who("guest"), cast.a, cast.b],
    [who("suspended"), cast.suspended, cast.a],
    [who("owner"), cast.a, cast.suspended],
    [who("key"), cast.a, cast.b],
    [who("foreignKey"), cast.b, cast.a],
    [who("bareKey"), cast.a, cast.b],
  ];
  for (const [name, { ids }] of Object.entries(RPCS)) {
    for (const [parameter, thing] of Object.entries(ids)) {
      for (const [caller, own, foreign] of attempts) {
        const other = await call(caller, expression(name, own, { [parameter]: foreign[thing] }));
        const none = await call(caller, expression(name, own, { [parameter]: missing }));
        assertEquals(other, none, `${name}(${parameter}) by ${caller.name}`);
        const refused = "ok" in other ? other.ok === null : ["not_found", "forbidden"].includes(other.code);
        assert(refused, `${name}(${parameter}) by ${caller.name} gave ${JSON.stringify(other)}`);
      }
    }
  }
}
