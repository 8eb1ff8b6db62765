/**
 * Verifies the audit log of a database over a direct connection: see docs/audit.md for what is proven by what.
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
}

/**
 * Hashes every row again and checks every seal and signature, as of one moment.
 *
 * @param sql A connection that may read the schema `private`: the owner's.
 */
export async function verifyAudit(sql: postgres.Sql, options: VerifyAuditOptions = {}): Promise<AuditReport> {
  const organizationId = options.organizationId ?? null;
  return await sql.begin("isolation level repeatable read read only", async (tx) => {
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
      lines: (after) => tx<SealLine[]>`select * from private.check_audit_batches(${after}, ${organizationId})`,
      facts: async () => {
        const [row] = await tx<{ facts: AuditFacts }[]>`select private.audit_facts(${organizationId}) as facts`;
        return row!.facts;
      },
      linkOf: async (number) => {
        const [row] = await tx`select encode(link, 'hex') as link from private.audit_batches where number = ${number}`;
        return row?.["link"] ?? null;
      },
    }, { isPart: organizationId !== null, keys: options.keys, anchor: options.anchor, now: options.now });
  }) as AuditReport;
}
