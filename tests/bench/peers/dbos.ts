/**
 * DBOS (https://github.com/dbos-inc/dbos-transact-ts) under measurement. It is fetched when the benchmark runs, and is
 * part of nothing else.
 *
 * @module
 */
import type { TestDatabase } from "../../helpers/postgres.ts";
import { type ScenarioId, SECRET, SIGNATURE_HEADER } from "../flows/scenarios.ts";
import { ServerProcess, type System } from "../flows/system.ts";

/** The version that is measured. */
export const DBOS_VERSION = "5.3.0";

const PROGRAM = new URL("dbos_server.js", import.meta.url).pathname;

/** What runs the program, up to the module of the SDK among its arguments. */
interface Runtime {
  program: string;
  args: string[];
  close(): Promise<void>;
}

/** DBOS as a system of the benchmark. */
export function createDbos({ db, ledger }: { db: TestDatabase; ledger: string }): System {
  let runtime: Runtime | undefined;
  let server: ServerProcess | undefined;
  return {
    name: `DBOS ${DBOS_VERSION}`,
    db,
    async prepare() {
      runtime = await findRuntime();
    },
    async start() {
      const { program, args } = runtime!;
      const more = [db.url, `http://${ledger}/`, SECRET, SIGNATURE_HEADER];
      server = await ServerProcess.start(program, [...args, ...more], {});
    },
    async stop() {
      await server?.stop();
    },
    async kill() {
      await server?.kill();
    },
    async close() {
      await server?.stop();
      await runtime?.close();
    },
    pids: () => server === undefined ? [] : [server.pid],
    url: (scenario) => `http://127.0.0.1:${server?.port}/${scenario}`,
    readOutput: (answer) => (answer as { output?: unknown }).output,
    async count(scenario: ScenarioId) {
      const [row] = await db.sql`
        select count(*) filter (where status = 'SUCCESS')::int as completed,
          count(*) filter (where status not in ('SUCCESS', 'PENDING', 'ENQUEUED', 'DELAYED'))::int as failed,
          count(*) filter (where status in ('PENDING', 'ENQUEUED', 'DELAYED'))::int as open
        from dbos.workflow_status where name = ${scenario}`;
      return { completed: row?.completed, failed: row?.failed, open: row?.open };
    },
  };
}

/**
 * Under Node, its own runtime and the faster one for it, when that is here: installed by npm into a temporary folder.
 * Otherwise under Deno, with the `deno.json` beside this file.
 */
async function findRuntime(): Promise<Runtime> {
  const folder = await Deno.makeTempDir({ prefix: "millrace-dbos-" });
  await Deno.writeTextFile(`${folder}/package.json`, JSON.stringify({ name: "bench", private: true }));
  const install = ["install", "--no-audit", "--no-fund", `@dbos-inc/dbos-sdk@${DBOS_VERSION}`];
  if (await isNewNode() && await succeeds("npm", install, folder)) {
    const sdk = `${folder}/node_modules/@dbos-inc/dbos-sdk/dist/src/index.js`;
    return { program: "node", args: [PROGRAM, sdk], close: () => Deno.remove(folder, { recursive: true }) };
  }
  await Deno.remove(folder, { recursive: true });
  const config = new URL("deno.json", import.meta.url).pathname;
  const args = ["run", "-A", "--quiet", "--config", config, PROGRAM, "@dbos-inc/dbos-sdk"];
  return { program: Deno.execPath(), args, close: () => Promise.resolve() };
}

async function isNewNode(): Promise<boolean> {
  try {
    const { stdout } = await new Deno.Command("node", { args: ["--version"], stderr: "null" }).output();
    return Number(/^v(\d+)/.exec(new TextDecoder().decode(stdout))?.[1]) >= 20;
  } catch {
    return false;
  }
}

async function succeeds(program: string, args: string[], cwd: string): Promise<boolean> {
  try {
    return (await new Deno.Command(program, { args, cwd, stdout: "null", stderr: "null" }).output()).success;
  } catch {
    return false;
  }
}
