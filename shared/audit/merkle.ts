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
 * The way from a leaf to the root of a Merkle tree as RFC 6962 has it: pairs from the left, one without a partner goes
 * up as it is.
 *
 * @param leaves The hashes of all rows of the batch, in order.
 * @param index Which one, from 0.
 */
export async function merklePath(
  leaves: readonly Uint8Array[],
  index: number,
): Promise<{ path: MerkleStep[]; root: Uint8Array }> {
  const path: MerkleStep[] = [];
  let level = leaves;
  let place = index;
  while (level.length > 1) {
    const next: Uint8Array[] = [];
    for (let left = 0; left < level.length; left += 2) {
      const right = level[left + 1];
      next.push(right === undefined ? level[left]! : await hash(1, level[left]!, right));
    }
    const other = level[place ^ 1];
    if (other !== undefined) path.push({ side: place % 2 === 0 ? "right" : "left", hash: other });
    place >>= 1;
    level = next;
  }
  return { path, root: level[0]! };
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
