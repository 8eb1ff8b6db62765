/**
 * `deno task check:config`: looks at the configuration of a deployment before or after it goes live, and says everything
 * that is wrong at once: environment, Data API, Auth's keys, functions, and, where it may connect, the database.
 *
 * Never prints a value of the environment. Exit codes: 0 all is well, 1 there are problems, 2 wrong arguments.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { checkDatabase } from "./_check_database.ts";
import { checkEnvironment } from "./_check_environment.ts";
import { checkProject } from "./_check_project.ts";
import { checkSigningKey } from "./_check_signing_key.ts";
import { type Finding, ofLevel } from "./_finding.ts";

const USAGE = `Usage: deno task check:config [--env-file FILE] [--database-url URL] [--offline]

  --env-file FILE     the variables of the functions, NAME=value a line; default: the environment of this process
  --database-url URL  a direct connection, or the session pooler; default: SUPABASE_DB_URL. Without one the
                      database itself is not looked at
  --offline           look at the variables alone`;

/** What the command line asks for. */
export interface CheckOptions {
  /** Every variable by name. */
  readonly variables: Readonly<Record<string, string>>;
  /** True = the variables are those of the functions and of nothing else, so that unknown ones are worth a word. */
  readonly fromFile: boolean;
  readonly databaseUrl: string | null;
  readonly offline: boolean;
  /** Another fetch, for tests. */
  readonly fetch?: typeof fetch;
}

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: string[]): Promise<number> {
  const options = await parseOptions(args, Deno.env.toObject());
  if (typeof options === "string") {
    console.error(`${options}\n\n${USAGE}`);
    return 2;
  }
  const findings = await checkConfig(options);
  for (const line of render(findings)) console.log(line);
  return ofLevel(findings, "problem").length === 0 ? 0 : 1;
}

/**
 * Reads the command line and the file.
 *
 * @returns The options, or what is wrong with them.
 */
export async function parseOptions(
  args: string[],
  environment: Record<string, string>,
): Promise<CheckOptions | string> {
  let values;
  try {
    ({ values } = parseArgs({
      args,
      options: { "env-file": { type: "string" }, "database-url": { type: "string" }, offline: { type: "boolean" } },
    }));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const path = values["env-file"];
  let variables: Record<string, string> = environment;
  try {
    if (path !== undefined) variables = readEnvFile(await Deno.readTextFile(path));
  } catch {
    return `${path} cannot be read`;
  }
  const databaseUrl = values["database-url"] || variables.SUPABASE_DB_URL || null;
  return { variables, fromFile: path !== undefined, databaseUrl, offline: values.offline ?? false };
}

/** `NAME=value` a line; `#` begins a comment line, quotes around a value fall away. */
export function readEnvFile(text: string): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const line of text.split("\n")) {
    const [, name, value = ""] = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (name !== undefined) variables[name] = value.replace(/^(["'])(.*)\1$/, "$2");
  }
  return variables;
}

/** Looks at everything it may look at. Never throws: what cannot be reached is a problem like any other. */
export async function checkConfig(options: CheckOptions): Promise<Finding[]> {
  const { env, findings } = checkEnvironment(options.variables, options.fromFile);
  if (options.offline) return findings;
  const reached = await Promise.all([
    checkProject(env, options.fetch),
    checkSigningKey(options.variables, env, options.fetch),
    options.databaseUrl === null
      ? [{ level: "note", about: "database", message: "Not looked at: give --database-url" } as const]
      : checkDatabase(options.databaseUrl, env),
  ]);
  return [...findings, ...reached.flat()];
}

/** Lines for people: problems last, where they are seen. */
export function* render(findings: readonly Finding[]): Generator<string> {
  for (const level of ["ok", "note", "problem"] as const) {
    for (const { about, message, expected, documentation } of ofLevel(findings, level)) {
      const more = [...(expected ? [`expected: ${expected}`] : []), ...(documentation ? [`see ${documentation}`] : [])];
      yield `${level.padEnd(7)} ${about}: ${message}${more.length > 0 ? ` (${more.join("; ")})` : ""}`;
    }
  }
  const problems = ofLevel(findings, "problem").length;
  yield problems === 0 ? "The configuration is in order" : `${problems} problem${problems === 1 ? "" : "s"}`;
}
