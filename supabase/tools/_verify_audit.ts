/**
 * Verifies the audit log of a database over direct connections: see docs/audit.md for what is proven by what.
 *
 * @module
 */
import type postgres from "postgres";
import {
  type AuditAnchor,
  type AuditFacts,
  type AuditPublicKey,
  type AuditReport,
  type SealLine,
  verifySeals,
} from "../../shared/audit/mod.ts";

/** What {@linkcode verifyAudit} may be told. */
export interface VerifyAuditOptions {
  /** One tenant. Default: all. */
  organizationId?: string;
  /** The keys to trust. Default: those in the database, the first of which nothing vouches for. */
  keys?: AuditPublicKey[];
  /** An end that the log had once. */
  anchor?: AuditAnchor;
  /** Milliseconds since 1970. Default: the clock. */
  now?: number;
  /** How many connections hash rows, besides the one that reads the rest. Default 2, or as many as the pool has left. */
  connections?: number;
}

/** Rows that one statement hashes, some. */
const SLICE_ROWS = 50_000;

/**
 * Hashes every row again and checks every seal and signature, as of one moment: the connections share a snapshot.
 *
 * @param sql A pool that may read the schema `private`: the owner's.
 */
export async function verifyAudit(sql: postgres.Sql, options: VerifyAuditOptions = {}): Promise<AuditReport> {
  const organizationId = options.organizationId ?? null;
  const hashing = Math.min(options.connections ?? 2, sql.options.max - 1);
  return await sql.begin("isolation level repeatable read read only", async (tx) => {
    // What stands beside rows and seals is read while they are hashed.
    const [lines, [row]] = await Promise.all([
      hashRows(sql, tx, hashing, organizationId),
      tx<{ facts: AuditFacts }[]>`select private.audit_facts(${organizationId}) as facts`,
    ]);
    return await verifySeals({
      keys: async () => {
        const rows = await tx`
          select id, public_key, endorsed_by, endorsement from private.audit_keys order by created_at, id`;
        return rows.map((row) => ({
          id: row["id"],
          publicKey: row["public_key"],
          endorsedBy: row["endorsed_by"],
          endorsement: row["endorsement"],
        }));
      },
      lines: (after) => Promise.resolve(after === 0 ? lines : []),
      facts: () => Promise.resolve(row!.facts),
      linkOf: async (number) => {
        const [row] = await tx`select encode(link, 'hex') as link from private.audit_batches where number = ${number}`;
        return row?.["link"] ?? null;
      },
    }, { isPart: organizationId !== null, keys: options.keys, anchor: options.anchor, now: options.now });
  }) as AuditReport;
}

/** Hashes slices of the log over connections of their own, which see what `tx` sees; 0 = over `tx` itself. */
async function hashRows(
  sql: postgres.Sql,
  tx: postgres.TransactionSql,
  connections: number,
  organizationId: string | null,
): Promise<SealLine[]> {
  const slices = await findSlices(tx, organizationId);
  const lines: SealLine[][] = [];
  let next = 0;
  const work = async (connection: postgres.TransactionSql) => {
    for (let index = next++; index < slices.length; index = next++) {
      const { after, through } = slices[index]!;
      lines[index] = await connection<SealLine[]>`
        select * from private.check_audit_batches(${after}, ${through}, ${organizationId})`;
    }
  };
  if (connections < 1) {
    await work(tx);
    return lines.flat();
  }
  const [snapshot] = await tx<{ id: string }[]>`select pg_export_snapshot() as id`;
  const workers = Array.from(
    { length: Math.min(connections, slices.length) },
    () =>
      sql.begin("isolation level repeatable read read only", async (connection) => {
        await connection.unsafe(`set transaction snapshot '${snapshot!.id}'`);
        await work(connection);
      }),
  );
  await Promise.all(workers);
  return lines.flat();
}

interface Slice {
  readonly after: string;
  readonly through: string;
}

/** Cuts the log into pieces of about as many rows. */
async function findSlices(tx: postgres.TransactionSql, organizationId: string | null): Promise<Slice[]> {
  const slices: Slice[] = [];
  for (let after = "0";;) {
    const [row] = await tx<{ through: string | null }[]>`
      select private.audit_slice_end(${after}, ${organizationId}, ${SLICE_ROWS}) as through`;
    if (row!.through === null) return slices;
    slices.push({ after, through: row!.through });
    after = row!.through;
  }
}
