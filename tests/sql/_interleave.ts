/**
 * Forced interleavings: sessions that are stepped statement by statement, and a monitor that tells when one of them waits
 * for another. No sleeps: a test goes on when the catalog says that it may.
 *
 * @module
 */
import postgres from "postgres";
import { EngineClient } from "../../shared/engine/mod.ts";
import type { Json } from "../../shared/graph/mod.ts";
import type { TestDatabase, TestUser } from "../helpers/postgres.ts";
import { type Arguments, statement } from "./_world.ts";

/** A statement that has been sent. */
export interface Pending<T> {
  /** Its result; a failure is only thrown to who awaits it. */
  result: Promise<T>;
}

/** One connection, in a transaction from the first statement to commit() or rollback(). */
export class Session {
  readonly name: string;
  readonly pid: number;
  readonly #db: TestDatabase;
  readonly #sql: postgres.Sql;
  #open = false;

  private constructor(db: TestDatabase, sql: postgres.Sql, name: string, pid: number) {
    this.#db = db;
    this.#sql = sql;
    this.name = name;
    this.pid = pid;
  }

  /** Connects. */
  static async open(db: TestDatabase, name: string): Promise<Session> {
    const sql = postgres(db.url, {
      max: 1,
      onnotice: () => {},
      connection: { application_name: name, lock_timeout: 10_000 },
    });
    const [row] = await sql`select pg_backend_pid() as pid`;
    return new Session(db, sql, name, row?.pid);
  }

  /** Runs a statement as the superuser. */
  async run<T = Record<string, unknown>[]>(text: string, values: (string | null)[] = []): Promise<T> {
    await this.#begin();
    return await this.#sql.unsafe(text, values) as T;
  }

  /** Calls a function of `public` as a signed-in user. */
  async rpc<T = Json>(user: TestUser, name: string, args: Arguments = {}): Promise<T> {
    return await this.#call<T>("authenticated", user.claims, "public", name, args);
  }

  /** Calls a function of `engine` as the service. */
  async service<T = Json>(name: string, args: Arguments = {}): Promise<T> {
    return await this.#call<T>("service_role", {}, "engine", name, args);
  }

  /** The engine's client over this session, in its transaction. */
  get engine(): EngineClient {
    return new EngineClient({
      call: (name, args) => this.service<Json>(name, args as Arguments),
      close: () => Promise.resolve(),
    });
  }

  /** Ends the transaction, keeping what it did. */
  async commit(): Promise<void> {
    await this.#sql.unsafe("commit");
    this.#open = false;
  }

  /** Ends the transaction, undoing what it did. */
  async rollback(): Promise<void> {
    await this.#sql.unsafe("rollback");
    this.#open = false;
  }

  /** Disconnects; an open transaction is undone. */
  async close(): Promise<void> {
    await this.#sql.end({ timeout: 1 });
  }

  async #begin(): Promise<void> {
    if (this.#open) return;
    this.#open = true;
    await this.#sql.unsafe("begin");
  }

  async #call<T>(
    role: string,
    claims: Record<string, unknown>,
    schema: string,
    name: string,
    args: Arguments,
  ): Promise<T> {
    const { text, values } = await statement(this.#db, schema, name, args);
    await this.#begin();
    await this.#sql`
      select set_config('role', ${role}, true), set_config('request.jwt.claims', ${
      JSON.stringify({ role, ...claims })
    }, true)`;
    const [row] = await this.#sql.unsafe(text, values);
    await this.#sql`select set_config('role', 'none', true)`;
    return row?.reply;
  }
}

/** Sessions of one test, closed at its end. */
export interface Stage {
  /** Another session. */
  session(name: string): Promise<Session>;
  /** Starts something that is expected to wait, and returns when it waits for a lock. */
  untilBlocked<T>(session: Session, action: () => Promise<T>): Promise<Pending<T>>;
}

/** Runs `fn` with sessions on the database. */
export async function interleave(db: TestDatabase, fn: (stage: Stage) => Promise<void>): Promise<void> {
  const sessions: Session[] = [];
  const monitor = postgres(db.url, { max: 1, onnotice: () => {} });
  try {
    await fn({
      async session(name) {
        const session = await Session.open(db, name);
        sessions.push(session);
        return session;
      },
      untilBlocked: (session, action) => untilBlocked(monitor, session, action),
    });
  } finally {
    await Promise.all(sessions.map((session) => session.close()));
    await monitor.end({ timeout: 1 });
  }
}

async function untilBlocked<T>(monitor: postgres.Sql, session: Session, action: () => Promise<T>): Promise<Pending<T>> {
  let over = false;
  const running = action().finally(() => over = true);
  // Whoever awaits the result gets the failure; until then it must not end the process.
  running.catch(() => {});
  for (const until = performance.now() + 10_000; performance.now() < until;) {
    const [row] = await monitor`select cardinality(pg_blocking_pids(${session.pid})) > 0 as blocked`;
    if (row?.blocked === true) return { result: running };
    if (over) {
      await running;
      throw new Error(`${session.name} was not made to wait`);
    }
  }
  throw new Error(`${session.name} neither waits nor ends`);
}
