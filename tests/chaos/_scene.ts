/**
 * A flow with effects, branches, a join, a dead path and a retry; what it must have done at its end, whatever was killed
 * in between.
 *
 * @module
 */
import { type EngineTransport, postgresTransport } from "../../shared/engine/mod.ts";
import { EngineClient } from "../../shared/engine/mod.ts";
import { assert, assertEquals } from "../helpers/assert.ts";
import { type EffectServer, startEffectServer } from "../helpers/effect_server.ts";
import { createFlow, createTenant, drain, localProviders, readRun, startRun } from "../helpers/engine.ts";
import { draw, post, set } from "../helpers/flows.ts";
import { type TestDatabase, withDatabase } from "../helpers/postgres.ts";
import { type Child, spawnWorker } from "./_child.ts";
import type { WorkerCommand } from "./_worker.ts";

/** One database, one server, many runs. */
export interface Scene {
  db: TestDatabase;
  server: EffectServer;
  port: number;
  /** Called with each request before it is answered. */
  onEffect: ((path: string) => void | Promise<void>) | null;
  /** A run of a new tenant, not yet begun. */
  begin(): Promise<string>;
  /** A worker in a process of its own. */
  spawn(rest?: Partial<WorkerCommand>): Child;
  /** What a living worker would find: everything due is run until the run has ended. */
  finish(runId: string): Promise<void>;
}

/** Nodes whose step must be there once and completed, each with the requests that it makes when nothing goes wrong. */
const STEPS: Readonly<Record<string, number>> = {
  prep: 0,
  choose: 0,
  first: 1,
  left: 2,
  more: 0,
  right: 1,
  // Effects in a row are recorded one by one while their worker keeps the token.
  again: 1,
  both: 0,
  last: 1,
  note: 0,
  bye: 1,
  done: 0,
};

const OUTPUT = { greeting: "Hello Ada", left: "left", right: "right again", last: "last", bye: "bye" };

/** Runs `fn` in a scene. */
export async function withScene(fn: (scene: Scene) => Promise<void>): Promise<void> {
  const scene: Pick<Scene, "onEffect"> = { onEffect: null };
  const failed = new Set<string>();
  const server = startEffectServer(async ({ key, path }) => {
    await scene.onEffect?.(path);
    // The left branch fails the first time, in each run.
    if (path === "/left" && !failed.has(key)) {
      failed.add(key);
      return new Response("not now", { status: 503 });
    }
    return Response.json({ name: path.slice(1) });
  });
  const port = Number(server.host.split(":")[1]);
  try {
    await withDatabase(async (db) => {
      await fn(Object.assign(scene, { db, server, port, ...actions(db, server, port) }));
    });
  } finally {
    await server.stop();
  }
}

function actions(db: TestDatabase, server: EffectServer, port: number): Pick<Scene, "begin" | "spawn" | "finish"> {
  return {
    spawn: (rest = {}) => spawnWorker({ databaseUrl: db.url, port, ...rest }),
    async begin() {
      const tenant = await createTenant(db);
      return await startRun(db, tenant, await createFlow(db, tenant, graph(server)), { name: "Ada" });
    },
    async finish(runId) {
      const client = new EngineClient(await connect(db));
      try {
        for (let round = 0; round < 20; round++) {
          // Who is dead keeps no lease: the clock finds that out after 30 seconds, the test at once.
          await db.sql`update private.workers set expires_at = now() - interval '1 second'`;
          await client.tick();
          const { run } = await readRun(db, runId);
          if (run.status !== "queued" && run.status !== "running") return;
          await drain(client, { providers: localProviders(port) });
        }
      } finally {
        await client.close();
      }
      throw new Error(`The run ${runId} does not end`);
    },
  };
}

/** A connection of its own. */
export function connect(db: TestDatabase): Promise<EngineTransport> {
  return postgresTransport(db.url);
}

function graph(server: EffectServer) {
  const retry = { maxAttempts: 5, backoff: "fixed" as const, delaySeconds: 0, jitter: false };
  return draw(
    {
      t: ["trigger.manual"],
      prep: set({ greeting: "Hello {{ trigger.name }}" }),
      choose: ["logic.if", { config: { condition: "{{ trigger.name == 'Ada' }}" } }],
      first: post(`${server.url}/first`, { greeting: "{{ steps.prep.output.greeting }}" }),
      never: post(`${server.url}/never`),
      left: post(`${server.url}/left`, {}, { retry }),
      more: set({ name: "{{ steps.left.output.body.name }}" }),
      right: post(`${server.url}/right`),
      again: post(`${server.url}/again`, { name: "{{ steps.right.output.body.name }}" }),
      both: ["logic.merge", { config: { combine: "by_node" } }],
      last: post(`${server.url}/last`, { left: "{{ steps.both.output.more.name }}" }),
      note: set({ last: "{{ steps.last.output.body.name }}" }),
      bye: post(`${server.url}/bye`, { note: "{{ steps.note.output.last }}" }),
      done: set({
        greeting: "{{ steps.prep.output.greeting }}",
        left: "{{ steps.more.output.name }}",
        right: "{{ steps.right.output.body.name }} {{ steps.again.output.body.name }}",
        last: "{{ steps.note.output.last }}",
        bye: "{{ steps.bye.output.body.name }}",
      }),
    },
    "t>prep",
    "prep>choose",
    "choose/true>first",
    "choose/false>never",
    "first>left",
    "first>right",
    "left>more",
    "more>both",
    "right>again",
    "again>both",
    "never>both",
    "both>last",
    "last>note",
    "note>bye",
    "bye>done",
  );
}

/** Nodes whose step is recorded for good, at this moment. */
export async function committedNodes(db: TestDatabase, runId: string): Promise<string[]> {
  const { steps } = await readRun(db, runId);
  return steps.filter(({ status }) => status === "completed").map(({ node_id }) => node_id);
}

/** How often each node has asked the server. */
export function requests(server: EffectServer, runId: string): Record<string, number> {
  return Object.fromEntries(Object.keys(STEPS).map((node) => [node, server.of(runId, node).length]));
}

/**
 * Asserts that the run has completed with everything it had to do, and with nothing left over.
 *
 * @param again How many requests may have been made a second time: those whose step was not recorded yet.
 */
export async function assertFinished(scene: Scene, runId: string, again: number, what: string): Promise<void> {
  const { db, server } = scene;
  const { run, steps } = await readRun(db, runId);
  assertEquals([run.status, run.output], ["completed", OUTPUT], `${what}: ${JSON.stringify(run.error)}`);
  const completed = steps.filter(({ status }) => status === "completed").map(({ node_id }) => node_id);
  assertEquals(completed.toSorted(), Object.keys(STEPS).toSorted(), `${what}: each step once`);
  const others = new Set(
    steps.filter(({ status }) => status !== "completed").map((step) => `${step.node_id} ${step.status}`),
  );
  // The attempt that failed may have been lost with its worker: then the next one finds the server well.
  others.delete("left retried");
  assertEquals([...others], ["never skipped"], what);
  let extra = 0;
  for (const [node, expected] of Object.entries(STEPS)) {
    const asked = server.of(runId, node).length;
    assert(asked >= expected, `${what}: ${node} asked ${asked} times`);
    extra += asked - expected;
  }
  assert(extra <= again, `${what}: ${extra} requests were made again, not ${again}`);
  assertEquals(server.of(runId, "never").length, 0, what);
  const left = await db.sql`
    select 'token' as what from public.job_queue where run_id = ${runId}
    union all select 'join' from private.run_joins where run_id = ${runId}
    union all select 'worker' from private.workers`;
  assertEquals(left.map((row) => row.what), [], what);
}
