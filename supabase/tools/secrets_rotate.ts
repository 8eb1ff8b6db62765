/**
 * `deno task secrets:rotate`: wraps the data keys of all secrets by the current master key, or says how far that is.
 *
 * The runbook is in docs/secrets.md. Exit codes: 0 nothing is left, 1 something is left or failed, 2 wrong arguments.
 *
 * @module
 */
import { parseArgs } from "node:util";
import postgres from "postgres";
import { VARIABLES } from "../../shared/env/mod.ts";
import { Keyring, type RewrapProgress, rewrapSecrets, type RewrapStore } from "../../shared/secrets/mod.ts";

const USAGE = `Usage: deno task secrets:rotate [--database-url URL] [--check] [--batch N]

  --database-url URL  the database; default: the environment variable DATABASE_URL
  --check             change nothing: say how many values each key protects, and which keys may be removed
  --batch N           values a call, 1 to 1000; default 200

The master keys are read from MILLRACE_MASTER_KEYS, the new one as the current one beside those it takes the place of.`;

/** What the command line asks for. */
export interface RotateOptions {
  readonly databaseUrl: string;
  readonly keyring: Keyring;
  readonly check: boolean;
  readonly batch: number;
}

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: string[]): Promise<number> {
  const options = parseOptions(args, (name) => Deno.env.get(name));
  if (typeof options === "string") {
    console.error(`${options}\n\n${USAGE}`);
    return 2;
  }
  try {
    return await rotate(options, console.log) ? 0 : 1;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 1;
  }
}

/**
 * Reads the command line and the keys.
 *
 * @param source Gives environment variables.
 * @returns The options, or what is wrong with them; never a key.
 */
export function parseOptions(args: string[], source: (name: string) => string | undefined): RotateOptions | string {
  let values;
  try {
    ({ values } = parseArgs({
      args,
      options: { "database-url": { type: "string" }, check: { type: "boolean" }, batch: { type: "string" } },
    }));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const databaseUrl = values["database-url"] ?? source("DATABASE_URL");
  if (databaseUrl === undefined) return "Name the database";
  const batch = Number(values.batch ?? 200);
  if (!Number.isInteger(batch) || batch < 1 || batch > 1000) return "--batch must be a whole number from 1 to 1000";
  const text = source("MILLRACE_MASTER_KEYS");
  if (text === undefined || text === "") return "MILLRACE_MASTER_KEYS is missing";
  const keys = VARIABLES.MILLRACE_MASTER_KEYS.safeParse(text);
  if (!keys.success) return keys.error.issues.map(({ message }) => `MILLRACE_MASTER_KEYS: ${message}`).join("\n");
  if (keys.data === undefined) return "MILLRACE_MASTER_KEYS is missing";
  return { databaseUrl, keyring: new Keyring(keys.data), check: values.check ?? false, batch };
}

/**
 * Rotates, or looks.
 *
 * @param print Gets lines for people.
 * @returns Whether nothing is left to wrap.
 */
export async function rotate(options: RotateOptions, print: (line: string) => void): Promise<boolean> {
  const { databaseUrl, keyring, check, batch } = options;
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {}, connection: { application_name: "secrets:rotate" } });
  try {
    const signal = check ? AbortSignal.abort() : undefined;
    const onProgress = ({ rewrapped, sealed, plain, values }: RewrapProgress) => {
      if (plain > 0 || (sealed > 0 && rewrapped === 0)) print(`${sealed} secrets of endpoints sealed, ${plain} left`);
      if (plain > 0) return;
      const left = Object.entries(values).reduce((sum, [id, count]) => id === keyring.current ? sum : sum + count, 0);
      print(`${rewrapped} wrapped anew, ${left} left`);
    };
    const progress = await rewrapSecrets(keyring, storeOf(sql), { batch, onProgress, ...(signal && { signal }) });
    for (const line of report(keyring, progress)) print(line);
    return progress.done;
  } finally {
    await sql.end();
  }
}

function storeOf(sql: postgres.Sql): RewrapStore {
  return {
    async next(keyId, limit, skip) {
      const [row] = await sql`
        select engine.secrets_to_rewrap(${keyId}, ${limit}::integer, ${JSON.stringify(skip)}::text::jsonb) as reply`;
      return row?.reply;
    },
    async write(rows) {
      const [row] = await sql`select engine.rewrap_secrets(${JSON.stringify(rows)}::text::jsonb) as reply`;
      return row?.reply;
    },
    async nextPlain(limit) {
      const [row] = await sql`select engine.plain_webhook_secrets(${limit}::integer) as reply`;
      return row?.reply;
    },
    async writeSealed(rows) {
      const [row] = await sql`select engine.seal_webhook_secrets(${JSON.stringify(rows)}::text::jsonb) as reply`;
      return row?.reply;
    },
    async count() {
      const [row] = await sql`select engine.count_secrets_by_key() as reply`;
      return row?.reply;
    },
  };
}

function* report(
  keyring: Keyring,
  { current, values, removable, unreadable, plain, done }: RewrapProgress,
): Generator<string> {
  for (const id of new Set([...keyring.ids, ...Object.keys(values)])) {
    const notes = [
      ...(id === current ? ["current"] : []),
      ...(removable.includes(id) ? ["may be removed"] : []),
      ...(keyring.has(id) ? [] : ["NOT IN MILLRACE_MASTER_KEYS: its values cannot be read"]),
    ];
    yield `${id}: ${values[id] ?? 0} values${notes.length > 0 ? ` (${notes.join(", ")})` : ""}`;
  }
  if (unreadable > 0) yield `${unreadable} values cannot be unwrapped: their key is missing, or they were changed`;
  if (plain > 0) yield `${plain} secrets of webhook endpoints are not sealed yet`;
  yield done ? `All values are protected by ${current}` : "Not done: run it again without --check";
}
