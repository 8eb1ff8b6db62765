import { assert, assertEquals } from "../helpers/assert.ts";
import { runFlows } from "./flows.ts";
import { ANSWERED } from "./flows/scenarios.ts";

Deno.test("the benchmark of flows finishes every run, and a kill -9 loses and repeats no effect", async () => {
  const sizes = { rounds: 1, single: 2, many: 10, burst: 20, crash: 8, effectMs: 20 };
  const [millrace, ...others] = await runFlows({ sizes, systems: ["millrace"], inHaste: true });
  assertEquals(others, []);
  assertEquals(Object.keys(millrace?.answered ?? {}), ANSWERED.map(({ id }) => id));
  assert(millrace !== undefined && millrace.burst.finishedPerSecond > 0);
  const { secondsToRecover: _, repeatedSteps: __, ...rest } = millrace.crash;
  const expected = { acknowledged: 8, completed: 8, failed: 0, stuck: 0, lost: 0, effects: 80, expectedEffects: 80 };
  assertEquals(rest, expected);
});
