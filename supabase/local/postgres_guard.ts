/**
 * Lets postgres.js 3.4.9 lose its server. Two things go wrong in it when a connection breaks:
 *
 * - A reserved connection is still written to afterwards, by the rollback that every failed transaction ends with. That
 *   throws outside of any promise, which ends the process. Guarded connections refuse further queries instead.
 * - What was about to be written stays in the connection's buffer with its timer set, so that after a reconnect nothing
 *   is ever sent again and queries wait for ever. So the whole client is replaced: see {@linkcode RenewablePool}.
 *
 * A third goes wrong when a client is ended while one of its connections begins: see {@linkcode surviveClosedSockets}.
 *
 * @module
 */
import type postgres from "postgres";

const LOST = /^(CONNECTION_CLOSED|CONNECTION_DESTROYED|CONNECT_TIMEOUT|ECONNRESET|EPIPE|ETIMEDOUT|57P0[1-3])$/;

/** Makes `sql.reserve()` give guarded connections, and reports when one is lost. */
export function guardReserve(sql: postgres.Sql, onLost: () => void): void {
  const reserve = sql.reserve.bind(sql);
  sql.reserve = async () => guardReserved(await reserve(), onLost);
}

/** Guards one reserved connection. Its queries become plain promises: no cursors, no streams. */
export function guardReserved(reserved: postgres.ReservedSql, onLost: () => void = () => {}): postgres.ReservedSql {
  let lost: Error | undefined;
  const { unsafe, release } = reserved;
  const guarded = async (...parameters: Parameters<typeof unsafe>) => {
    if (lost) throw lost;
    try {
      return await unsafe(...parameters);
    } catch (error) {
      if (isLost(error)) {
        lost = error;
        onLost();
      }
      throw error;
    }
  };
  reserved.unsafe = guarded as unknown as typeof unsafe;
  reserved.release = () => {
    // A lost one has left the pool's hands already: releasing it would offer it to the next query.
    if (!lost) release();
  };
  return reserved;
}

/** A client that is replaced by a new one when it lost a connection. */
export class RenewablePool<T> {
  readonly #open: () => T;
  readonly #close: (client: T) => Promise<void>;
  #current: T;
  #closing = new Set<Promise<void>>();

  /**
   * @param open Makes a client; must not connect yet.
   * @param close Ends a client at once; what waits in it must be rejected.
   */
  constructor(open: () => T, close: (client: T) => Promise<void>) {
    this.#open = open;
    this.#close = close;
    this.#current = open();
  }

  /** The client to use now. */
  get current(): T {
    return this.#current;
  }

  /** Replaces `client`, unless that has happened. */
  renew(client: T): void {
    if (client !== this.#current) return;
    this.#current = this.#open();
    this.#end(client);
  }

  /** Runs `fn` with the client, and replaces the client when `fn` lost its connection. */
  async use<R>(fn: (client: T) => Promise<R>): Promise<R> {
    const client = this.#current;
    try {
      return await fn(client);
    } catch (error) {
      if (isLost(error)) this.renew(client);
      throw error;
    }
  }

  /** Ends the client. */
  async close(): Promise<void> {
    this.#end(this.#current);
    await Promise.all(this.#closing);
  }

  #end(client: T): void {
    const closing = this.#close(client).catch(() => {}).finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}

let surviving = false;

/**
 * Keeps the process alive in the moment that guards cannot see: a connection lost between two queries of a
 * transaction. The query that was about to be sent never answers, so its caller needs a time limit.
 */
export function surviveClosedSockets(): void {
  if (surviving) return;
  surviving = true;
  globalThis.addEventListener("error", (event) => {
    const { error } = event;
    const isClosedSocket = error instanceof TypeError && error.message.includes("null (reading 'write')") &&
      error.stack?.includes("/postgres/");
    if (isClosedSocket) event.preventDefault();
  });
  // A new connection first asks for the types of arrays, and nobody waits for that: should the client end meanwhile, the
  // refusal would be nobody's either. Whoever waits for a query of their own gets it all the same.
  globalThis.addEventListener("unhandledrejection", (event) => {
    const { reason } = event;
    if (reason instanceof Error && "code" in reason && reason.code === "CONNECTION_DESTROYED") event.preventDefault();
  });
}

function isLost(error: unknown): error is Error {
  return error instanceof Error && "code" in error && LOST.test(String(error.code));
}
