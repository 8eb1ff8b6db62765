/**
 * `@supabase/lite` as Data API, Auth and Storage, with everything it does differently from a hosted project put right.
 *
 * @module
 */
import { App, setExperimental } from "@supabase/lite";
import type { LocalDatabase } from "./database.ts";
import type { ProjectConfig } from "./config.ts";
import type { ProjectKeys } from "./keys.ts";
import { answerUncaught, toReportedError } from "./lite_errors.ts";
import { folderStorage } from "./storage_files.ts";

/** Options of {@linkcode createLiteApp}. */
export interface LiteAppOptions {
  database: LocalDatabase;
  keys: ProjectKeys;
  config: ProjectConfig;
  /** Folder for uploaded files. */
  storageFolder: string;
}

/** Builds the app. Its system schemas must be there already: see `bootstrap.ts`. */
export function createLiteApp({ database, keys, config, storageFolder }: LiteAppOptions): App {
  const { connection } = database;
  keepGrants(connection);
  runStableFunctionsReadOnly(connection);
  connection.normalizeDbError = toReportedError;
  setExperimental("storage", true);
  const app = new App({
    connection: connection as App["connection"],
    api: { enabled: true, schemas: config.api.schemas, max_rows: config.api.maxRows },
    auth: {
      enabled: true,
      jwt_secret: keys.jwtSecret,
      jwt_expiry: config.auth.jwtExpirySeconds,
      site_url: config.auth.siteUrl,
      minimum_password_length: config.auth.minimumPasswordLength,
      enable_signup: config.auth.enableSignup,
      email: { enable_signup: config.auth.enableSignup, enable_confirmations: config.auth.enableConfirmations },
    },
    storage: { enabled: true },
    studio: { enabled: false },
    db: { migrations: { enabled: false } },
    options: {
      server: {
        disableStudio: true,
        disableFallback: true,
        apiKeys: { resolver: (key) => Promise.resolve(resolveKey(keys, key)) },
      },
    },
  });
  app._storageAdapter = folderStorage(storageFolder);
  app.server.onError(answerUncaught);
  return app;
}

/**
 * Keeps lite from granting ALL on every table to the API roles, which it does once, before its first query, unless it
 * believes that it has. Our migrations hold the grants, as on a hosted project.
 */
function keepGrants(connection: LocalDatabase["connection"]): void {
  (connection as unknown as { rlsState: string }).rlsState = "active";
}

/** PostgREST runs a function that is not volatile in a read-only transaction, POST included; lite only on GET. */
function runStableFunctionsReadOnly(connection: LocalDatabase["connection"]): void {
  const run = connection.withContext.bind(connection);
  connection.withContext = async (vars, fn, options) => {
    const name = options?.rpc?.path.replace("/rpc/", "");
    if (!options?.rpc || name === undefined) return await run(vars, fn, options);
    const { functions } = await connection.introspect({ useCache: true });
    const found = (functions ?? []).filter((candidate) => candidate.name === name);
    const readOnly = options.rpc.readOnly || (found.length > 0 && found.every(({ volatility }) => volatility !== "v"));
    return await run(vars, fn, { ...options, rpc: { ...options.rpc, readOnly } });
  };
}

function resolveKey(keys: ProjectKeys, key: string) {
  if (Object.values(keys.publishable).includes(key)) {
    return { type: "publishable" as const, claims: { role: "anon" } };
  }
  if (Object.values(keys.secret).includes(key)) {
    return { type: "secret" as const, claims: { role: "service_role" } };
  }
  return null;
}
