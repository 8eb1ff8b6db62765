/** What is to be checked. */
export interface Ed25519Check {
  /** Public keys of 32 bytes, any of which may belong to the sender. */
  keys: readonly Uint8Array[];
  /** Signatures of 64 bytes, any of which may fit. */
  signatures: readonly Uint8Array[];
  /** The signed bytes, in parts. */
  content: readonly Uint8Array[];
}

/** Checks whether the owner of one of the keys made one of the signatures. A key that is no point fits nothing. */
export async function verifyEd25519({ keys, signatures, content }: Ed25519Check): Promise<boolean> {
  if (keys.length === 0 || signatures.length === 0) return false;
  const bytes = new Uint8Array(await new Blob(content.map((part) => part.slice())).arrayBuffer());
  for (const raw of keys) {
    try {
      const key = await crypto.subtle.importKey("raw", raw.slice(), { name: "Ed25519" }, false, ["verify"]);
      for (const signature of signatures) {
        if (await crypto.subtle.verify("Ed25519", key, signature.slice(), bytes)) return true;
      }
    } catch {
      continue;
    }
  }
  return false;
}
