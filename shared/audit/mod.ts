/**
 * The audit log outside of the database: what signs its seals, proves its rows, and proves where a request came from.
 * docs/audit.md has the formats.
 *
 * @module
 */
export {
  type AuditPublicKey,
  type AuditSigner,
  auditSigners,
  endorsedText,
  isSignedBy,
  keyId,
  signedText,
} from "./audit_key.ts";
export { netstrings, readNetstrings } from "./netstrings.ts";
export { type RequestFacts, requestProof, requestProofKey } from "./request_proof.ts";
export { AuditBrokenError, signAudit } from "./sign_audit.ts";
export {
  type AuditAnchor,
  type AuditFacts,
  type AuditFault,
  type AuditFaultKind,
  type AuditReport,
  type AuditSource,
  type PublishedKey,
  type SealLine,
  verifySeals,
  type VerifySealsOptions,
} from "./verify_seals.ts";
