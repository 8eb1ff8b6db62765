/**
 * More worker processes, and what they wait for.
 *
 * @module
 */
import { type Arena, type Bench, CONCURRENCY, withArenas } from "./_bench.ts";
import { type Agent, spawnAgent } from "./_spawn.ts";
import { median, number, ratio, type Table } from "./_table.ts";
import { type Usage, watch } from "./_watch.ts";

/** One drain by several processes. */
interface Share {
  rate: number;
  usage: Usage;
}

/** Measures our queue and the peers that batch. */
export async function scale(bench: Bench): Promise<Table[]> {
  const chosen = bench.contestants.filter(({ ours, mode }) => ours ? mode === "failures" : mode === "batched");
  return await withArenas(bench, chosen, async (arenas) => {
    const workers = new Map<Arena, Agent[]>();
    try {
      for (const arena of arenas) {
        const count = Math.max(...bench.sizes.processes);
        workers.set(arena, Array.from({ length: count }, () => spawnAgent(arena.contestant, arena.url)));
      }
      const all = new Map<Arena, Map<number, Share[]>>(arenas.map((arena) => [arena, new Map()]));
      for (let round = 0; round < bench.sizes.rounds; round++) {
        for (const processes of bench.sizes.processes) {
          for (const arena of arenas) {
            bench.note(`round ${round + 1}: ${arena.contestant.name}, ${processes} processes`);
            const shares = all.get(arena)!;
            const share = await drainTogether(bench, arena, workers.get(arena)!.slice(0, processes));
            shares.set(processes, [...shares.get(processes) ?? [], share]);
          }
        }
      }
      return [table(bench, all)];
    } finally {
      for (const agents of workers.values()) for (const agent of agents) await agent.stop();
    }
  });
}

async function drainTogether({ sizes }: Bench, arena: Arena, agents: Agent[]): Promise<Share> {
  const { shared: total } = sizes;
  await arena.agent.ask("reset", {});
  await Promise.all(agents.map((agent) => agent.ask("share", { concurrency: CONCURRENCY, total })));
  await new Promise((resolve) => setTimeout(resolve, 300));
  await arena.agent.ask("fill", { count: total, size: total });
  const started = performance.now();
  const watched = watch(arena.sql, arena.postmaster, agents.map((agent) => agent.pid));
  while ((await arena.agent.ask("hasWork", {})).hasWork) await new Promise((resolve) => setTimeout(resolve, 5));
  const ms = performance.now() - started;
  const usage = await watched.stop();
  const numbers = (await Promise.all(agents.map((agent) => agent.ask("stopSharing", {})))).flatMap((r) => r.numbers);
  if (numbers.length !== total || new Set(numbers).size !== total) {
    throw new Error(`${arena.contestant.name}: ${numbers.length} handlers for ${total} jobs`);
  }
  return { rate: total / ms * 1000, usage };
}

function table({ sizes }: Bench, all: Map<Arena, Map<number, Share[]>>): Table {
  return {
    title: "More worker processes",
    about:
      `${number(sizes.shared)} no-op jobs, ${CONCURRENCY} at once in each process, all on the machine of Postgres; ` +
      `medians of ${sizes.rounds} rounds. In brackets: how many times one process. Processors used by Postgres, by the ` +
      `workers and by everything on the machine (this benchmark is not alone on it); and what Postgres' sessions were ` +
      `doing when they were at work: "running" is none of its waits.`,
    columns: ["queue", "processes", "drain/s", "CPUs Postgres", "CPUs workers", "CPUs machine", "sessions at work"],
    rows: [...all].flatMap(([{ contestant }, shares]) => {
      const base = median(shares.get(Math.min(...shares.keys()))!.map((share) => share.rate));
      return [...shares].map(([processes, list]) => {
        const rate = median(list.map((share) => share.rate));
        const cpus = (key: "postgres" | "workers" | "machine") =>
          median(list.map((share) => share.usage[key])).toFixed(2);
        return [
          contestant.name,
          String(processes),
          `${number(rate)} (${ratio(rate, base)})`,
          cpus("postgres"),
          cpus("workers"),
          cpus("machine"),
          topWaits(list.map((share) => share.usage.waits)),
        ];
      });
    }),
  };
}

/** The three most frequent states, with their share. */
function topWaits(lists: Usage["waits"][]): string {
  const sum = new Map<string, number>();
  for (const list of lists) for (const [name, count] of list) sum.set(name, (sum.get(name) ?? 0) + count);
  const total = [...sum.values()].reduce((a, b) => a + b, 0);
  return [...sum].toSorted((a, b) => b[1] - a[1]).slice(0, 3)
    .map(([name, count]) => `${name} ${Math.round(count / total * 100)} %`).join(", ");
}
