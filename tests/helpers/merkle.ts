/**
 * Merkle trees as RFC 6962 has them, written anew: what the database proves is checked by other code than its own.
 *
 * @module
 */

/** SHA-256 of a byte and what follows it. */
async function hash(prefix: number, ...parts: readonly Uint8Array[]): Promise<Uint8Array> {
  const bytes = new Uint8Array(1 + parts.reduce((sum, part) => sum + part.length, 0));
  bytes[0] = prefix;
  let at = 1;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

/** The hash of a row: of a zero byte and its canonical bytes. */
export function leafHash(canonical: Uint8Array): Promise<Uint8Array> {
  return hash(0, canonical);
}

/** A step of the way from a row to the root: the other child of the node, and on which side it stands. */
export interface MerkleStep {
  readonly side: "left" | "right";
  readonly hash: Uint8Array;
}

/**
 * The root that a row and its path lead to: what has to be that of the signed statement.
 *
 * @param leaf The hash of the row.
 */
export async function rootOf(leaf: Uint8Array, path: readonly MerkleStep[]): Promise<Uint8Array> {
  let node = leaf;
  for (const step of path) {
    node = step.side === "left" ? await hash(1, step.hash, node) : await hash(1, node, step.hash);
  }
  return node;
}
