/**
 * The environment of a deployed function.
 *
 * @module
 */
import { parseEnv } from "node:util";
import { jwksOf, type ProjectKeys } from "./keys.ts";
import { REPOSITORY } from "./schema_files.ts";

/** Options of {@linkcode functionsEnvironment}. */
export interface FunctionsEnvironmentOptions {
  /** The project's address. */
  url: string;
  keys: ProjectKeys;
  /** Connection string that functions may use; null when there is none. */
  databaseUrl: string | null;
  dataFolder: string | null;
  /** Variables below what a developer has written down. `EGRESS_ALLOW`, a list, is joined with the written one. */
  defaults?: Record<string, string> | undefined;
  /** Variables over everything else. */
  extra?: Record<string, string> | undefined;
}

/**
 * What the platform sets, and over it what a developer has written down: `supabase/functions/.env` (which
 * `supabase functions serve` reads as well), then `functions.env` in the data folder. Names that begin with
 * `SUPABASE_` are the platform's and are not taken from files.
 */
export async function functionsEnvironment(options: FunctionsEnvironmentOptions): Promise<Record<string, string>> {
  const { url, keys, databaseUrl, dataFolder, defaults = {}, extra } = options;
  const written: Record<string, string> = {
    ...await readEnvFile(new URL("supabase/functions/.env", REPOSITORY).pathname),
    ...(dataFolder === null ? {} : await readEnvFile(`${dataFolder}/functions.env`)),
  };
  // The key that signs access tokens here signs those of API keys too.
  const [signingKey] = jwksOf(keys).keys;
  const egress = [defaults.EGRESS_ALLOW, written.EGRESS_ALLOW].filter(Boolean).join(",");
  return {
    MILLRACE_MASTER_KEYS: JSON.stringify(keys.master),
    ...defaults,
    MILLRACE_SIGNING_KEY: JSON.stringify(signingKey),
    ...Object.fromEntries(Object.entries(written).filter(([name]) => !name.startsWith("SUPABASE_"))),
    ...(egress ? { EGRESS_ALLOW: egress } : {}),
    SUPABASE_URL: url,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify(keys.publishable),
    SUPABASE_SECRET_KEYS: JSON.stringify(keys.secret),
    SUPABASE_JWKS: JSON.stringify(jwksOf(keys)),
    ...(databaseUrl === null ? {} : { SUPABASE_DB_URL: databaseUrl }),
    ...extra,
  };
}

async function readEnvFile(path: string): Promise<Record<string, string>> {
  try {
    return parseEnv(await Deno.readTextFile(path)) as Record<string, string>;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return {};
    throw error;
  }
}
