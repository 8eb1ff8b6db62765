/** Where Postgres is, and whether a pooler in transaction mode stands before it. */
export interface DatabaseAddress {
  /** For the driver: without what is said to us alone. */
  readonly href: string;
  /**
   * True = each transaction gets another connection, on which statements that were prepared are not known; false = a
   * connection stays the same one; null = the address does not say.
   */
  readonly isTransactionPooler: boolean | null;
}

/** Where Supabase's pooler hands out connections by the transaction. */
const TRANSACTION_POOLER_PORT = "6543";
/** Where at any other port it keeps one connection for a client. */
const SUPABASE_POOLER = /\.pooler\.supabase\.com$/;

/**
 * Reads the address of a database. `pgbouncer=true` in its query says that a pooler in transaction mode answers there,
 * `pgbouncer=false` that none does; without it Supabase's own are known by host and port
 * (https://supabase.com/docs/guides/database/connecting-to-postgres).
 *
 * @param url `postgresql://…`
 * @throws {TypeError} When it is no URL.
 */
export function readDatabaseAddress(url: string): DatabaseAddress {
  const address = new URL(url);
  const said = address.searchParams.get("pgbouncer");
  // Not a setting of Postgres, which would refuse it.
  address.searchParams.delete("pgbouncer");
  return { href: address.href, isTransactionPooler: said === null ? guess(address) : said !== "false" };
}

function guess({ port, hostname }: URL): boolean | null {
  if (port === TRANSACTION_POOLER_PORT) return true;
  return SUPABASE_POOLER.test(hostname) ? false : null;
}
