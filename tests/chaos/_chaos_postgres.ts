/**
 * A Postgres that keeps what it has confirmed (fsync and all), and that can be killed and started again on the same data
 * and port.
 *
 * @module
 */
import { installPostgres } from "../helpers/_postgres_binaries.ts";
import { endOrphan, type RunningCluster, startCluster } from "../helpers/_postgres_cluster.ts";
import type { TestPostgres } from "../helpers/postgres.ts";

/** A server that can be killed. */
export interface ChaosPostgres extends TestPostgres {
  /** `kill -9` of the postmaster and all backends. */
  kill(): Promise<void>;
  /** Starts it again; gives the milliseconds that recovery took. */
  restart(): Promise<number>;
}

/** Connections that the server allows. */
export const MAX_CONNECTIONS = 60;

/** Starts one with an empty data folder of its own. */
export async function startChaosPostgres(): Promise<ChaosPostgres> {
  const { home } = await installPostgres();
  await removeOrphans(home);
  const folder = `${home}/chaos-${crypto.randomUUID()}`;
  await Deno.mkdir(folder);
  // Held for as long as this process lives, however it ends.
  const owner = await Deno.open(`${folder}/owner.lock`, { write: true, create: true });
  await owner.lock(true);
  const start = (port?: number): Promise<RunningCluster> =>
    startCluster(folder, {
      durable: true,
      settings: { max_connections: String(MAX_CONNECTIONS), shared_buffers: "64MB" },
      ...(port !== undefined && { port }),
    });
  let cluster = await start();
  const { url } = cluster;
  return {
    url,
    kill: () => cluster.kill(),
    async restart() {
      const begun = performance.now();
      cluster = await start(Number(new URL(url).port));
      return performance.now() - begun;
    },
    async stop() {
      await cluster.stop();
      owner.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** Ends the servers of processes that were killed, and removes what they left. */
async function removeOrphans(home: string): Promise<void> {
  for await (const { name } of Deno.readDir(home)) {
    if (!name.startsWith("chaos-")) continue;
    const folder = `${home}/${name}`;
    const owner = await Deno.open(`${folder}/owner.lock`, { write: true }).catch(() => null);
    if (owner === null || !await owner.tryLock(true)) continue;
    await endOrphan(`${folder}/data`);
    owner.close();
    await Deno.remove(folder, { recursive: true });
  }
}
