/**
 * Flags and environment of `deno task start`.
 *
 * @module
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { REPOSITORY } from "./schema_files.ts";

/** How the stack is to be started. */
export interface StartOptions {
  port: number;
  databaseUrl: string | null;
  /** Absolute path of the folder for data, keys and logs. */
  dataFolder: string;
  /** Remove all data first. */
  fresh: boolean;
  /** End after the demo. */
  once: boolean;
  help: boolean;
}

/** The flags do not make sense; the message says which. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

export const USAGE = `Starts Millrace on this machine: database, Data API, Auth, Storage and the edge functions.

Usage: deno task start [flags]

  --port <number>        port on 127.0.0.1            (environment: MILLRACE_PORT, default 54321)
  --database-url <url>   a Postgres instead of PGlite (environment: DATABASE_URL)
  --data <folder>        data, keys and logs          (environment: MILLRACE_DATA, default .millrace)
  --fresh                start from nothing: removes data, keys and logs (a Postgres of yours is left alone)
  --once                 end after the demo, with status 0 or 1
  --help                 this text

More environment for the functions: .millrace/functions.env
To serve them with another Deno, such as the edge runtime's 2.1.4: MILLRACE_FUNCTIONS_DENO=<path>`;

const DEFAULT_PORT = 54321;
const DEFAULT_FOLDER = new URL(".millrace", REPOSITORY).pathname;

/**
 * Reads flags and, below them, the environment.
 *
 * @throws UsageError
 */
export function parseOptions(args: string[], env: (name: string) => string | undefined): StartOptions {
  const { port, ...values } = parse(args);
  return {
    port: parsePort(port ?? env("MILLRACE_PORT") ?? String(DEFAULT_PORT)),
    databaseUrl: parseUrl(values["database-url"] ?? env("DATABASE_URL") ?? ""),
    dataFolder: resolve(values.data ?? (env("MILLRACE_DATA") || DEFAULT_FOLDER)),
    fresh: values.fresh,
    once: values.once,
    help: values.help,
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        port: { type: "string" },
        "database-url": { type: "string" },
        data: { type: "string" },
        fresh: { type: "boolean", default: false },
        once: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65535) throw new UsageError(`Cannot use port ${text}: not a number up to 65535`);
  return port;
}

function parseUrl(text: string): string | null {
  if (text === "") return null;
  if (!/^postgres(ql)?:\/\/./.test(text)) throw new UsageError("Cannot use the database URL: not postgres://…");
  return text;
}
