import { assert, assertEquals } from "../helpers/assert.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { keeper, PLANS } from "./_retention.ts";
import { scenarios } from "./_scenarios.ts";
import { subscribe } from "./_webhooks_out.ts";
import { createTenant, service, type Tenant } from "./_world.ts";

const NOW = "2027-06-15T12:00:00Z";

/** Events of so many days before now, each with a delivery of each subscription, and each of those with two attempts. */
async function fill(
  db: TestDatabase,
  { organizationId }: Tenant,
  subscriptions: readonly string[],
  { days, count, status = "delivered" }: { days: number; count: number; status?: string },
): Promise<void> {
  await db.sql`
    with m as (
      insert into public.webhook_messages (id, organization_id, type, data, is_sent_on, created_at)
      select private.uuid_v7(t.at), ${organizationId}, 'invoice.paid', jsonb_build_object('id', n), true, t.at
      from generate_series(1, ${count}) n,
        lateral (select ${NOW}::timestamptz - make_interval(days => ${days}) + n * interval '1 ms' as at) t
      returning id, created_at
    ), d as (
      insert into public.webhook_deliveries (
        organization_id, subscription_id, message_id, type, status, attempts, next_attempt_at, created_at, finished_at
      )
      select ${organizationId}, s.id, m.id, 'invoice.paid', ${status}, 2, case ${status} when 'pending' then m.created_at end,
        m.created_at, case ${status} when 'pending' then null else m.created_at end
      from m cross join unnest(${subscriptions as string[]}::uuid[]) as s (id)
      returning id
    )
    insert into public.webhook_attempts (delivery_id, number, organization_id, duration_ms, url, request_headers)
    select d.id, a.number, ${organizationId}, 1, 'https://example.com/hooks', '{}' from d cross join generate_series(1, 2) as a (number)`;
  // Plans of foreign keys that were made while the tables were empty go.
  await db.sql`analyze public.webhook_messages, public.webhook_deliveries, public.webhook_attempts`;
}

/** Rows that are left: events, deliveries, attempts. */
async function left(db: TestDatabase, { organizationId }: Tenant): Promise<number[]> {
  const [row] = await db.sql`
    select (select count(*)::int from public.webhook_messages where organization_id = ${organizationId}) as messages,
      (select count(*)::int from public.webhook_deliveries where organization_id = ${organizationId}) as deliveries,
      (select count(*)::int from public.webhook_attempts where organization_id = ${organizationId}) as attempts`;
  return [row?.["messages"], row?.["deliveries"], row?.["attempts"]];
}

/** Calls what the task `retention` calls, until it has nothing more to do. */
async function apply(db: TestDatabase): Promise<number[]> {
  const steps: number[] = [];
  for (let more = true; more && steps.length < 50;) {
    const step = await service<{ more: boolean; webhook_messages?: number }>(db, "apply_retention", {}, { now: NOW });
    steps.push(step.webhook_messages ?? 0);
    more = step.more;
  }
  return steps.filter((count) => count > 0);
}

scenarios("retention of webhooks that we send", {
  "private.purge_webhook_messages()": {
    "deletes what each plan lets go of, with deliveries and attempts, in batches": async (db) => {
      const kept: Record<string, number> = { free: 30, pro: 30, team: 90, enterprise: 365 };
      for (const plan of PLANS) {
        const { tenant } = await keeper(db, plan);
        const ids = [(await subscribe(db, tenant)).id, (await subscribe(db, tenant)).id];
        await fill(db, tenant, ids, { days: kept[plan]! + 1, count: 50 });
        await fill(db, tenant, ids, { days: kept[plan]! - 1, count: 20 });
        assertEquals(await left(db, tenant), [70, 140, 280]);
        await apply(db);
        assertEquals([plan, await left(db, tenant)], [plan, [20, 40, 80]]);
        assertEquals(await apply(db), []);
      }
    },
    "takes 2,000 a step, and steps until nothing is left, however many there are": async (db) => {
      const { tenant } = await keeper(db, "free");
      const subscription = await subscribe(db, tenant);
      await fill(db, tenant, [subscription.id], { days: 40, count: 5_100 });
      const other = await createTenant(db);
      await fill(db, other, [(await subscribe(db, other)).id], { days: 1, count: 10 });
      assertEquals(await apply(db), [2_000, 2_000, 1_100]);
      assertEquals([await left(db, tenant), await left(db, other)], [[0, 0, 0], [10, 10, 20]]);
    },
    "leaves what is still to be sent, unless somebody has paused it for all that time": async (db) => {
      const { tenant } = await keeper(db, "free");
      const [active, paused] = [await subscribe(db, tenant), await subscribe(db, tenant)];
      await db.sql`update public.webhook_subscriptions set status = 'paused' where id = ${paused.id}`;
      await fill(db, tenant, [active.id], { days: 40, count: 3, status: "pending" });
      await fill(db, tenant, [paused.id], { days: 40, count: 5, status: "pending" });
      assertEquals(await apply(db), [5]);
      assertEquals(await left(db, tenant), [3, 3, 6]);
    },
    "finds them by index: rows that are kept are not read": async (db) => {
      const { tenant } = await keeper(db, "free");
      const subscription = await subscribe(db, tenant);
      await fill(db, tenant, [subscription.id], { days: 1, count: 5_000 });
      await fill(db, tenant, [subscription.id], { days: 40, count: 10 });
      const scans = async () => {
        await db.sql`select pg_stat_force_next_flush()`;
        const [row] = await db.sql`
          select seq_tup_read::int as read from pg_stat_user_tables where relname = 'webhook_messages'`;
        return row?.["read"] as number;
      };
      const before = await scans();
      assertEquals(await apply(db), [10]);
      assert(await scans() - before < 1_000, "It read the whole table");
    },
  },
});
