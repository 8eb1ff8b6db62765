/**
 * Verifies the audit log of a database: see docs/audit.md for what is proven by what.
 *
 * @module
 */
import type postgres from "postgres";
import { type AuditPublicKey, endorsedText, isSignedBy, keyId, signedText } from "../../shared/audit/mod.ts";

/** What is wrong with a log. */
export type AuditFaultKind =
  | "edited"
  | "deleted"
  | "inserted"
  | "reordered"
  | "backdated"
  | "cut"
  | "forked"
  | "rewritten"
  | "unsigned"
  | "signed_late"
  | "unknown_key";

/** One broken place. */
export interface AuditFault {
  kind: AuditFaultKind;
  organizationId: string | null;
  /** Number of the seal. */
  batch: number | null;
  /** Sequence number of the row within the organization. */
  seq: number | null;
  rowId: string | null;
  message: string;
}

/** The end of the log at a moment: kept outside, it tells whether something was cut off or rewritten since. */
export interface AuditAnchor {
  /** How many seals there were. */
  number: number;
  /** The link of the last one, hex. */
  link: string;
}

/** What was proven. */
export interface AuditReport {
  /** The first fault of each seal, in order; empty = the log is whole. */
  faults: AuditFault[];
  organizations: number;
  batches: number;
  /** Rows that were hashed again. */
  rows: number;
  /** Rows that retention has dropped; their seals are whole. */
  droppedRows: number;
  /** Rows that are not sealed yet. */
  unsealedRows: number;
  /** Seals at the end that are not signed yet. */
  unsignedBatches: number;
  /** Ids of the keys whose signatures were checked. */
  keys: string[];
  head: AuditAnchor | null;
}

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

interface Line {
  number: string;
  organization_id: string;
  first_seq: string;
  last_seq: string;
  rows_dropped: boolean;
  statement: string;
  stored_link: string;
  key_id: string | null;
  signed_at: string | null;
  signature: string | null;
  fault: AuditFaultKind | null;
  fault_seq: string | null;
  fault_row: string | null;
}

/** Seals may stay unsigned for so long, and rows unsealed: microseconds. */
const PATIENCE_US = 15 * 60e6;
/** A signature that came so much later than its seal says that somebody had time to make the seal up: microseconds. */
const LATE_US = 60 * 60e6;

const SENTENCES: Partial<Record<AuditFaultKind, string>> = {
  edited: "The row is not the one that was sealed",
  deleted: "The row is missing",
  reordered: "The rows are not in the order in which they were sealed",
  backdated: "The row says it is older than the sealing before it, which did not see it",
  rewritten: "The seal is not what it says",
};

/**
 * Hashes every row again and checks every seal and signature.
 *
 * @param sql A connection that may read the schema `private`: the owner's.
 */
export async function verifyAudit(sql: postgres.Sql, options: VerifyAuditOptions = {}): Promise<AuditReport> {
  return await sql.begin("isolation level repeatable read read only", async (tx) => {
    const report: AuditReport = {
      faults: [],
      organizations: 0,
      batches: 0,
      rows: 0,
      droppedRows: 0,
      unsealedRows: 0,
      unsignedBatches: 0,
      keys: [],
      head: null,
    };
    const keys = await trustedKeys(tx, options, report);
    const chains = new Map<string, { seq: number; head: string; isKept: boolean }>();
    const dropped = await droppedThrough(tx);
    let link = "00".repeat(32);
    let number = 0;
    while (true) {
      const lines = await tx<Line[]>`
        select * from private.check_audit_batches(${number}, ${options.organizationId ?? null})`;
      if (lines.length === 0) break;
      for (const line of lines) {
        const fields = parseStatement(line.statement);
        const fault = (kind: AuditFaultKind, message: string) => report.faults.push(faultOf(line, kind, message));
        // One tenant's seals are not next to each other: the others' links are checked by themselves below.
        if (options.organizationId === undefined) {
          if (Number(line.number) !== number + 1) {
            fault("cut", `Seals ${number + 1} to ${+line.number - 1} are missing`);
          } else if (fields.previousLink !== link) fault("rewritten", "The seal does not continue the one before it");
        }
        const chain = chains.get(line.organization_id) ?? { seq: 0, head: "00".repeat(32), isKept: false };
        if (Number(line.first_seq) <= chain.seq) {
          fault("forked", `Row ${line.first_seq} is sealed twice`);
        } else if (Number(line.first_seq) > chain.seq + 1) {
          fault("cut", `The seals of rows ${chain.seq + 1} to ${Number(line.first_seq) - 1} are missing`);
        } else if (fields.previousHead !== chain.head) {
          fault("forked", "The seal continues another line than the one before it");
        }
        if (line.rows_dropped && (chain.isKept || Number(line.last_seq) > (dropped.get(line.organization_id) ?? 0))) {
          fault("deleted", "The rows of the seal are missing, and retention did not drop them");
        }
        if (line.fault !== null) fault(line.fault, SENTENCES[line.fault] ?? "");
        await checkSignature(line, fields, keys, report, options.now ?? Date.now());
        chains.set(line.organization_id, { seq: Number(line.last_seq), head: fields.head, isKept: !line.rows_dropped });
        link = line.stored_link;
        number = Number(line.number);
        report.batches++;
        const count = Number(line.last_seq) - Number(line.first_seq) + 1;
        if (line.rows_dropped) report.droppedRows += count;
        else report.rows += count;
      }
    }
    report.organizations = chains.size;
    await checkEnd(tx, options, report);
    await checkUnsealed(tx, options, report);
    return report;
  }) as AuditReport;
}

function faultOf(line: Line, kind: AuditFaultKind, message: string): AuditFault {
  const isOfRow = kind === line.fault && line.fault_seq !== null;
  return {
    kind,
    organizationId: line.organization_id,
    batch: Number(line.number),
    seq: isOfRow ? Number(line.fault_seq) : null,
    rowId: isOfRow ? line.fault_row : null,
    message,
  };
}

/** The fields of a statement that are needed: see private.audit_statement. */
function parseStatement(statement: string) {
  const fields = statement.match(/\d+:([^,]*),/g)?.map((field) => field.slice(field.indexOf(":") + 1, -1)) ?? [];
  return {
    previousHead: fields[5] ?? "",
    head: fields[6] ?? "",
    sealedAt: Number(fields[9]),
    previousLink: fields[10] ?? "",
  };
}

/** The keys to believe: those given, else those of the database, where each but the first has to be endorsed. */
async function trustedKeys(
  tx: postgres.TransactionSql,
  options: VerifyAuditOptions,
  report: AuditReport,
): Promise<Map<string, AuditPublicKey>> {
  const keys = new Map<string, AuditPublicKey>();
  for (const key of options.keys ?? []) keys.set(await keyId(key), key);
  const rows =
    await tx`select id, public_key, endorsed_by, endorsement from private.audit_keys order by created_at, id`;
  for (const row of rows) {
    const key = row["public_key"] as AuditPublicKey;
    if (keys.has(row["id"]) || await keyId(key) !== row["id"]) continue;
    const endorser = keys.get(row["endorsed_by"]);
    const isEndorsed = endorser !== undefined &&
      await isSignedBy(endorser, row["endorsement"], endorsedText(row["id"]));
    if (isEndorsed || (keys.size === 0 && options.keys === undefined)) keys.set(row["id"], key);
  }
  report.keys = [...keys.keys()];
  return keys;
}

/** Up to which row retention has dropped, by organization, as the log itself tells. */
async function droppedThrough(tx: postgres.TransactionSql): Promise<Map<string, number>> {
  const rows = await tx`
    select organization_id, max((details ->> 'through')::bigint)::text as through from public.audit_events
    where action = 'audit.dropped' and actor in ('system', 'service') group by organization_id`;
  return new Map(rows.map((row) => [row["organization_id"], Number(row["through"])]));
}

async function checkSignature(
  line: Line,
  { sealedAt }: { sealedAt: number },
  keys: Map<string, AuditPublicKey>,
  report: AuditReport,
  now: number,
): Promise<void> {
  const fault = (kind: AuditFaultKind, message: string) => report.faults.push(faultOf(line, kind, message));
  if (line.signature === null || line.signed_at === null || line.key_id === null) {
    report.unsignedBatches++;
    if (now * 1000 - sealedAt > PATIENCE_US) fault("unsigned", "The seal is not signed");
    return;
  }
  // Only the end may be without signature.
  if (report.unsignedBatches > 0) fault("unsigned", "A seal before it is not signed");
  const key = keys.get(line.key_id);
  if (key === undefined) {
    fault("unknown_key", `It is signed by ${line.key_id}, for which nobody vouches`);
    return;
  }
  const signature = Uint8Array.from(atob(line.signature), (char) => char.charCodeAt(0));
  if (!await isSignedBy(key, signature, signedText(line.stored_link, line.signed_at))) {
    fault("rewritten", "The signature does not hold");
  } else if (Number(line.signed_at) - sealedAt > LATE_US) {
    fault("signed_late", "It was signed over an hour after it was made");
  }
}

/** The end of the log, by what stands outside of its rows and seals. */
async function checkEnd(tx: postgres.TransactionSql, options: VerifyAuditOptions, report: AuditReport): Promise<void> {
  const fault = (kind: AuditFaultKind, message: string, batch: number | null = null) =>
    report.faults.push({ kind, organizationId: null, batch, seq: null, rowId: null, message });
  const [end] = await tx`
    select b.number, encode(b.link, 'hex') as link, s.last_number, encode(s.last_link, 'hex') as last_link
    from private.audit_seal_state s
    full join (select * from private.audit_batches order by number desc limit 1) b on true`;
  if (end === undefined) {
    if (options.anchor !== undefined) fault("cut", `The log had ${options.anchor.number} seals and has none`);
    return;
  }
  report.head = end["number"] === null ? null : { number: Number(end["number"]), link: end["link"] };
  const number = report.head?.number ?? 0;
  if (Number(end["last_number"] ?? 0) !== number) {
    fault("cut", `There were ${end["last_number"] ?? "other"} seals, and there are ${number}`);
  } else if (number > 0 && end["last_link"] !== end["link"]) {
    fault("rewritten", "The last seal is another one", number);
  }
  if (options.organizationId !== undefined) {
    const [gap] = await tx`
      select b.number, p.number is null as is_cut from private.audit_batches b
      left join private.audit_batches p on p.number = b.number - 1
      where b.number > 1 and p.link is distinct from b.previous_link order by b.number limit 1`;
    if (gap !== undefined) {
      fault(gap["is_cut"] ? "cut" : "rewritten", "The seal does not continue the one before it", Number(gap["number"]));
    }
  }
  const { anchor } = options;
  if (anchor === undefined) return;
  const [there] = await tx`
    select encode(link, 'hex') as link from private.audit_batches where number = ${anchor.number}`;
  if (there === undefined) fault("cut", `The log had ${anchor.number} seals and has ${number}`);
  else if (there["link"] !== anchor.link) fault("rewritten", "The seal is not the one that was noted", anchor.number);
}

/** Rows without a seal: new ones, or such as somebody has put in. */
async function checkUnsealed(
  tx: postgres.TransactionSql,
  options: VerifyAuditOptions,
  report: AuditReport,
): Promise<void> {
  const rows = await tx`
    with sealed as materialized (
      select unnest(b.row_ids) as id from private.audit_batches b
      where ${options.organizationId ?? null}::uuid is null or b.organization_id = ${options.organizationId ?? null}
    )
    select e.id, e.organization_id,
      e.tx < s.sealed_below or e.occurred_at < s.seen_at - interval '1 hour' as is_inserted
    from public.audit_events e cross join private.audit_seal_state s
    where (${options.organizationId ?? null}::uuid is null or e.organization_id = ${options.organizationId ?? null})
      and not exists (select 1 from sealed x where x.id = e.id)
    order by is_inserted desc, e.id limit 100000`;
  for (const row of rows) {
    if (!row["is_inserted"]) {
      report.unsealedRows++;
      continue;
    }
    const message = "The row was not there when the rows of its time were sealed";
    report.faults.push({
      kind: "inserted",
      organizationId: row["organization_id"],
      batch: null,
      seq: null,
      rowId: row["id"],
      message,
    });
  }
}
