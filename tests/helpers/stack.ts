/**
 * The whole stack for end-to-end tests: gateway, Data API, Auth, Storage, functions, cron and net.
 *
 * ```ts
 * const stack = await startStack({ database: "postgres" });
 * try {
 *   const supabase = createClient(stack.url, stack.publishableKey);
 *   …
 * } finally {
 *   await stack.stop();
 * }
 * ```
 *
 * @module
 */
import type { SqlExecutor } from "../../supabase/local/sql_executor.ts";
import { startStack as startLocalStack } from "../../supabase/local/stack.ts";
import { type DatabaseLink, linkDatabase } from "./database_link.ts";
import { createDatabase, type TestDatabase } from "./postgres.ts";

/** Options of {@linkcode startStack}. */
export interface TestStackOptions {
  /** `postgres` (default) copies a template with the migrations applied; `pglite` boots one in memory, ~4 s. */
  database?: "postgres" | "pglite";
  /** Port on 127.0.0.1. Default 0: a free one. */
  port?: number;
  /** More environment for the functions, such as EGRESS_ALLOW. */
  functionsEnv?: Record<string, string>;
  /** Folder of the functions. Default: the repository's. */
  functionsFolder?: URL;
  /** Puts a link between stack and Postgres that the test can cut: see {@linkcode TestStack.link}. */
  withLink?: boolean;
}

/** A running stack. */
export interface TestStack {
  /** `http://127.0.0.1:<port>` */
  url: string;
  /** `http://127.0.0.1:<port>/functions/v1` */
  functionsUrl: string;
  publishableKey: string;
  /** Name → key; `default` is among them. */
  secretKeys: { default: string } & Record<string, string>;
  /** Signs access tokens (HS256), together with {@linkcode TestStack.kid}. */
  jwtSecret: string;
  kid: string;
  /** The database, when it is a Postgres: more connections, roles, users. */
  db: TestDatabase | null;
  /** With `withLink`: takes the database away from the stack; `db` still reaches it. */
  link: DatabaseLink | null;
  /** Runs SQL as the superuser, whichever database it is. */
  executor: SqlExecutor;
  /** Lines that the functions have written so far. */
  lines: string[];
  /** Process id of the functions, for tests that kill it; the stack starts another one. */
  functionsPid(): Promise<number>;
  /** Ends everything and drops the database. */
  stop(): Promise<void>;
}

/** Starts a stack with a database of its own and no other data. */
export async function startStack(options: TestStackOptions = {}): Promise<TestStack> {
  const db = options.database === "pglite" ? null : await createDatabase({ content: "migrations" });
  const link = db && options.withLink ? linkDatabase(db.url) : null;
  const lines: string[] = [];
  const clean = async () => {
    link?.stop();
    await db?.drop();
  };
  try {
    const stack = await startLocalStack({
      port: options.port ?? 0,
      databaseUrl: link?.url ?? db?.url ?? null,
      dataFolder: null,
      onFunctionLine: (line) => lines.push(line),
      ...(options.functionsEnv ? { functionsEnv: options.functionsEnv } : {}),
      ...(options.functionsFolder ? { functionsFolder: options.functionsFolder } : {}),
    });
    return {
      url: stack.url,
      functionsUrl: `${stack.url}/functions/v1`,
      publishableKey: stack.keys.publishable.default,
      secretKeys: stack.keys.secret,
      jwtSecret: stack.keys.jwtSecret,
      kid: stack.keys.kid,
      db,
      link,
      executor: stack.executor,
      lines,
      functionsPid: () => stack.functions.pid(),
      async stop() {
        await stack.stop();
        await clean();
      },
    };
  } catch (error) {
    await clean();
    throw error;
  }
}
