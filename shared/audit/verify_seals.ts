import { readBase64 } from "../bytes/mod.ts";
import { type AuditPublicKey, endorsedText, isSignedBy, keyId, signedText } from "./audit_key.ts";
import { readNetstrings } from "./netstrings.ts";

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
  organization_id: string | null;
  /** Number of the seal. */
  batch: number | null;
  /** Sequence number of the row within the organization. */
  seq: number | null;
  row_id: string | null;
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
  /** The faults, in order; empty = the log is whole. */
  faults: AuditFault[];
  organizations: number;
  batches: number;
  /** Rows that were hashed again. */
  rows: number;
  /** Rows that retention has dropped; their seals are whole. */
  dropped_rows: number;
  /** Rows that are not sealed yet. */
  unsealed_rows: number;
  /** Seals at the end that are not signed yet. */
  unsigned_batches: number;
  /** Ids of the keys that were believed. */
  keys: string[];
  head: AuditAnchor | null;
}

/** A line of `private.check_audit_batches`. Numbers may come as text. */
export interface SealLine {
  readonly number: number | string;
  readonly organization_id: string;
  readonly first_seq: number | string;
  readonly last_seq: number | string;
  readonly rows_dropped: boolean;
  readonly statement: string;
  readonly stored_link: string;
  readonly key_id: string | null;
  readonly signed_at: string | null;
  readonly signature: string | null;
  readonly fault: AuditFaultKind | null;
  readonly fault_seq: number | string | null;
  readonly fault_row: string | null;
}

/** What `private.audit_facts` answers. */
export interface AuditFacts {
  readonly last_number: number | null;
  readonly last_link: string | null;
  readonly number: number | null;
  readonly link: string | null;
  readonly gap: { readonly number: number; readonly is_cut: boolean } | null;
  readonly dropped: Readonly<Record<string, number>>;
  readonly unsealed: number;
  readonly inserted: readonly { readonly id: string; readonly organization_id: string }[];
}

/** A published key. */
export interface PublishedKey {
  readonly id: string;
  readonly publicKey: AuditPublicKey;
  readonly endorsedBy: string | null;
  readonly endorsement: Uint8Array | null;
}

/** Where the log is read. */
export interface AuditSource {
  /** The published keys, oldest first. */
  keys(): Promise<readonly PublishedKey[]>;
  /** Lines of seals behind a number; none = these were all. */
  lines(after: number): Promise<readonly SealLine[]>;
  /** What else there is to know. */
  facts(): Promise<AuditFacts>;
  /** The link of a seal; null = there is no such seal. Only asked for an anchor. */
  linkOf?(number: number): Promise<string | null>;
}

/** What {@linkcode verifySeals} may be told. */
export interface VerifySealsOptions {
  /** True = the source has the seals of one organization only. */
  readonly isPart?: boolean;
  /** The keys to trust. Default: those in the database, the first of which nothing vouches for. */
  readonly keys?: readonly AuditPublicKey[] | undefined;
  /** An end that the log had once. */
  readonly anchor?: AuditAnchor | undefined;
  /** Milliseconds since 1970. Default: the clock. */
  readonly now?: number | undefined;
}

/** Seals may stay unsigned for so long: microseconds. */
const PATIENCE_US = 15 * 60e6;
/** A signature that came so much later than its seal says that somebody had time to make the seal up: microseconds. */
const LATE_US = 60 * 60e6;
const ZEROS = "00".repeat(32);

const SENTENCES: Partial<Record<AuditFaultKind, string>> = {
  edited: "The row is not the one that was sealed",
  deleted: "The row is missing",
  reordered: "The rows are not in the order in which they were sealed",
  backdated: "The row says it is older than the sealing before it, which did not see it",
  rewritten: "The seal is not what it says",
};

/**
 * Checks what the database says of its seals and rows: that seals continue each other, that signatures hold, that
 * nothing is missing at the end.
 */
export async function verifySeals(source: AuditSource, options: VerifySealsOptions = {}): Promise<AuditReport> {
  const verifier = new Verifier(options);
  await verifier.trust(await source.keys());
  const lines: SealLine[] = [];
  for (let after = 0;;) {
    const more = await source.lines(after);
    if (more.length === 0) break;
    lines.push(...more);
    after = Number(more.at(-1)?.number);
  }
  // Asked for last: what retention drops meanwhile is told by then.
  const facts = await source.facts();
  for (const line of lines) await verifier.seal(line, facts);
  verifier.end(facts);
  const { anchor } = options;
  if (anchor !== undefined) verifier.anchor(anchor, await source.linkOf?.(anchor.number) ?? null);
  return verifier.report;
}

class Verifier {
  readonly report: AuditReport = {
    faults: [],
    organizations: 0,
    batches: 0,
    rows: 0,
    dropped_rows: 0,
    unsealed_rows: 0,
    unsigned_batches: 0,
    keys: [],
    head: null,
  };
  readonly #options: VerifySealsOptions;
  readonly #keys = new Map<string, AuditPublicKey>();
  readonly #chains = new Map<string, { seq: number; head: string; isKept: boolean }>();
  #number = 0;
  #link = ZEROS;

  constructor(options: VerifySealsOptions) {
    this.#options = options;
  }

  /** The keys to believe: those given, else those of the database, where each but the first has to be endorsed. */
  async trust(published: readonly PublishedKey[]): Promise<void> {
    const given = this.#options.keys;
    for (const key of given ?? []) this.#keys.set(await keyId(key), key);
    for (const { id, publicKey, endorsedBy, endorsement } of published) {
      if (this.#keys.has(id) || await keyId(publicKey) !== id) continue;
      const endorser = this.#keys.get(endorsedBy ?? "");
      const isEndorsed = endorser !== undefined && endorsement !== null &&
        await isSignedBy(endorser, endorsement, endorsedText(id));
      if (isEndorsed || (this.#keys.size === 0 && given === undefined)) this.#keys.set(id, publicKey);
    }
    this.report.keys = [...this.#keys.keys()];
  }

  /** Checks a seal against the ones before it. */
  async seal(line: SealLine, facts: AuditFacts): Promise<void> {
    const fields = readStatement(line.statement);
    const number = Number(line.number);
    const [first, last] = [Number(line.first_seq), Number(line.last_seq)];
    // One organization's seals are not next to each other: the others' links are checked in the database.
    if (this.#options.isPart !== true) {
      if (number !== this.#number + 1) {
        this.#fault(line, "cut", `Seals ${this.#number + 1} to ${number - 1} are missing`);
      } else if (fields.previousLink !== this.#link) {
        this.#fault(line, "rewritten", "The seal does not continue the one before it");
      }
    }
    const chain = this.#chains.get(line.organization_id) ?? { seq: 0, head: ZEROS, isKept: false };
    if (first <= chain.seq) this.#fault(line, "forked", `Row ${first} is sealed twice`);
    else if (first > chain.seq + 1) {
      this.#fault(line, "cut", `The seals of rows ${chain.seq + 1} to ${first - 1} are missing`);
    } else if (fields.previousHead !== chain.head) {
      this.#fault(line, "forked", "The seal continues another line than the one before it");
    }
    if (line.rows_dropped && (chain.isKept || last > (facts.dropped[line.organization_id] ?? 0))) {
      this.#fault(line, "deleted", "The rows of the seal are missing, and retention did not drop them");
    }
    if (line.fault !== null) this.#fault(line, line.fault, SENTENCES[line.fault] ?? "");
    await this.#signature(line, fields.sealedAt);
    this.#chains.set(line.organization_id, { seq: last, head: fields.head, isKept: !line.rows_dropped });
    this.#number = number;
    this.#link = line.stored_link;
    this.report.batches++;
    this.report.organizations = this.#chains.size;
    if (line.rows_dropped) this.report.dropped_rows += last - first + 1;
    else this.report.rows += last - first + 1;
  }

  async #signature(line: SealLine, sealedAt: number): Promise<void> {
    if (line.signature === null || line.signed_at === null || line.key_id === null) {
      this.report.unsigned_batches++;
      if ((this.#options.now ?? Date.now()) * 1000 - sealedAt > PATIENCE_US) {
        this.#fault(line, "unsigned", "The seal is not signed");
      }
      return;
    }
    // Only the end may be without signature.
    if (this.report.unsigned_batches > 0) this.#fault(line, "unsigned", "A seal before it is not signed");
    const key = this.#keys.get(line.key_id);
    if (key === undefined) {
      this.#fault(line, "unknown_key", `It is signed by ${line.key_id}, for which nobody vouches`);
      return;
    }
    const signature = readBase64(line.signature);
    if (!await isSignedBy(key, signature, signedText(line.stored_link, line.signed_at))) {
      this.#fault(line, "rewritten", "The signature does not hold");
    } else if (Number(line.signed_at) - sealedAt > LATE_US) {
      this.#fault(line, "signed_late", "It was signed over an hour after it was made");
    }
  }

  /** The end of the log, by what stands outside of its rows and seals; and the rows without a seal. */
  end(facts: AuditFacts): void {
    const { number, link, last_number, last_link, gap } = facts;
    if (number !== null && link !== null) this.report.head = { number, link };
    if ((last_number ?? 0) !== (number ?? 0)) {
      this.#fault(null, "cut", `There were ${last_number ?? "other"} seals, and there are ${number ?? 0}`);
    } else if (number !== null && last_link !== link) {
      this.#fault(null, "rewritten", "The last seal is another one", number);
    }
    if (gap !== null && this.#options.isPart === true) {
      this.#fault(null, gap.is_cut ? "cut" : "rewritten", "The seal does not continue the one before it", gap.number);
    }
    for (const row of facts.inserted) {
      const message = "The row was not there when the rows of its time were sealed";
      const { organization_id } = row;
      this.report.faults.push({ kind: "inserted", organization_id, batch: null, seq: null, row_id: row.id, message });
    }
    this.report.unsealed_rows = facts.unsealed;
  }

  /** An end that was noted once is still there. */
  anchor({ number, link }: AuditAnchor, found: string | null): void {
    if (found === null) {
      this.#fault(null, "cut", `The log had ${number} seals and has ${this.report.head?.number ?? 0}`);
    } else if (found !== link) {
      this.#fault(null, "rewritten", "The seal is not the one that was noted", number);
    }
  }

  #fault(line: SealLine | null, kind: AuditFaultKind, message: string, batch: number | null = null): void {
    const isOfRow = line !== null && kind === line.fault && line.fault_seq !== null;
    this.report.faults.push({
      kind,
      organization_id: line?.organization_id ?? null,
      batch: line === null ? batch : Number(line.number),
      seq: isOfRow ? Number(line.fault_seq) : null,
      row_id: isOfRow ? line.fault_row : null,
      message,
    });
  }
}

/** The fields of a statement that are needed: see private.audit_statement. */
function readStatement(statement: string) {
  const fields = readNetstrings(statement) ?? [];
  return {
    previousHead: fields[5] ?? "",
    head: fields[6] ?? "",
    sealedAt: Number(fields[9]),
    previousLink: fields[10] ?? "",
  };
}
