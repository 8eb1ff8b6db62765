import { toHex } from "../bytes/mod.ts";

const encoder = new TextEncoder();
const keys = new Map<string, Promise<CryptoKey>>();

/** What a function knows of a request, as its calls to the database carry it. */
export interface RequestFacts {
  /** `x-request-id` */
  readonly requestId: string;
  /** `x-millrace-ip`; empty = unknown. */
  readonly ip: string;
  /** `x-millrace-agent`; empty = none. */
  readonly agent: string;
}

/**
 * The header `x-millrace-proof`: by it the database knows that request id, address and agent come from our functions,
 * and not from somebody who calls the Data API with headers of their own.
 *
 * @param secret The project's secret key (`env.secretKeys.default`).
 */
export async function requestProof(secret: string, { requestId, ip, agent }: RequestFacts): Promise<string> {
  let key = keys.get(secret);
  if (key === undefined) {
    key = requestProofKey(secret).then((bytes) =>
      crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"])
    );
    keys.set(secret, key);
  }
  return toHex(
    new Uint8Array(await crypto.subtle.sign("HMAC", await key, encoder.encode(`${requestId}\n${ip}\n${agent}`))),
  );
}

// No return type: see fromBase64Url.
/** The key of {@linkcode requestProof}, which `engine.set_request_proof_key` is told once: never the secret itself. */
export async function requestProofKey(secret: string) {
  const key = await crypto.subtle.importKey("raw", encoder.encode(secret), { name: "HMAC", hash: "SHA-256" }, false, [
    "sign",
  ]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, encoder.encode("millrace request proof 1")));
}
