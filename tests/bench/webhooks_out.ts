/**
 * What endpoints that misbehave cost the others: the time from an event to its arrival at a good endpoint, with a worker
 * in a process of its own, alone and beside one of each kind of bad ones.
 *
 * @module
 */
import { MISBEHAVIOURS } from "../webhooks_out/_receivers.ts";
import { latencies, publish, type Scene, until, withScene } from "../webhooks_out/_scene.ts";

/** Runs the benchmark: `deno task bench webhooks_out [--events=300] [--gap=50]`, milliseconds between two events. */
export async function main(args: string[]): Promise<void> {
  const option = (name: string, otherwise: number) =>
    Number(args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3) ?? otherwise);
  const [events, gapMs] = [option("events", 300), option("gap", 50)];
  console.log(`${events} events, one each ${gapMs} ms, to one good endpoint; milliseconds until it has them.\n`);
  console.log("| bad endpoints beside it | p50 | p95 | p99 | most |");
  console.log("| --- | ---: | ---: | ---: | ---: |");
  const alone = await round([], events, gapMs);
  const beside = await round(Object.keys(MISBEHAVIOURS), events, gapMs);
  console.log(`\np95 ${(100 * (at(beside, 0.95) / at(alone, 0.95) - 1)).toFixed(1)} % higher beside them.`);
}

async function round(bad: readonly string[], events: number, gapMs: number): Promise<number[]> {
  const times = await withScene(bad, async (scene) => {
    await send(scene, "warm", 20, gapMs);
    return await send(scene, "in", events, gapMs);
  });
  const cells = [0.5, 0.95, 0.99, 1].map((share) => at(times, share));
  console.log(`| ${bad.length === 0 ? "none" : bad.join(", ")} | ${cells.join(" | ")} |`);
  return times;
}

/** Sends events to all, and waits until the good one has its own. */
async function send(scene: Scene, prefix: string, events: number, gapMs: number): Promise<number[]> {
  const published = new Map<string, number>();
  const [bob] = Object.values(scene.bad);
  for (let n = 0; n < events; n++) {
    // A bad endpoint is told of one in ten: its breaker opens all the same.
    if (bob !== undefined && n % 10 === 0) await publish(scene, bob, `${prefix}_bad_${n}`);
    published.set(`${prefix}_${n}`, await publish(scene, scene.good, `${prefix}_${n}`));
    await new Promise((resolve) => setTimeout(resolve, gapMs));
  }
  await until("the good one has got all", () => latencies(scene.good, published).length === events);
  return latencies(scene.good, published).toSorted((a, b) => a - b);
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}
