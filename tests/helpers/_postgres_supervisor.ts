/**
 * Runs one cluster for as long as some process uses it. Started by `postgres.ts`, detached, as
 * `deno run -A _postgres_supervisor.ts FOLDER LINGER_SECONDS OPTIONS_JSON`.
 *
 * A user holds a shared lock on `users.lock` in the folder for its lifetime: the operating system releases it however
 * the process ends, so a server never outlives its last user by more than the linger.
 *
 * @module
 */
import { type ClusterInfo, startCluster } from "./_postgres_cluster.ts";

const [folder, linger, options] = Deno.args as [string, string, string];
const lingerMs = Number(linger) * 1000;
const { temporary, ...clusterOptions } = JSON.parse(options);

const users = await Deno.open(`${folder}/users.lock`, { read: true, write: true, create: true });
const infoFile = `${folder}/cluster.json`;
const cluster = await startCluster(folder, clusterOptions);
await publish({ url: cluster.url, supervisorPid: Deno.pid });

await Promise.race([nobodyUsesIt(), cluster.ended]);
// From here on new users wait for the exclusive lock to go, find no cluster.json and start a server of their own.
await Deno.remove(infoFile).catch(() => {});
await cluster.stop();
if (temporary) await Deno.remove(folder, { recursive: true }).catch(() => {});
Deno.exit(0);

/** Resolves with the exclusive lock held, once there was no user for the linger. */
async function nobodyUsesIt(): Promise<void> {
  let idleSince = Date.now();
  while (true) {
    if (!await users.tryLock(true)) {
      idleSince = Date.now();
    } else if (Date.now() - idleSince >= lingerMs) {
      return;
    } else {
      await users.unlock();
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function publish(info: ClusterInfo): Promise<void> {
  await Deno.writeTextFile(`${infoFile}.new`, JSON.stringify(info), { mode: 0o600 });
  await Deno.rename(`${infoFile}.new`, infoFile);
}
