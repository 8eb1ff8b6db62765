/**
 * `deno task start`: the embedded local stack and its demo.
 *
 * @module
 */
import { DEMO_USER, runDemo } from "./demo/demo.ts";
import { type OutsideWorld, startOutsideWorld } from "./demo/outside_world.ts";
import { loadState } from "./demo/state.ts";
import { openLog } from "./functions_log.ts";
import { parseOptions, type StartOptions, USAGE, UsageError } from "./options.ts";
import { FolderInUseError, lockFolder } from "./lock_folder.ts";
import { type Stack, startStack } from "./stack.ts";
import { heading, shown, step, style, table } from "./terminal.ts";

/** The demo's outside world listens beside the gateway, when it can. */
const OUTSIDE_OFFSET = 9;

if (import.meta.main) Deno.exit(await main());

async function main(): Promise<number> {
  const options = readOptions();
  if (typeof options === "number") return options;
  const { dataFolder } = options;
  const began = performance.now();
  heading("Millrace");
  await Deno.mkdir(dataFolder, { recursive: true, mode: 0o700 });
  if (options.fresh) {
    try {
      await removeData(dataFolder);
    } catch (error) {
      return explainFailure(error, options);
    }
  }
  await using log = openLog(`${dataFolder}/functions.log`);
  const beside = options.port === 0 ? 0 : Math.min(options.port + OUTSIDE_OFFSET, 65535);
  const outside = startOutsideWorld((await loadState(dataFolder, beside)).outsidePort);

  let stack: Stack;
  try {
    stack = await startStack({
      port: options.port,
      databaseUrl: options.databaseUrl,
      dataFolder,
      functionsDefaults: outside.functionsEnv,
      watch: !options.once,
      onFunctionLine: (line) => log.write(line),
      onEvent: (message) => console.log(`  ${style("·", "dim")} ${message}`),
      onStep: step,
    });
  } catch (error) {
    await outside.stop();
    return explainFailure(error, options);
  }
  console.log(`  Ready after ${((performance.now() - began) / 1000).toFixed(1)} s: ${style(stack.url, "cyan")}`);
  const interrupted = onInterrupt();
  const demo = showDemo(stack, outside, dataFolder);
  const worked = await Promise.race([demo, interrupted.then(() => false)]);
  if (!options.once) {
    showProject(stack, options);
    console.log(`\n  ${style("Ctrl-C stops it.", "dim")}`);
    await interrupted;
  }
  console.log(`\n  Stopping; data stays in ${shown(dataFolder)}`);
  await Promise.all([stack.stop(), outside.stop()]);
  return options.once && !worked ? 1 : 0;
}

/** Removes what the stack has made, by name: the folder may be anyone's, and `functions.env` is the developer's. */
async function removeData(folder: string): Promise<void> {
  using _ = await lockFolder(folder);
  for (const name of ["pglite", "storage", "demo", "demo.json", "keys.json", "functions.log"]) {
    await Deno.remove(`${folder}/${name}`, { recursive: true }).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
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
    if (databaseUrl === null) console.error("If the data is from another version: deno task start --fresh");
  }
  return 1;
}

function isConnectionError(error: unknown): boolean {
  return error instanceof Error && "code" in error && /^(E[A-Z]+|CONNECT|28|3D)/.test(String(error.code));
}

function showProject({ url, keys }: Stack, { databaseUrl, dataFolder }: StartOptions): void {
  heading("Your project");
  console.log(table([
    ["API", url],
    ["Data API", `${url}/rest/v1`],
    ["Auth", `${url}/auth/v1`],
    ["Storage", `${url}/storage/v1`],
    ["Functions", `${url}/functions/v1`],
    ["API documentation", `${url}/functions/v1/docs`],
    ["Database", databaseUrl ? databaseUrl.replace(/:[^:@/]+@/, ":…@") : `PGlite in ${shown(dataFolder)}/pglite`],
    ...Object.entries(keys.publishable).map(([name, key]): [string, string] => [`Publishable key (${name})`, key]),
    ...Object.entries(keys.secret).map(([name, key]): [string, string] => [`Secret key (${name})`, key]),
    ["Demo user", `${DEMO_USER.email} / ${DEMO_USER.password}`],
    ["Functions' log", `${shown(dataFolder)}/functions.log`],
  ]));
}

/** Runs the demo; what goes wrong in it is shown and leaves the stack running. */
async function showDemo({ url, keys }: Stack, outside: OutsideWorld, dataFolder: string): Promise<boolean> {
  try {
    return await runDemo({ url, publishableKey: keys.publishable.default, outside, dataFolder });
  } catch (error) {
    console.error(`\n  ${style("The demo failed:", "red")} ${error instanceof Error ? error.message : error}`);
    return false;
  }
}

/** Resolves at the first Ctrl-C (or SIGTERM); a second one ends the process at once. */
function onInterrupt(): Promise<void> {
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
  return new Promise<void>((resolve) => {
    let asked = false;
    const onSignal = () => {
      if (asked) Deno.exit(130);
      asked = true;
      resolve();
    };
    for (const signal of signals) Deno.addSignalListener(signal, onSignal);
  });
}
