/**
 * A worker that stood still until its lease was gone: another one finishes its run, and when it wakes up it writes
 * nothing.
 *
 * @module
 */
import { assert, assertEquals, fail } from "../helpers/assert.ts";
import type { Child } from "./_child.ts";
import { assertFinished, type Scene, withScene } from "./_scene.ts";

/** Every row that a worker writes, with the transaction that wrote it. */
async function rowsOf({ db }: Scene): Promise<string[]> {
  const rows = await db.sql`
    select 'run' as what, xmin::text as writer, to_jsonb(r) as row from public.runs r
    union all select 'step', xmin::text, to_jsonb(s) from public.run_steps s
    union all select 'token', xmin::text, to_jsonb(j) from public.job_queue j
    union all select 'join', xmin::text, to_jsonb(g) from private.run_joins g
    union all select 'worker', xmin::text, to_jsonb(w) from private.workers w`;
  return rows.map((row) => JSON.stringify(row)).toSorted();
}

/** Lets a worker fall asleep in an effect, another one finish, and wakes the first one up. */
async function sleepIn(scene: Scene, path: string, heartbeatMs: number): Promise<void> {
  const runId = await scene.begin();
  const child = scene.spawn({ heartbeatMs });
  try {
    await sleepAndWake(scene, runId, child, { path, mustLose: heartbeatMs > 1_000 });
  } finally {
    scene.onEffect = null;
    child.signal("SIGKILL");
    await child.end;
  }
}

async function sleepAndWake(
  scene: Scene,
  runId: string,
  child: Child,
  { path, mustLose }: { path: string; mustLose: boolean },
): Promise<void> {
  const what = `asleep in ${path}`;
  const asleep = Promise.withResolvers<void>();
  const awake = Promise.withResolvers<void>();
  let count = 0;
  scene.onEffect = async (asked) => {
    if (asked !== path || ++count > 1) return;
    child.signal("SIGSTOP");
    asleep.resolve();
    // The answer waits in the socket until the worker wakes up.
    await awake.promise;
  };
  await Promise.race([asleep.promise, child.end.then(() => fail(`${what}: the worker ended before`))]);
  await scene.finish(runId);
  await assertFinished(scene, runId, 2, what);
  const before = await rowsOf(scene);

  awake.resolve();
  assert(child.signal("SIGCONT"));
  const { report } = await child.end;
  assertEquals(await rowsOf(scene), before, `${what}: it wrote`);
  // Told by its heartbeat it gives up; otherwise it learns from what it cannot settle.
  if (mustLose) assert((report?.report.lost ?? 0) > 0, what);
}

Deno.test("a worker that lost its lease writes nothing, whichever step it was in", () =>
  withScene(async (scene) => {
    for (const path of ["/first", "/right", "/again", "/last", "/bye"]) await sleepIn(scene, path, 60_000);
  }));

Deno.test("a worker learns from its heartbeat that its lease is gone", () =>
  withScene(async (scene) => {
    await sleepIn(scene, "/last", 50);
  }));
