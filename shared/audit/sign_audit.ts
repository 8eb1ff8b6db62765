import { readBase64, toBase64, toHex } from "../bytes/mod.ts";
import { type DatabaseClient, rpc } from "../db/mod.ts";
import type { Env } from "../env/mod.ts";
import { type AuditPublicKey, auditSigners, endorsedText, isSignedBy, signedText } from "./audit_key.ts";
import { readNetstrings } from "./netstrings.ts";

/** What `engine.list_unsigned_audit` answers. */
interface Unsigned {
  readonly keys: readonly { readonly id: string; readonly public_key: AuditPublicKey }[];
  readonly batches: readonly { readonly number: number; readonly statement: string; readonly link: string }[];
  readonly before: {
    readonly number: number;
    readonly link: string;
    readonly key_id: string | null;
    readonly signed_at: string | null;
    readonly signature: string | null;
  } | null;
}

/** The log is not what was signed before: somebody has changed it. */
export class AuditBrokenError extends Error {
  override readonly name = "AuditBrokenError";
}

/**
 * Signs the seals that nobody has signed, oldest first. Each has to continue the one before it, and the oldest one that
 * was signed: whoever rewrote the log gets no signature by asking for it.
 *
 * @param client The database as `service_role`.
 * @returns How many seals it signed.
 * @throws {AuditBrokenError} When a seal does not continue the one before it.
 */
export async function signAudit(client: DatabaseClient, env: Env, signal?: AbortSignal): Promise<number> {
  const [signer, ...older] = await auditSigners(env);
  if (signer === undefined) throw new TypeError("No key to sign with");
  const options = { schema: "engine", ...(signal === undefined ? {} : { signal }) } as const;
  let signed = 0;
  while (true) {
    const { keys, batches, before } = await rpc<Unsigned>(client, "list_unsigned_audit", {}, options);
    if (batches.length === 0) return signed;
    await checkBefore(before, keys);
    const signedAt = `${Date.now()}000`;
    const signatures = [];
    let link = before?.link ?? "00".repeat(32);
    let number = before?.number ?? 0;
    for (const batch of batches) {
      if (await sha256(batch.statement) !== batch.link || previousLink(batch.statement) !== link) {
        throw new AuditBrokenError(`Seal ${batch.number} of the audit log does not continue the one before it`);
      }
      if (batch.number !== ++number) throw new AuditBrokenError(`Seal ${number} of the audit log is missing`);
      link = batch.link;
      const signature = toBase64(await signer.sign(signedText(link, signedAt)));
      signatures.push({ number, link, signed_at: signedAt, signature });
    }
    const endorser = older.find(({ id }) => keys.some((key) => key.id === id));
    const key = {
      id: signer.id,
      public_key: signer.publicKey,
      endorsed_by: endorser?.id ?? null,
      endorsement: endorser === undefined ? null : toBase64(await endorser.sign(endorsedText(signer.id))),
    };
    signed += await rpc<number>(client, "sign_audit", { p_key: key, p_signatures: signatures }, options);
  }
}

async function checkBefore(before: Unsigned["before"], keys: Unsigned["keys"]): Promise<void> {
  if (before === null) return;
  const key = keys.find(({ id }) => id === before.key_id)?.public_key;
  const signature = readBase64(before.signature?.replaceAll("\n", "") ?? "");
  if (key === undefined || !await isSignedBy(key, signature, signedText(before.link, before.signed_at ?? ""))) {
    throw new AuditBrokenError(`The signature of seal ${before.number} of the audit log does not hold`);
  }
}

/** The link that a statement names as the one before it: its last field. */
function previousLink(statement: string): string | null | undefined {
  return readNetstrings(statement)?.at(-1);
}

async function sha256(text: string): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))));
}
