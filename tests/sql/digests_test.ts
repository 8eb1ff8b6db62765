import { assertEquals } from "../helpers/assert.ts";
import type { JsonObject } from "../../shared/graph/mod.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { scenarios } from "./_scenarios.ts";
import { addMember, assertFails, createFlow, createTenant, rpc, service, type Tenant } from "./_world.ts";

/** A Monday, shortly after midnight UTC. */
const MONDAY = "2027-03-08T00:35:00Z";
const NIL = "00000000-0000-0000-0000-000000000000";

interface Figures {
  runs: number;
  failed?: number;
  p95?: number;
}

/** What the task analytics-daily would have rolled up of a day. */
async function rollUp(
  db: TestDatabase,
  tenant: Tenant,
  flow: string,
  day: string,
  { runs, failed = 0, p95 = 10 }: Figures,
) {
  for (const id of [flow, NIL]) {
    await db.sql`
      insert into public.analytics_daily (organization_id, flow_id, day, runs, completed, failed, cancelled, compensated,
        compensation_failed, unfinished, p95_ms, steps)
      values (${tenant.organizationId}, ${id}, ${day}, ${runs}, ${runs - failed}, ${failed}, 0, 0, 0, 0, ${p95}, ${
      runs * 2
    })`;
  }
}

const settle = (db: TestDatabase, tenant: Tenant, changes: JsonObject) =>
  rpc<{ digest: string; version: number }>(db, tenant.user, "update_mail_settings", {
    p_organization_id: tenant.organizationId,
    p_changes: changes,
  });

const queue = async (db: TestDatabase, now: string) =>
  await service(db, "queue_digests", {}, { now }) as unknown as { queued: number };

const digestOf = async (db: TestDatabase, { organizationId }: Tenant, day: string, period = "day") =>
  await service(db, "get_digest", { p_organization_id: organizationId, p_day: day, p_period: period }) as unknown as
    | Record<string, unknown>
    | null;

/** The digests that wait: of whom, of what, from when on. */
async function waiting(db: TestDatabase, { organizationId }: Tenant) {
  const rows = await db.sql`
    select payload ->> 'day' as day, payload ->> 'period' as period, to_char(scheduled_for at time zone 'UTC', 'YYYY-MM-DD HH24:MI') as due
    from public.job_queue where type = 'digest.mail' and organization_id = ${organizationId} order by payload ->> 'day'`;
  return rows.map(({ day, period, due }) => [day, period, due]);
}

scenarios("digests", {
  "engine.queue_digests()": {
    "queues the week's once, on Mondays, for who had runs": async (db) => {
      const [ada, idle] = [await createTenant(db), await createTenant(db)];
      const flow = await createFlow(db, ada);
      await rollUp(db, ada, flow, "2027-03-03", { runs: 5 });
      await rollUp(db, idle, await createFlow(db, idle), "2027-02-28", { runs: 5 });
      await queue(db, "2027-03-05T00:35:00Z");
      assertEquals(await waiting(db, ada), []);
      assertEquals((await queue(db, MONDAY)).queued, 1);
      assertEquals((await queue(db, MONDAY)).queued, 0);
      assertEquals((await queue(db, "2027-03-10T00:35:00Z")).queued, 0);
      assertEquals(await waiting(db, ada), [["2027-03-07", "week", "2027-03-08 07:00"]]);
      assertEquals(await waiting(db, idle), []);
    },
    "makes good what the clock has missed, until Wednesday": async (db) => {
      const ada = await createTenant(db);
      await rollUp(db, ada, await createFlow(db, ada), "2027-03-03", { runs: 5 });
      assertEquals((await queue(db, "2027-03-11T00:35:00Z")).queued, 0);
      assertEquals((await queue(db, "2027-03-10T12:00:00Z")).queued, 1);
      assertEquals(await waiting(db, ada), [["2027-03-07", "week", "2027-03-10 12:00"]]);
    },
    "waits for the morning of each time zone, and for no night": async (db) => {
      const flows: Record<string, [string, string]> = {
        // Zone → when the task ran, when the mail is due.
        "America/Los_Angeles": [MONDAY, "2027-03-08 15:00"],
        "Europe/Berlin": [MONDAY, "2027-03-08 06:00"],
        "Asia/Kolkata": [MONDAY, "2027-03-08 01:30"],
        "Asia/Tokyo": [MONDAY, "2027-03-08 00:35"],
        "Pacific/Auckland": [MONDAY, "2027-03-08 00:35"],
      };
      for (const [zone, [now, due]] of Object.entries(flows)) {
        const tenant = await createTenant(db);
        await settle(db, tenant, { time_zone: zone });
        await rollUp(db, tenant, await createFlow(db, tenant), "2027-03-03", { runs: 1 });
        await queue(db, now);
        assertEquals([zone, await waiting(db, tenant)], [zone, [["2027-03-07", "week", due]]]);
      }
      // Late in the evening there: the next morning.
      const late = await createTenant(db);
      await settle(db, late, { time_zone: "Pacific/Auckland" });
      await rollUp(db, late, await createFlow(db, late), "2027-03-03", { runs: 1 });
      await queue(db, "2027-03-08T09:00:00Z");
      assertEquals(await waiting(db, late), [["2027-03-07", "week", "2027-03-08 18:00"]]);
    },
    "follows what an organization wants: each day, or none": async (db) => {
      const ada = await createTenant(db);
      const flow = await createFlow(db, ada);
      for (const day of ["2027-03-02", "2027-03-03", "2027-03-07"]) await rollUp(db, ada, flow, day, { runs: 1 });
      assertEquals((await settle(db, ada, { digest: "day" })).digest, "day");
      await queue(db, "2027-03-03T00:35:00Z");
      await queue(db, "2027-03-05T00:35:00Z");
      assertEquals(await waiting(db, ada), [["2027-03-02", "day", "2027-03-03 07:00"]]);
      assertEquals((await settle(db, ada, { digest: "off" })).digest, "off");
      await queue(db, MONDAY);
      assertEquals((await waiting(db, ada)).length, 1);
      assertEquals((await digestOf(db, ada, "2027-03-02"))?.["to"], []);
      assertEquals((await settle(db, ada, { digest: "week" })).digest, "week");
      await queue(db, MONDAY);
      assertEquals((await waiting(db, ada)).map(([day, period]) => [day, period]), [
        ["2027-03-02", "day"],
        ["2027-03-07", "week"],
      ]);
    },
  },
  "engine.get_digest()": {
    "adds up the organization's own week, beside the week before": async (db) => {
      const [ada, other] = [await createTenant(db), await createTenant(db)];
      const [slow, bad] = [await createFlow(db, ada), await createFlow(db, ada)];
      await db
        .sql`update public.flows set name = case id when ${slow} then 'Slow' else 'Bad' end where id in (${slow}, ${bad})`;
      await rollUp(db, ada, slow, "2027-03-01", { runs: 10, p95: 9_000 });
      await db
        .sql`update public.analytics_daily set runs = 30, completed = 24, failed = 6 where flow_id = ${NIL} and day = '2027-03-01'`;
      await db.sql`
        insert into public.analytics_daily (organization_id, flow_id, day, runs, completed, failed, cancelled, compensated,
          compensation_failed, unfinished, p95_ms, steps)
        values (${ada.organizationId}, ${bad}, '2027-03-01', 20, 14, 6, 0, 0, 0, 0, 5, 40)`;
      await rollUp(db, ada, slow, "2027-03-07", { runs: 2, p95: 100 });
      await rollUp(db, ada, slow, "2027-02-28", { runs: 16 });
      await rollUp(db, other, await createFlow(db, other), "2027-03-03", { runs: 1_000, failed: 1_000 });
      const digest = await digestOf(db, ada, "2027-03-07", "week");
      const { from, to_day, runs, completed, failed, success_rate, runs_before, failing, slowest, to } = digest!;
      assertEquals(
        { from, to_day, runs, completed, failed, success_rate, runs_before, failing, slowest, to },
        {
          from: "2027-03-01",
          to_day: "2027-03-07",
          runs: 32,
          completed: 26,
          failed: 6,
          success_rate: 0.8125,
          runs_before: 16,
          failing: [{ name: "Bad", runs: 20, failed: 6 }],
          slowest: [{ name: "Slow", runs: 12, p95_ms: 9_000 }, { name: "Bad", runs: 20, p95_ms: 5 }],
          to: [ada.user.email],
        },
      );
    },
    "says nothing of a week without runs": async (db) => {
      const ada = await createTenant(db);
      assertEquals(await digestOf(db, ada, "2027-03-07", "week"), null);
    },
  },
  "public.update_mail_settings()": {
    "takes what is in order, for who may write mails, and counts versions": async (db) => {
      const ada = await createTenant(db);
      const developer = await addMember(db, ada.organizationId, "developer");
      assertEquals((await settle(db, ada, {})).version, 2);
      const brand = {
        name: "Acme",
        logo_url: "https://acme.example/logo.png",
        color: "#7A3CFF",
        reply_to: "help@acme.example",
      };
      const settings = await settle(db, ada, { time_zone: "Europe/Berlin", brand }) as Record<string, unknown>;
      assertEquals(settings["brand"], { ...brand, color: "#7a3cff" });
      assertEquals(((await settle(db, ada, { brand: { logo_url: null } })) as Record<string, unknown>)["brand"], {
        ...brand,
        color: "#7a3cff",
        logo_url: null,
      });
      for (
        const bad of [
          { digest: "hourly" },
          { digest: null },
          { time_zone: "Europe/Atlantis" },
          { time_zone: "'; drop table x" },
          { brand: { name: "" } },
          { brand: { name: "a\r\nBcc: b@example.com" } },
          { brand: { name: "<b>" } },
          { brand: { logo_url: "http://acme.example/logo.png" } },
          { brand: { logo_url: 'https://acme.example/"onload=x' } },
          { brand: { color: "red" } },
          { brand: { reply_to: "a@example.com, b@example.com" } },
          { brand: { reply_to: "a@example.com\r\nBcc: b@example.com" } },
          { brand: { font: "Comic Sans" } },
          { brand: [] },
          { other: 1 },
        ]
      ) await assertFails(settle(db, ada, bad), "invalid_request", 400);
      const args = { p_organization_id: ada.organizationId, p_changes: {} };
      await assertFails(
        rpc(db, ada.user, "update_mail_settings", { ...args, p_if_version: 1 }),
        "version_mismatch",
        412,
      );
      await assertFails(rpc(db, developer, "update_mail_settings", args), "forbidden", 403);
      const read = await rpc<{ version: number }>(db, developer, "get_mail_settings", {
        p_organization_id: ada.organizationId,
      });
      assertEquals(read.version, 4);
    },
    "is worn by mails about the organization from then on, not by those about accounts and payments": async (db) => {
      const ada = await createTenant(db);
      const looks = async (template: string, key: string) => {
        const [row] = await db.sql`
          with m as (select private.send_mail(${ada.organizationId}, ${template}, 'a@example.com', '{}', ${key}) as id)
          select id from m`;
        const [data] = await db.sql`select looks from private.mail_data where mail_id = ${row?.["id"]}`;
        return data?.["looks"];
      };
      assertEquals(await looks("alert", "1"), null);
      await settle(db, ada, { time_zone: "Asia/Tokyo", brand: { name: "Acme" } });
      const brand = { name: "Acme", logo_url: null, color: null, reply_to: null };
      assertEquals([await looks("alert", "2"), await looks("receipt", "1")], [
        { time_zone: "Asia/Tokyo", brand },
        { time_zone: "Asia/Tokyo" },
      ]);
      // What waits already stays as it was asked for.
      await settle(db, ada, { brand: { name: "Other" } });
      interface Batch {
        mails: { template: string; looks: { brand?: { name: string } } | null }[];
      }
      const { mails } = await service(db, "claim_mails", { p_provider: "resend" }) as unknown as Batch;
      assertEquals(mails.filter(({ template }) => template === "alert").map((mail) => mail.looks?.brand?.name), [
        undefined,
        "Acme",
      ]);
    },
  },
});
