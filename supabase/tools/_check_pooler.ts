import postgres from "postgres";
import { readDatabaseAddress } from "../../shared/db/mod.ts";
import type { Finding } from "./_finding.ts";

/** direct = nothing stands between; kept = a pooler that keeps a connection for its client; shared = one that does not. */
type Pooling = "direct" | "kept" | "shared";

/** Whether a pooler stands before the database, and whether the address says what it does. */
export async function checkPooler(url: string): Promise<Finding[]> {
  const about = "pooler";
  const documentation = "docs/deploy.md#direct-connections-and-poolers";
  const { href, isTransactionPooler } = readDatabaseAddress(url);
  const pooling = await findPooling(href);
  const note = (message: string): Finding[] => [{ level: "note", about, message, documentation }];
  if (pooling === "shared") {
    if (isTransactionPooler === true) return note("One in transaction mode: every call takes two round trips");
    return [{
      level: "problem",
      about,
      message: "One in transaction mode answers, and the address does not say so",
      expected: "a direct connection, or pgbouncer=true in the address",
      documentation,
    }];
  }
  if (isTransactionPooler === true) return note("The address says transaction mode, which does not show here");
  if (pooling === "kept" && isTransactionPooler === null) {
    return note(
      "One that keeps connections, as far as can be seen; with pgbouncer=false in the address calls are faster",
    );
  }
  return [{ level: "ok", about, message: pooling === "direct" ? "None" : "One that keeps connections" }];
}

async function findPooling(href: string): Promise<Pooling> {
  const open = () => postgres(href, { max: 1, prepare: false, onnotice: () => {}, connect_timeout: 10 });
  const [first, second] = [open(), open()];
  try {
    const rows = await first`select pg_backend_pid() as process`;
    const own: number = rows[0]?.process;
    if (own === rows.state.pid) return "direct";
    // While another client is in a transaction: it sits on the connection that was the first one's, or the first one now
    // gets another.
    const isShared = await second.begin(async (held) =>
      await processOf(held) === own || await processOf(first) !== own
    );
    return isShared ? "shared" : "kept";
  } finally {
    await Promise.all([first, second].map((sql) => sql.end({ timeout: 2 })));
  }
}

async function processOf(sql: postgres.ISql): Promise<number> {
  const [row] = await sql`select pg_backend_pid() as process`;
  return row?.process;
}
