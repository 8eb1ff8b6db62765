/**
 * `kill -9` of a worker's process before and after every statement of a run, and in the middle of every effect: the run
 * finishes, nothing that was recorded is done again, nothing is lost, nothing is left.
 *
 * @module
 */
import type { EngineFunction } from "../../shared/engine/mod.ts";
import { assert, assertEquals } from "../helpers/assert.ts";
import type { Child } from "./_child.ts";
import { assertFinished, committedNodes, requests, type Scene, withScene } from "./_scene.ts";

/** Claims are polled: the first few matter, the others find nothing. */
const CLAIMS = 3;

/** Every request of a run: path, and which one of it. */
const EFFECTS: readonly [string, number][] = [
  ["/first", 1],
  ["/left", 1],
  ["/left", 2],
  ["/right", 1],
  ["/again", 1],
  ["/last", 1],
  ["/bye", 1],
];

/** Lets a worker die, another one finish, and looks at what was done. */
async function killAndFinish(scene: Scene, what: string, runId: string, child: Child): Promise<boolean> {
  const { killed } = await child.end;
  const recorded = await committedNodes(scene.db, runId);
  const before = requests(scene.server, runId);
  await scene.finish(runId);
  const after = requests(scene.server, runId);
  for (const node of recorded) assertEquals(after[node], before[node], `${what}: ${node} was recorded and done again`);
  // Both branches may have been under way.
  await assertFinished(scene, runId, 2, what);
  return killed;
}

Deno.test("a worker that lives counts the statements of a run", () =>
  withScene(async (scene) => {
    const runId = await scene.begin();
    const { report } = await scene.spawn().end;
    await assertFinished(scene, runId, 0, "no fault");
    assertEquals(report?.report.lost, 0);
    assertEquals([report?.counts.load_plans, report?.counts.store_plan, report?.counts.release_worker], [1, 1, 1]);
  }));

Deno.test("kill -9 before and after every statement", () =>
  withScene(async (scene) => {
    const calm = await scene.begin();
    const { report } = await scene.spawn().end;
    await assertFinished(scene, calm, 0, "no fault");
    const settles = report?.counts.settle_jobs ?? 0;
    assert(settles >= 4, `${settles} settles`);
    const counts: [EngineFunction, number][] = [
      ["claim_jobs", CLAIMS],
      ["load_plans", 1],
      ["store_plan", 1],
      // Batches differ from run to run: a settle more or less may be needed.
      ["settle_jobs", settles],
      ["release_worker", 1],
    ];
    let killed = 0;
    let points = 0;
    for (const [name, count] of counts) {
      for (let nth = 1; nth <= count; nth++) {
        for (const when of ["before", "after"] as const) {
          const runId = await scene.begin();
          const what = `kill -9 ${when} ${name} ${nth}`;
          points++;
          if (await killAndFinish(scene, what, runId, scene.spawn({ fault: { name, nth, when } }))) killed++;
        }
      }
    }
    assert(killed >= points - 4, `${killed} of ${points} workers were killed`);
  }));

Deno.test("kill -9 in the middle of every effect", () =>
  withScene(async (scene) => {
    for (const [path, nth] of EFFECTS) {
      const runId = await scene.begin();
      const child = scene.spawn();
      let count = 0;
      scene.onEffect = (asked) => {
        if (asked === path && ++count === nth) child.signal("SIGKILL");
      };
      assert(await killAndFinish(scene, `kill -9 in ${path} ${nth}`, runId, child));
      scene.onEffect = null;
    }
  }));
