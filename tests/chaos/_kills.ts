/**
 * `kill -9` of worker processes at every named point, under load, with leases that last as long as they do.
 *
 * @module
 */
import type { Random } from "../integration/_random.ts";
import { type Interruption, resumption } from "./_audit.ts";
import { KILL_POINTS } from "./_faults.ts";
import { judge } from "./_judge.ts";
import { type NextWorker, pause } from "./_platform.ts";
import type { Scenario } from "./_scenario.ts";
import { openWorld } from "./_world.ts";

/** Workers that are sent to die at the same time. */
const AT_ONCE = 4;

/** Calls that a worker makes often: it dies at one of the first four. */
const FREQUENT = ["settle_jobs", "finish_jobs", "effect"];

/** Longest time until all runs have ended, milliseconds. */
const LIMIT_MS = 180_000;

/** See the module. */
export const kills: Scenario = {
  name: "kill",
  about: "kill -9 of workers at every named point",
  async run({ postgres, random, short }) {
    const world = await openWorld(postgres);
    try {
      const { platform } = world;
      const left = Object.keys(KILL_POINTS).flatMap((name) => Array.from({ length: short ? 1 : 2 }, () => name));
      const wanted = left.length;
      const dead = new Set<string>();
      const killed: Interruption[] = [];
      for (let rounds = 0; left.length > 0 && rounds < wanted; rounds++) {
        let coming = 0;
        const victims = left.splice(0, AT_ONCE).map(async (name) => {
          coming++;
          const { lastWords } = await platform.start(aim(name, random)).end;
          // Who found too little to do comes again.
          if (lastWords === null) left.push(name);
          else {
            dead.add(name);
            killed.push({ at: lastWords.at, worker: lastWords.dying });
          }
          coming--;
        });
        // Until they have what they need to come to their points.
        while (coming > 0) {
          await world.start(2);
          await pause(200);
        }
        await Promise.all(victims);
      }
      await world.allEnded(LIMIT_MS);

      const { held, longestMs } = await resumption(world.db, ...killed);
      return await judge(world, {
        scenario: kills.about,
        injected: `${killed.length} kills at ${dead.size} points, ${held} leases held`,
        resumedMs: longestMs,
        faults: left.length === 0 ? [] : [`Nobody died at: ${left.join(", ")}`],
      });
    } finally {
      await world.close();
    }
  },
};

/** A worker that dies at a point. */
function aim(name: string, random: Random): NextWorker {
  const point = KILL_POINTS[name]!;
  const nth = FREQUENT.includes(point.name) ? 1 + random.below(4) : 1;
  // It comes to its release soon, and to its heartbeat.
  const budgetMs = point.name === "release_worker" ? 1_500 : 8_000;
  return { command: { fault: { ...point, nth }, heartbeatMs: 200, idleMs: 8_000, budgetMs } };
}
