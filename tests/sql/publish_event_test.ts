import { EVENT_TYPE_NAMES, EVENT_TYPES } from "../../shared/webhooks_out/mod.ts";
import { assert, assertEquals } from "../helpers/assert.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { scenarios } from "./_scenarios.ts";
import { createTenant } from "./_world.ts";

async function subscribe(db: TestDatabase, organizationId: string, types: string[]): Promise<string> {
  const [row] = await db.sql`
    insert into public.webhook_subscriptions (organization_id, url, event_types)
    values (${organizationId}, 'https://example.com/hooks', ${types}) returning id`;
  return row?.id;
}

async function messages(db: TestDatabase, organizationId: string) {
  const rows = await db.sql`
    select type, data, order_key from public.webhook_messages where organization_id = ${organizationId} order by id`;
  return rows.map(({ type, data, order_key }) => ({ type, data, order_key }));
}

async function jobs(db: TestDatabase, organizationId: string): Promise<number> {
  const [row] = await db.sql`
    select count(*)::int as n from public.job_queue where organization_id = ${organizationId} and type = 'webhook.send_on'`;
  return row?.n;
}

scenarios("events out", {
  "private.publish_event()": {
    "keeps nothing when nobody has subscribed to the type": async (db) => {
      const { organizationId } = await createTenant(db);
      await db.sql`select private.publish_event(${organizationId}, 'invoice.paid', '{"id": "in_1"}')`;
      await subscribe(db, organizationId, ["run.failed"]);
      await db.sql`select private.publish_event(${organizationId}, 'invoice.paid', '{"id": "in_1"}')`;
      assertEquals([await messages(db, organizationId), await jobs(db, organizationId)], [[], 0]);
    },
    "keeps an event once, however many are told, and calls one job a transaction": async (db) => {
      const { organizationId } = await createTenant(db);
      await subscribe(db, organizationId, ["invoice.paid"]);
      await subscribe(db, organizationId, ["*"]);
      await db.sql.begin(async (sql) => {
        await sql`select private.publish_event(${organizationId}, 'invoice.paid', '{"id": "in_1"}', 'in_1')`;
        await sql`select private.publish_event(${organizationId}, 'invoice.paid', '{"id": "in_2"}')`;
      });
      assertEquals(await messages(db, organizationId), [
        { type: "invoice.paid", data: { id: "in_1" }, order_key: "in_1" },
        { type: "invoice.paid", data: { id: "in_2" }, order_key: null },
      ]);
      assertEquals(await jobs(db, organizationId), 1);
      await db.sql`select private.publish_event(${organizationId}, 'invoice.paid', '{"id": "in_3"}')`;
      assertEquals(await jobs(db, organizationId), 2);
    },
    "is undone with its transaction, the job's call of a savepoint too": async (db) => {
      const { organizationId } = await createTenant(db);
      await subscribe(db, organizationId, ["*"]);
      await db.sql.begin(async (sql) => {
        await sql.savepoint(async (inner) => {
          await inner`select private.publish_event(${organizationId}, 'invoice.paid', '{"id": "in_1"}')`;
          throw new Error("undo");
        }).catch(() => {});
        await sql`select private.publish_event(${organizationId}, 'invoice.paid', '{"id": "in_2"}')`;
      });
      assertEquals([(await messages(db, organizationId)).length, await jobs(db, organizationId)], [1, 1]);
    },
    "knows the types of the catalogue and no other": async (db) => {
      const { organizationId } = await createTenant(db);
      await subscribe(db, organizationId, [...EVENT_TYPE_NAMES]);
      for (const { type, example } of EVENT_TYPES) {
        await db.sql`select private.publish_event(${organizationId}, ${type}, ${example as never}::jsonb)`;
      }
      assertEquals((await messages(db, organizationId)).map(({ type }) => type), [...EVENT_TYPE_NAMES]);
      let message = "";
      await db.sql`select private.publish_event(${organizationId}, 'invoice.payed', '{}')`.catch((error) => {
        message = String(error);
      });
      assert(message.includes("no event type invoice.payed"), message);
      const [list] = await db.sql`
      select pg_get_constraintdef(oid) as text from pg_constraint where conname = 'event_types_are_known'`;
      const known = [...String(list?.text).matchAll(/'([a-z_]+\.[a-z_]+)'/g)].map((match) => match[1]);
      assertEquals(known, [...EVENT_TYPE_NAMES]);
    },
    "passes over a subscription that is disabled": async (db) => {
      const { organizationId } = await createTenant(db);
      const id = await subscribe(db, organizationId, ["*"]);
      await db.sql`
      update public.webhook_subscriptions set status = 'disabled', disabled_reason = 'gone', disabled_at = now()
      where id = ${id}`;
      await db.sql`select private.publish_event(${organizationId}, 'invoice.paid', '{"id": "in_1"}')`;
      assertEquals(await messages(db, organizationId), []);
    },
  },
});

Deno.test("the catalogue's examples fit its schemas", () => {
  for (const { type, data, example } of EVENT_TYPES) {
    const result = data.strict().safeParse(example);
    assert(result.success, `${type}: ${result.error}`);
  }
});
