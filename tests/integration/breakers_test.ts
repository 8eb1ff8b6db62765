/**
 * What work does while a service outside is down.
 *
 * @module
 */
import { z } from "zod";
import { BreakerHints, EngineClient, postgresTransport } from "../../shared/engine/mod.ts";
import type { Env } from "../../shared/env/mod.ts";
import { createJobRunner, defineJob, JobRegistry } from "../../shared/jobs/mod.ts";
import { createLog } from "../../shared/log/mod.ts";
import { Breakers, NodeError, type Providers } from "../../shared/providers/mod.ts";
import { assert, assertEquals } from "../helpers/assert.ts";
import { createWorker, localProviders, readRun } from "../helpers/engine.ts";
import { draw } from "../helpers/flows.ts";
import { withDatabase } from "../helpers/postgres.ts";
import { begin, brief, mail, mailing, withEngine } from "./_play.ts";

const LOG = createLog("test");

/** Opens after two failures, for a moment. */
function quickBreakers(openMs = 100): Breakers {
  return new Breakers({ minCalls: 2, openMs, random: () => 0 });
}

const DOWN = new NodeError("Resend is down", { code: "provider_error", retryable: true });

/** An e-mail service that is down until told otherwise. */
function moody(): { providers: Providers; sent: string[]; state: { isDown: boolean } } {
  const sent: string[] = [];
  const state = { isDown: true };
  const providers = mailing((_, key) => {
    sent.push(key);
    return state.isDown ? Promise.reject(DOWN) : Promise.resolve({ id: "1" });
  });
  return { providers, sent, state };
}

Deno.test("steps wait for a service that is down, without using up their attempts", () =>
  withEngine(async (db, client) => {
    const { providers, sent, state } = moody();
    const breakers = quickBreakers(1_000);
    const retry = { maxAttempts: 2, backoff: "fixed" as const, delaySeconds: 0, maxDelaySeconds: 1, jitter: false };
    const graph = draw({ t: ["trigger.manual"], a: mail({ retry }) }, "t>a");
    // Two others find out that it is down.
    for (let each = 0; each < 2; each++) {
      await breakers.guard(providers, "x").email.send({ to: [], subject: "" }, { idempotencyKey: "x" }).catch(() => {});
    }
    const { runId } = await begin(db, graph);
    const work = (idleMs: number) => createWorker(client, { providers, breakers }).drain({ idleMs, pollMs: 10 });
    await work(100);
    assertEquals([sent, (await readRun(db, runId)).steps], [["x", "x"], []]);
    const [token] = await db.sql`
      select status, attempts, error_message, scheduled_for > now() as later from public.job_queue where run_id = ${runId}`;
    const error_message = "resend is not available at the moment".replace("resend", "test");
    assertEquals({ ...token }, { status: "available", attempts: 0, error_message, later: true });
    state.isDown = false;
    await work(2_000);
    const { run, steps } = await readRun(db, runId);
    assertEquals([run.status, brief(steps)], ["completed", ["a completed"]]);
    assertEquals(sent.length, 3);
  }));

Deno.test("a step that its run can not wait for fails, as its settings say", () =>
  withEngine(async (db, client) => {
    const { providers } = moody();
    const breakers = quickBreakers();
    breakers.get("email:test").learn(200_000);
    const graph = draw({ t: ["trigger.manual"], a: mail() }, "t>a");
    const { runId } = await begin(db, graph);
    await db.sql`update public.job_queue set deadline_at = now() + interval '30 seconds' where run_id = ${runId}`;
    await createWorker(client, { providers, breakers }).drain({ idleMs: 0, pollMs: 10 });
    const { run } = await readRun(db, runId);
    assertEquals([run.status, run.error?.code], ["failed", "provider_unavailable"]);
  }));

Deno.test("jobs wait for the service that they can not do without, and are not run meanwhile", () =>
  withDatabase(async (db) => {
    const client = new EngineClient(await postgresTransport(db.url));
    const breakers = quickBreakers();
    breakers.get("email:test").learn(400);
    let runs = 0;
    const job = defineJob({
      type: "test.mail",
      summary: "A test.",
      payload: z.unknown(),
      provider: "email:test",
      run: (_, { breaker }) => [++runs, breaker?.facts.state],
    });
    const registry = new JobRegistry([["test.mail", () => Promise.resolve(job)]]);
    const jobs = createJobRunner({ env: {} as Env, providers: localProviders(), log: LOG, breakers, registry });
    const [made] = await client.enqueueJobs([{ type: "test.mail", max_attempts: 1 }]);
    await createWorker(client, { jobs, breakers }).drain({ idleMs: 50, pollMs: 10 });
    const [waiting] = await db.sql`select attempts, error_message from public.job_queue where id = ${made?.id ?? ""}`;
    assertEquals([runs, waiting?.attempts, waiting?.error_message], [
      0,
      0,
      "email:test is not available at the moment",
    ]);
    await createWorker(client, { jobs, breakers }).drain({ idleMs: 2_500, pollMs: 10 });
    const [done] = await db.sql`select status, attempts, result from public.job_history`;
    assertEquals({ ...done }, { status: "completed", attempts: 1, result: [1, "open"] });
    await client.close();
  }));

Deno.test("isolates tell each other which services are down, and which are well again", () =>
  withDatabase(async (db) => {
    const client = new EngineClient(await postgresTransport(db.url));
    const [one, two, three] = [quickBreakers(60_000), quickBreakers(), quickBreakers()];
    const [, other, late] = [one, two, three].map((breakers) => new BreakerHints(breakers, client, LOG));
    const { providers } = moody();
    const down = async () => {
      await one.guard(providers, "x").email.send({ to: [], subject: "" }, { idempotencyKey: "x" }).catch(() => {});
    };
    await down();
    await down();
    const rows = async () =>
      (await db.sql`select key, calls, failures, open_until > now() as is_open from private.provider_breakers`)
        .map((row) => ({ ...row }));
    for (let tries = 0; (await rows()).length === 0 && tries < 200; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assertEquals(await rows(), [{ key: "email:test", calls: 2, failures: 2, is_open: true }]);
    await other?.refresh();
    const waitMs = two.waitMs("email:test");
    assert(waitMs > 50_000 && waitMs <= 60_000, String(waitMs));
    // Whoever finds it well again says so, and the next ones do not wait.
    await client.shareBreakers([{ key: "email:test", state: "closed", openMs: 0, calls: 0, failures: 0 }]);
    assertEquals(await rows(), []);
    await late?.refresh();
    assertEquals(three.waitMs("email:test"), 0);
    await client.close();
  }));

Deno.test("hints of any shape do no harm", () =>
  withDatabase(async (db) => {
    const client = new EngineClient(await postgresTransport(db.url));
    const facts = { state: "open" as const, calls: 1, failures: 1 };
    const shared = await client.shareBreakers([
      { ...facts, key: "a", openMs: 1e15 },
      { ...facts, key: "b", openMs: -5 },
      { ...facts, key: "", openMs: 5_000 },
      { ...facts, key: "x".repeat(501), openMs: 5_000 },
      { ...facts, key: "a", openMs: 10 },
    ]);
    assertEquals(shared.map(({ key }) => key), ["a"]);
    assert((shared[0]?.openMs ?? 0) <= 3_600_000);
    await client.close();
  }));
