import type { Env } from "../env/mod.ts";
import { unauthorized } from "../errors/mod.ts";
import { verifyAccessToken } from "./access_token.ts";
import { hashApiKey, isApiKey } from "./api_key.ts";
import type { Caller, KeyCaller } from "./caller.ts";
import { findKeyName } from "./secret_key.ts";

/** Longer than this no credential of ours is. */
const MAX_CREDENTIAL_LENGTH = 8_192;

const ANONYMOUS: Caller = { kind: "anonymous" };

/**
 * Tells who sent a request, by `Authorization: Bearer`, `x-api-key` and `apikey`.
 *
 * supabase-js sends the publishable key in both headers while nobody is signed in, and a secret key in both when it
 * was made with one. Every credential that is present must hold: one that does not is refused, whatever the other one
 * says and whether or not the route needs one. When both hold, the bearer decides, as it does in the Data API.
 *
 * | Authorization | apikey | caller |
 * | --- | --- | --- |
 * | none or publishable key | none or publishable key | anonymous |
 * | access token | none, publishable or secret key | user |
 * | none, publishable or secret key | secret key | secret |
 * | secret key | none or publishable key | secret |
 * | API key (`mr_live_…`) or portal token (`mr_portal_…`) | none, publishable or secret key | key |
 * | anything else | anything | 401 |
 * | anything | anything else | 401 |
 *
 * `x-api-key` takes an API key and nothing else; it counts as if it stood in Authorization, where another API key or an
 * access token beside it is refused: nobody is two callers. A key with a wrong checksum is refused here.
 *
 * @param headers The request's headers.
 * @param env Keys and key set.
 * @throws {AppError} `unauthorized`.
 */
export async function authenticate(headers: Headers, env: Env): Promise<Caller> {
  const apikey = headers.get("apikey");
  const bearer = readBearer(headers.get("authorization"));
  const named = headers.get("x-api-key") || undefined;
  const byKey = apikey === null || apikey === "" ? ANONYMOUS : await identifyKey(apikey, env);
  if (byKey === undefined) throw unauthorized("The apikey is not one of this project");
  const byName = named === undefined ? undefined : await identifyApiKey(named);
  const byBearer = bearer === undefined ? ANONYMOUS : await identifyBearer(bearer, env);
  if (byName !== undefined) {
    const isSame = byBearer.kind === "key" && byBearer.secretHash === byName.secretHash;
    if (byBearer.kind !== "user" && (byBearer.kind !== "key" || isSame)) return byName;
    throw unauthorized("Send one credential: either x-api-key or Authorization");
  }
  return byBearer.kind === "anonymous" ? byKey : byBearer;
}

/** An API key by its text, whose checksum must be right: a mistyped one troubles no database. */
async function identifyApiKey(text: string): Promise<KeyCaller> {
  if (!isApiKey(text)) throw unauthorized("The API key is not valid");
  const caller = { kind: "key" as const, secretHash: await hashApiKey(text) };
  return text.startsWith("mr_portal_") ? { ...caller, isPortal: true } : caller;
}

/** The credential of an Authorization header; undefined when there is none. The scheme's case does not matter. */
function readBearer(header: string | null): string | undefined {
  if (header === null || header.trim() === "") return undefined;
  const match = /^bearer +(\S+)$/i.exec(header.trim());
  if (match?.[1] === undefined) throw unauthorized("Use Authorization: Bearer with an access token");
  if (match[1].length > MAX_CREDENTIAL_LENGTH) throw unauthorized("The access token is not valid");
  return match[1];
}

async function identifyBearer(token: string, env: Env): Promise<Caller> {
  if (token.startsWith("sb_")) {
    const caller = await identifyKey(token, env);
    if (caller === undefined) throw unauthorized("The key is not one of this project");
    return caller;
  }
  if (token.startsWith("mr_")) return await identifyApiKey(token);
  return await verifyAccessToken(token, env);
}

/** Whose key of the project it is; undefined for text that is none. The environment has checked the prefixes. */
async function identifyKey(text: string, env: Env): Promise<Caller | undefined> {
  if (text.length > MAX_CREDENTIAL_LENGTH) return undefined;
  if (text.startsWith("sb_publishable_")) {
    return await findKeyName(text, env.publishableKeys) === undefined ? undefined : { kind: "anonymous" };
  }
  if (!text.startsWith("sb_secret_")) return undefined;
  const keyName = await findKeyName(text, env.secretKeys);
  return keyName === undefined ? undefined : { kind: "secret", keyName };
}
