import { assertEquals } from "../helpers/assert.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { scenarios } from "./_scenarios.ts";
import { waitingRun } from "./_waits.ts";
import { addMember, createTenant, rpc, service, type Tenant } from "./_world.ts";

interface ApprovalRequest {
  key: string;
  organization_id: string;
  data: Record<string, unknown>;
  to: string[];
}

const requestOf = async (db: TestDatabase, run: string, node = "wait") =>
  await service(db, "get_approval_request", { p_run_id: run, p_node_id: node }) as unknown as ApprovalRequest | null;

/** A tenant with a member of each role, by role. */
async function team(db: TestDatabase) {
  const tenant = await createTenant(db);
  const people: Record<string, string> = { owner: tenant.user.email };
  for (const role of ["admin", "developer", "member", "viewer", "guest"] as const) {
    people[role] = (await addMember(db, tenant.organizationId, role)).email;
  }
  return { tenant, people };
}

const ask = (db: TestDatabase, tenant: Tenant, approvers?: Record<string, string[]>) =>
  waitingRun(db, {
    kind: "approval",
    data: { title: "Refund 250?", description: "It came back", ...(approvers && { approvers }) },
  }, {
    tenant,
  });

scenarios("mails about approvals", {
  "a step that begins to wait for a person": {
    "calls one job that tells who may decide": async (db) => {
      const { tenant, people } = await team(db);
      const { run } = await ask(db, tenant, { roles: ["admin", "member"], user_ids: [] });
      await waitingRun(db, { kind: "signal", name: "paid" }, { tenant });
      const jobs = await db.sql`select payload from public.job_queue where type = 'approval.mail'`;
      assertEquals(jobs.map(({ payload }) => payload), [{ run_id: run, node_id: "wait", scope: "" }]);
      const request = await requestOf(db, run);
      assertEquals(request?.to, [people["admin"], people["member"]].sort());
      const { question, link, run_id, asked_by, on_expiry } = request!.data;
      assertEquals({ question, link, run_id, asked_by, on_expiry }, {
        question: "Refund 250?\nIt came back",
        link: `/runs/${run}`,
        run_id: run,
        asked_by: tenant.user.email,
        on_expiry: "The run ends as failed.",
      });
    },
    "tells owners and admins where nobody is named, and nobody who may not run flows": async (db) => {
      const { tenant, people } = await team(db);
      const { run } = await ask(db, tenant);
      assertEquals((await requestOf(db, run))?.to, [people["admin"], people["owner"]].sort());
      const named = await ask(db, tenant, { roles: ["viewer", "guest"], user_ids: [tenant.user.id] });
      assertEquals((await requestOf(db, named.run))?.to, [people["owner"]]);
    },
    "tells nobody once it is decided, and fills no inbox": async (db) => {
      const { tenant } = await team(db);
      const decided = await ask(db, tenant);
      await rpc(db, tenant.user, "decide_step", {
        p_run_id: decided.run,
        p_node_id: "wait",
        p_decision: { decision: "approved" },
      });
      assertEquals(await requestOf(db, decided.run), null);
      assertEquals(await requestOf(db, crypto.randomUUID()), null);
      const { run } = await ask(db, tenant);
      await db.sql`
        select private.send_mail(${tenant.organizationId}, 'approval_request', 'a@example.com', '{}', ${run} || ':wait:' || n)
        from generate_series(1, 100) n`;
      assertEquals(await requestOf(db, run), null);
    },
  },
});
