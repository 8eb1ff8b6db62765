/**
 * A proxy between workers and Postgres that cuts, hangs and slows.
 *
 * @module
 */
import { firstSettleAfter, resumption } from "./_audit.ts";
import { type HelperProcess, startHelper } from "./_helper_process.ts";
import { judge } from "./_judge.ts";
import { pause } from "./_platform.ts";
import type { Proof } from "./_proof.ts";
import type { ProxyCounts, ProxyOrder } from "./_proxy.ts";
import type { Scenario, Stage } from "./_scenario.ts";
import { openWorld, type World } from "./_world.ts";

const LIMIT_MS = 180_000;

/** Calls in whose transactions the proxy cuts. */
const CALLS = [
  "engine.settle_jobs",
  "engine.claim_jobs",
  "engine.finish_jobs",
  "engine.heartbeat",
  "engine.release_worker",
] as const;

/** Every so many of those calls; settles: drawn. A worker is released once. */
const EVERY: Partial<Record<typeof CALLS[number], number>> = {
  "engine.claim_jobs": 2,
  "engine.finish_jobs": 2,
  "engine.heartbeat": 2,
  "engine.release_worker": 1,
};

/** Longest time until a worker notices that nobody answers, milliseconds: the lease, and a call's time. */
const NOTICE_MS = 60_000;

/** Longest time until a worker makes a call that is to be cut, milliseconds: it may have to be started first. */
const CUT_MS = 60_000;

/** A world whose workers speak through a proxy. */
interface Wired {
  world: World;
  tell(order: ProxyOrder): Promise<ProxyCounts>;
}

async function withProxy(stage: Stage, fn: (wired: Wired) => Promise<Proof>): Promise<Proof> {
  let proxy: HelperProcess | undefined;
  const world = await openWorld(stage.postgres, {
    async route(databaseUrl) {
      const { hostname, port } = new URL(databaseUrl);
      proxy = await startHelper("./_proxy.ts", hostname, port);
      return Object.assign(new URL(databaseUrl), { host: `127.0.0.1:${proxy.port}` }).href;
    },
  });
  world.platform.next = () => ({ command: { heartbeatMs: 1_000 } });
  try {
    return await fn({
      world,
      tell: async (order) => JSON.parse(await proxy!.ask(JSON.stringify(order))) as ProxyCounts,
    });
  } finally {
    await world.close();
    await proxy?.stop();
  }
}

/** Connections are cut around the answers to COMMITs. */
export const cuts: Scenario = {
  name: "cut",
  about: "connections cut before and after the COMMIT's answer",
  run: (stage) =>
    withProxy(stage, async ({ world, tell }) => {
      const { random, short } = stage;
      const at: number[] = [];
      const faults: string[] = [];
      for (const cut of ["unsent", "sent", "committed", "answered"] as const) {
        for (const match of short ? CALLS.slice(0, 3) : CALLS) {
          const before = (await tell({})).cut;
          const order = { cut, match, every: EVERY[match] ?? 2 + random.below(3) };
          await tell(order);
          await world.start(short ? 5 : 10);
          await pause(short ? 500 : 2_000);
          // Without a cut nothing would be proved. A busy machine needs longer until there is one, and perhaps more work;
          // in between it rests, so that workers have nothing to do and go.
          const since = Date.now();
          for (let rest = 1; (await tell(order)).cut === before; rest = (rest + 1) % 100) {
            if (Date.now() - since > CUT_MS) {
              faults.push(`no connection was cut: ${match} ${cut}`);
              break;
            }
            if (rest === 0) await world.start(5);
            await pause(100);
          }
          at.push(Date.now());
        }
      }
      const { cut } = await tell({});
      at.push(Date.now());
      await world.allEnded(LIMIT_MS);
      let longestMs = 0;
      for (const moment of at) longestMs = Math.max(longestMs, (await resumption(world.db, { at: moment })).longestMs);
      return await judge(world, { scenario: cuts.about, injected: `${cut} cuts`, resumedMs: longestMs, faults });
    }),
};

/** Connections fall silent. */
export const hangs: Scenario = {
  name: "hang",
  about: "connections half open: accepted, never answered",
  run: (stage) =>
    withProxy(stage, async ({ world, tell }) => {
      const faults: string[] = [];
      let [longestMs, noticedMs, stuck] = [0, 0, 0];
      for (const hang of stage.short ? ["existing"] as const : ["existing", "all", "existing"] as const) {
        await world.start(20);
        for (let tries = 0; world.platform.living.size === 0 && tries < 100; tries++) await pause(50);
        await pause(700 + stage.random.below(500));
        const victims = [...world.platform.living];
        await tell({ hang });
        const at = Date.now();
        stuck += victims.length;
        const gone = Promise.allSettled(victims.map(({ end }) => end)).then(() => Date.now() - at);
        if (hang === "all") {
          await pause(10_000);
          await tell({});
        }
        const ms = await Promise.race([gone, pause(NOTICE_MS).then(() => null)]);
        if (ms === null) {
          faults.push(`A worker has not noticed within ${NOTICE_MS / 1000} s that nobody answers`);
          for (const victim of victims) victim.signal("SIGKILL");
        } else noticedMs = Math.max(noticedMs, ms);
        const back = hang === "all" ? at + 10_000 : at;
        await world.allEnded(LIMIT_MS);
        longestMs = Math.max(longestMs, (await resumption(world.db, { at })).longestMs - (back - at));
      }
      return await judge(world, {
        scenario: hangs.about,
        injected: `${stuck} workers cut off in silence, noticed within ${(noticedMs / 1000).toFixed(1)} s`,
        resumedMs: longestMs,
        faults,
      });
    }),
};

/** Connections are slow. */
export const slowness: Scenario = {
  name: "slow",
  about: "connections of few bytes a second",
  run: (stage) =>
    withProxy(stage, async ({ world, tell }) => {
      const rates = stage.short ? [8_000] : [20_000, 6_000, 2_000];
      let longestMs = 0;
      for (const slow of rates) {
        await tell({ slow });
        await world.start(stage.short ? 4 : 8);
        await pause(stage.short ? 3_000 : 20_000);
      }
      await tell({});
      const at = Date.now();
      await world.allEnded(LIMIT_MS);
      longestMs = Math.max(await firstSettleAfter(world.db, at) ?? 0, (await resumption(world.db, { at })).longestMs);
      return await judge(world, {
        scenario: slowness.about,
        injected: `${rates.join(", ")} bytes a second`,
        resumedMs: longestMs,
      });
    }),
};
