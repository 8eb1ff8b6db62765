import { macKey, toBase64Url } from "../bytes/mod.ts";
import { type ApiKeyMode, generateApiKey, type NewApiKey } from "./api_key.ts";

/** What the key is for: {@link macKey}. */
const PURPOSE = "api key text v1";

const encoder = new TextEncoder();

/** A seed of 256 random bits. */
export function newSeed(): string {
  return toBase64Url(crypto.getRandomValues(new Uint8Array(32)));
}

/**
 * The key that a seed stands for: the same one each time, for as long as the project has the same secret key. So a
 * request that is repeated with its Idempotency-Key gets the same answer although the key is kept nowhere: the database
 * keeps the seed for those 24 hours, and who has only the database, or only the secret, has nothing.
 *
 * @param secret The project's default secret key.
 */
export function keyOfSeed(secret: string, mode: ApiKeyMode, seed: string): Promise<NewApiKey> {
  return generateApiKey(mode, async (round) => {
    const text = encoder.encode(JSON.stringify([mode, seed, round]));
    return new Uint8Array(await crypto.subtle.sign("HMAC", await macKey(secret, PURPOSE), text));
  });
}
