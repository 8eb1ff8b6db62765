import type { Json } from "../../shared/graph/mod.ts";
import { assertEquals } from "../helpers/assert.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { claimOne, engineOf, newWorker, result, step } from "./_engine.ts";
import { scenarios } from "./_scenarios.ts";
import { type Run, tenantWithFlow } from "./_runs.ts";
import { addMember, type Arguments, createTenant, rpc, startRun, type Tenant, unusedId } from "./_world.ts";

interface Page {
  steps: { id: string; node_id: string; attempt: number; finished_at: string; key?: string; duration_ms: number }[];
  more: boolean;
}

/** A run with `count` steps in the order n000, n001 … and a token that waits. */
async function longRun(db: TestDatabase, tenant: Tenant, flow: string, count: number): Promise<string> {
  const run = await startRun(db, tenant, flow);
  const worker = newWorker();
  const now = performance.now();
  const steps = Array.from(
    { length: count },
    (_, index) =>
      step(`n${String(index).padStart(3, "0")}`, {
        startedAt: now - count + index,
        finishedAt: now - count + index + 0.5,
      }),
  );
  const job = await claimOne(engineOf(db), worker, run);
  const move = { node: "later", reads: [], keep: false, attempt: 1, delayMs: 60_000, error: "Try again" };
  await engineOf(db).settleJobs(worker, [result(job, { steps, move })]);
  return run;
}

scenarios("reading runs", {
  "reading runs": {
    "get_run() gives the run, its first steps and where it stands": async (db) => {
      const { tenant, flow } = await tenantWithFlow(db);
      const run = await longRun(db, tenant, flow, 5);
      const got = await rpc<Run & Page>(db, tenant.user, "get_run", { p_run_id: run, p_step_limit: 3 });
      assertEquals([got.id, got.status, got.more], [run, "running", true]);
      assertEquals(got.steps.map((s) => s.id), ["n000:1", "n001:1", "n002:1"]);
      assertEquals(got.steps[0]?.duration_ms, 0.5);
      const [active] = got.active as { [key: string]: Json }[];
      assertEquals([active?.node_id, active?.status, active?.attempt, active?.last_error], [
        "later",
        "scheduled",
        2,
        "Try again",
      ]);
      const latest = await rpc<Run>(db, tenant.user, "get_latest_run", { p_flow_id: flow });
      assertEquals(latest.id, run);
    },
    "list_run_steps() pages through all of them, each once, in order": async (db) => {
      const { tenant, flow } = await tenantWithFlow(db);
      const run = await longRun(db, tenant, flow, 120);
      const seen: string[] = [];
      let from: Arguments = {};
      for (let more = true; more;) {
        const page = await rpc<Page>(db, tenant.user, "list_run_steps", {
          p_run_id: run,
          p_limit: 37,
          ...from,
        });
        seen.push(...page.steps.map((s) => s.node_id));
        const last = page.steps.at(-1)!;
        from = { p_from: last.finished_at, p_after: last.id };
        more = page.more;
      }
      assertEquals(seen, Array.from({ length: 120 }, (_, index) => `n${String(index).padStart(3, "0")}`));

      const back: string[] = [];
      for (let more = true, from: Arguments = {}; more;) {
        const args = { p_run_id: run, p_limit: 50, p_descending: true, p_status: ["completed"], ...from };
        const page = await rpc<Page>(db, tenant.user, "list_run_steps", args);
        back.push(...page.steps.map((s) => s.node_id));
        const last = page.steps.at(-1)!;
        from = { p_from: last.finished_at, p_after: last.id };
        more = page.more;
      }
      assertEquals(back, seen.toReversed());
      const one = await rpc<Page>(db, tenant.user, "list_run_steps", { p_run_id: run, p_node_id: "n007" });
      assertEquals(one.steps.map((s) => s.node_id), ["n007"]);
      const none = await rpc<Page>(db, tenant.user, "list_run_steps", { p_run_id: run, p_status: ["failed"] });
      assertEquals([none.steps, none.more], [[], false]);
    },
    "pages are bounded, whatever is asked for": async (db) => {
      const { tenant, flow } = await tenantWithFlow(db);
      const run = await longRun(db, tenant, flow, 130);
      for (const [limit, expected] of [[1000, 100], [0, 1], [-5, 1]]) {
        const page = await rpc<Page>(db, tenant.user, "list_run_steps", { p_run_id: run, p_limit: limit });
        assertEquals([page.steps.length, page.more], [expected!, true]);
      }
    },
    "get_run_progress() gives what was not seen": async (db) => {
      const { tenant, flow } = await tenantWithFlow(db);
      const run = await longRun(db, tenant, flow, 6);
      const first = await rpc<Page>(db, tenant.user, "get_run_progress", { p_run_id: run, p_limit: 4 });
      assertEquals(first.steps.map((s) => s.node_id), ["n000", "n001", "n002", "n003"]);
      const seen = first.steps.map((s) => s.key!);
      const rest = await rpc<Page>(db, tenant.user, "get_run_progress", { p_run_id: run, p_seen: seen });
      assertEquals([rest.steps.map((s) => s.node_id), rest.more], [["n004", "n005"], false]);
    },
    "a run that is another's, or nobody's, is null": async (db) => {
      const { tenant, flow } = await tenantWithFlow(db);
      const run = await longRun(db, tenant, flow, 1);
      const stranger = await createTenant(db);
      const guest = await addMember(db, tenant.organizationId, "guest");
      for (const user of [stranger.user, guest]) {
        for (const name of ["get_run", "list_run_steps", "get_run_progress"]) {
          assertEquals(await rpc(db, user, name, { p_run_id: run }), null);
          assertEquals(await rpc(db, user, name, { p_run_id: unusedId() }), null);
        }
        assertEquals(await rpc(db, user, "get_latest_run", { p_flow_id: flow }), null);
      }
    },
  },
});
