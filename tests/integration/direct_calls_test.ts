/**
 * What engine calls over a connection of their own send to Postgres, and what they do where a pooler answers.
 *
 * @module
 */
import { configureLog } from "../../shared/log/mod.ts";
import { postgresTransport } from "../../shared/engine/mod.ts";
import { assertEquals } from "../helpers/assert.ts";
import { linkDatabase } from "../helpers/database_link.ts";
import { withDatabase } from "../helpers/postgres.ts";
import { startTransactionPooler } from "../helpers/transaction_pooler.ts";

/** Runs `fn` with calls to this address; gives what was logged. */
async function withCalls(url: string, fn: (call: () => Promise<unknown>) => Promise<void>): Promise<string[]> {
  const lines: string[] = [];
  configureLog({ level: "info", write: (line) => lines.push(line) });
  const transport = await postgresTransport(url, { connections: 2 });
  try {
    await fn(() => transport.call("heartbeat", { p_worker_id: crypto.randomUUID() }));
  } finally {
    await transport.close();
    configureLog({ level: "error", write: () => {} });
  }
  return lines.map((line) => JSON.parse(line).action);
}

Deno.test("a connection that is direct is told the text of a call once, after the call that found that out", () =>
  withDatabase(async (db) => {
    let sent = "";
    const link = linkDatabase(db.url, { onSent: (bytes) => sent += new TextDecoder("latin1").decode(bytes) });
    try {
      const logged = await withCalls(link.url, async (call) => {
        for (let n = 0; n < 4; n++) assertEquals(await call(), false);
      });
      assertEquals([sent.split("select engine.heartbeat(").length - 1, logged], [2, []]);
    } finally {
      link.stop();
    }
  }));

Deno.test("behind a pooler in transaction mode calls are answered, said to be pooled or not", () =>
  withDatabase(async (db) => {
    const pooler = await startTransactionPooler(db.url);
    try {
      for (const [query, expected] of [["", ["database.pooled"]], ["?pgbouncer=true", []]] as const) {
        const logged = await withCalls(`${pooler.url}${query}`, async (call) => {
          assertEquals(await call(), false);
          for (let n = 0; n < 10; n++) assertEquals(await Promise.all([call(), call(), call()]), [false, false, false]);
        });
        assertEquals(logged, [...expected], query);
      }
    } finally {
      pooler.stop();
    }
  }));
