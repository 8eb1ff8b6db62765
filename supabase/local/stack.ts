/**
 * The embedded local stack: starts its parts in order and stops them in reverse.
 *
 * @module
 */
import { bootstrap } from "./bootstrap.ts";
import { loadConfig } from "./config.ts";
import { startCronDispatcher } from "./cron_dispatcher.ts";
import { type LocalDatabase, openPglite, openPostgres } from "./database.ts";
import { buildDoor, type Door } from "./door.ts";
import { functionsEnvironment } from "./functions_environment.ts";
import { FunctionsHost } from "./functions_host.ts";
import { createGateway } from "./gateway.ts";
import { loadKeys, type ProjectKeys } from "./keys.ts";
import { createLiteApp } from "./lite_app.ts";
import { lockFolder } from "./lock_folder.ts";
import { applyMigrations, readMigrations } from "./migrations.ts";
import { startNetDispatcher } from "./net_dispatcher.ts";
import { quietConsole } from "./quiet_console.ts";
import { startRealtime } from "./realtime.ts";
import { REPOSITORY } from "./schema_files.ts";
import type { SqlExecutor } from "./sql_executor.ts";

/** Options of {@linkcode startStack}. */
export interface StackOptions {
  /** Port on 127.0.0.1; 0 takes a free one. */
  port: number;
  /** Connection string of a Postgres; null = PGlite. */
  databaseUrl: string | null;
  /** Folder for keys, data and uploaded files; null keeps keys and data in memory. */
  dataFolder: string | null;
  /** More environment for the functions, over everything else. */
  functionsEnv?: Record<string, string>;
  /** More environment for the functions, below what a developer has written down. */
  functionsDefaults?: Record<string, string>;
  /** Whether the functions reload when code changes. Default false. */
  watch?: boolean;
  /** Folder of the functions. Default: the repository's. */
  functionsFolder?: URL;
  /** Called with each line that the functions write. */
  onFunctionLine?: (line: string) => void;
  /** Called with what happens, for people. */
  onEvent?: (message: string) => void;
  /** Told what is being done, in order; `done` ends the step. */
  onStep?: (title: string) => { done(detail?: string): void };
}

/** A running stack. */
export interface Stack {
  /** `http://127.0.0.1:<port>` */
  url: string;
  keys: ProjectKeys;
  /** Runs SQL as the superuser. */
  executor: SqlExecutor;
  functions: FunctionsHost;
  /** Ends everything; data stays. */
  stop(): Promise<void>;
}

/** Workers that may be awake at once: the functions share one process here. */
const MAX_WORKERS = 2;

/**
 * Starts the stack.
 *
 * @throws Deno.errors.AddrInUse when the port is taken
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { dataFolder } = options;
  if (dataFolder !== null) await Deno.mkdir(dataFolder, { recursive: true, mode: 0o700 });

  const door = buildDoor(options.port);
  const parts = new AsyncDisposableStack();
  const stop = async () => {
    await parts.disposeAsync();
    await door.close();
  };
  try {
    return { ...await startParts(options, door, parts), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startParts(
  options: StackOptions,
  door: Door,
  parts: AsyncDisposableStack,
): Promise<Omit<Stack, "stop">> {
  const { url } = door;
  quietConsole();
  const step = options.onStep ?? (() => ({ done() {} }));
  const { dataFolder } = options;
  if (dataFolder !== null) parts.use(await lockFolder(dataFolder));

  const opening = step(options.databaseUrl ? "Connect to Postgres" : "Boot PGlite");
  const database = options.databaseUrl
    ? openPostgres(options.databaseUrl)
    : await openPglite(dataFolder && `${dataFolder}/pglite`);
  parts.defer(() => database.close());
  // Before the database in reverse order, and after the functions: their last words go through the Data API.
  parts.defer(() => door.close());
  const extensions = await bootstrap(database.executor);
  opening.done();

  const migrating = step("Apply migrations");
  migrating.done(await migrate(database.executor));

  const serving = step("Serve the Data API, Auth, Storage and the functions");
  const keys = await loadKeys(dataFolder && `${dataFolder}/keys.json`);
  const config = await loadConfig();
  const functions = new FunctionsHost({
    folder: options.functionsFolder ?? new URL("functions/", REPOSITORY),
    env: await functionsEnvironment({
      url,
      keys,
      databaseUrl: database.url,
      dataFolder,
      defaults: options.functionsDefaults,
      extra: options.functionsEnv,
    }),
    watch: options.watch ? watchedFolders() : [],
    ...(options.onFunctionLine ? { onLine: options.onFunctionLine } : {}),
    ...(options.onEvent ? { onEvent: options.onEvent } : {}),
  });
  parts.defer(() => functions.stop());
  const storageFolder = dataFolder ? `${dataFolder}/storage` : await temporaryFolder(parts);
  const app = createLiteApp({ database, keys, config, storageFolder });
  await watchSchema(database);
  const realtime = extensions.realtime ? null : await startRealtime({ database, keys });
  if (realtime) parts.use(disposable(realtime));
  door.open(createGateway({ app, database, functions, realtime, keys, config, url }));
  await functions.ready();
  serving.done();

  if (!extensions.cron) parts.use(disposable(startCronDispatcher(database.executor)));
  if (!extensions.net) parts.use(disposable(await startNetDispatcher(database)));
  await configureEngine(database, url);
  return { url, keys, executor: database.executor, functions };
}

/** Applies what is pending; answers with a word about it. */
async function migrate(executor: SqlExecutor): Promise<string> {
  const migrations = await readMigrations();
  if (migrations.length === 0) throw new Error("Cannot make the schema: supabase/migrations/ is empty");
  const applied = await applyMigrations(executor, { migrations });
  // As `supabase db reset`: only a database that has just been made gets the seed.
  if (applied.length === migrations.length) {
    await executor.exec(await Deno.readTextFile(new URL("supabase/seed.sql", REPOSITORY)));
  }
  return applied.length ? `${applied.length} of ${migrations.length}` : "nothing new";
}

/** What is done once after a deployment: see docs, "deploy". */
async function configureEngine({ executor }: LocalDatabase, url: string): Promise<void> {
  const [found] = await executor.query<{ found: boolean }>(
    "select to_regproc('engine.configure') is not null as found",
  );
  if (found?.found) await executor.query("select engine.configure($1, $2)", [`${url}/functions/v1`, MAX_WORKERS]);
}

/** Reads the catalog now, and again at `notify pgrst, 'reload schema'`, as PostgREST does. */
async function watchSchema({ connection, exclusively, listen }: LocalDatabase): Promise<void> {
  // Left to itself lite does it at the first request and, when that fails, believes that there are no tables.
  const read = () => exclusively(() => connection.introspect({ useCache: false }));
  await read();
  await listen("pgrst", () => void read());
}

function watchedFolders(): URL[] {
  return ["functions/", "shared/", "deno.json"].map((path) => new URL(path, REPOSITORY)).filter((url) => {
    try {
      return Deno.statSync(url) !== null;
    } catch {
      return false;
    }
  });
}

async function temporaryFolder(parts: AsyncDisposableStack): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "millrace-storage-" });
  parts.defer(() => Deno.remove(folder, { recursive: true }));
  return folder;
}

function disposable(part: { stop(): Promise<void> }): AsyncDisposable {
  return { [Symbol.asyncDispose]: () => part.stop() };
}
