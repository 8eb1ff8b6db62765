/**
 * `deno task start`: the embedded local stack and its demo.
 *
 * @module
 */
import { openLog } from "./functions_log.ts";
import { parseOptions, type StartOptions, USAGE, UsageError } from "./options.ts";
import { REPOSITORY } from "./schema_files.ts";
import { FolderInUseError, type Stack, startStack } from "./stack.ts";
import { heading, step, style, table } from "./terminal.ts";

const DATA_FOLDER = new URL(".millrace", REPOSITORY).pathname;

if (import.meta.main) Deno.exit(await main());

async function main(): Promise<number> {
  const options = readOptions();
  if (typeof options === "number") return options;
  const began = performance.now();
  heading("Millrace");
  if (options.fresh) await Deno.remove(DATA_FOLDER, { recursive: true }).catch(ignoreMissing);
  await Deno.mkdir(DATA_FOLDER, { recursive: true, mode: 0o700 });
  await using log = openLog(`${DATA_FOLDER}/functions.log`);

  let stack: Stack;
  try {
    stack = await startStack({
      port: options.port,
      databaseUrl: options.databaseUrl,
      dataFolder: DATA_FOLDER,
      watch: !options.once,
      onFunctionLine: (line) => log.write(line),
      onEvent: (message) => console.log(`  ${style("·", "dim")} ${message}`),
      onStep: step,
    });
  } catch (error) {
    return explainFailure(error, options);
  }
  console.log(`  Ready after ${((performance.now() - began) / 1000).toFixed(1)} s: ${style(stack.url, "cyan")}`);
  showProject(stack, options);
  if (!options.once) await untilInterrupted();
  console.log("\n  Stopping; data stays in .millrace/");
  await stack.stop();
  return 0;
}

function readOptions(): StartOptions | number {
  try {
    const options = parseOptions(Deno.args, (name) => Deno.env.get(name));
    if (!options.help) return options;
    console.log(USAGE);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n\n${USAGE}`);
    return 1;
  }
}

function explainFailure(error: unknown, { port, databaseUrl }: StartOptions): number {
  console.log();
  if (error instanceof Deno.errors.AddrInUse) {
    console.error(`Port ${port} is in use. Stop what listens there, or choose another: deno task start --port 54421`);
  } else if (error instanceof FolderInUseError) {
    console.error(`${error.message}. Stop it first: one folder serves one stack.`);
  } else if (databaseUrl !== null && isConnectionError(error)) {
    console.error(`Cannot connect to the Postgres of DATABASE_URL: ${(error as Error).message}`);
  } else {
    console.error(error instanceof Error ? error.message : error);
    if (databaseUrl === null) console.error("If .millrace/ is from another version: deno task start --fresh");
  }
  return 1;
}

function isConnectionError(error: unknown): boolean {
  return error instanceof Error && "code" in error && /^(E[A-Z]+|CONNECT|28|3D)/.test(String(error.code));
}

function showProject({ url, keys }: Stack, { databaseUrl }: StartOptions): void {
  heading("Your project");
  console.log(table([
    ["API", url],
    ["Data API", `${url}/rest/v1`],
    ["Auth", `${url}/auth/v1`],
    ["Storage", `${url}/storage/v1`],
    ["Functions", `${url}/functions/v1`],
    ["Database", databaseUrl ? databaseUrl.replace(/:[^:@/]+@/, ":…@") : "PGlite in .millrace/pglite"],
    ...Object.entries(keys.publishable).map(([name, key]): [string, string] => [`Publishable key (${name})`, key]),
    ...Object.entries(keys.secret).map(([name, key]): [string, string] => [`Secret key (${name})`, key]),
    ["Functions' log", ".millrace/functions.log"],
  ]));
}

/** Resolves at the first Ctrl-C (or SIGTERM); a second one ends the process at once. */
async function untilInterrupted(): Promise<void> {
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
  console.log(`\n  ${style("Ctrl-C stops it.", "dim")}`);
  await new Promise<void>((resolve) => {
    let asked = false;
    const onSignal = () => {
      if (asked) Deno.exit(130);
      asked = true;
      resolve();
    };
    for (const signal of signals) Deno.addSignalListener(signal, onSignal);
  });
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
