/**
 * The short selection of `deno task chaos`: the same scenarios with fewer rounds. `CHAOS_SEED` repeats one.
 *
 * @module
 */
import { assertEquals } from "../helpers/assert.ts";
import { randomOf } from "../integration/_random.ts";
import { startChaosPostgres } from "./_chaos_postgres.ts";
import { SCENARIOS } from "./_scenarios.ts";

/** Scenarios that take little time. The others wait for leases and time-outs as long as they are. */
const SHORT = ["crash", "cut", "freeze", "clock", "version", "migrate"];

Deno.test({
  name: "chaos: what deno task chaos proves, in short",
  // The drivers of the platform's stand-ins reconnect by themselves: a socket of theirs may be opening at the end.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn(test) {
    const seed = Number(Deno.env.get("CHAOS_SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0]);
    const postgres = await startChaosPostgres();
    try {
      for (const { name, about, run } of SCENARIOS.filter((scenario) => SHORT.includes(scenario.name))) {
        await test.step(about, async () => {
          const { faults, injected } = await run({ postgres, random: randomOf(seed), short: true });
          assertEquals(faults, [], `CHAOS_SEED=${seed} deno task chaos ${name}: ${injected}`);
        });
      }
    } finally {
      await postgres.stop();
    }
  },
});
