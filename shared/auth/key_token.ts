/**
 * The tokens that API keys act by: as short as a minute, signed with a key of the project's Auth, so that the database
 * sees the caller and RLS decides.
 *
 * @module
 */
import type { Env } from "../env/mod.ts";
import { AppError } from "../errors/mod.ts";
import type { ApiKeyMode } from "./api_key.ts";

/** Seconds for which a token is good. */
const LIFETIME_SECONDS = 60;
/** A token is given out again until so many seconds before its end: a call must arrive before that. */
const REST_SECONDS = 20;
/** Tokens that an isolate keeps. */
const MAX_KEPT = 1_000;

/** An API key as the gate has resolved it. */
export interface ResolvedKey {
  readonly id: string;
  readonly organizationId: string;
  readonly mode: ApiKeyMode;
  readonly scopes: readonly string[];
}

interface Kept {
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly usableUntil: number;
}

type Signer = (claims: Record<string, unknown>) => Promise<string>;

const signers = new WeakMap<Env, Promise<Signer>>();
const kept = new WeakMap<Env, Map<string, Kept>>();

/**
 * Refuses API keys where no tokens can be signed for them.
 *
 * @throws {AppError} `keys_not_set_up`.
 */
export function requireSigningKey(env: Env): void {
  if (env.signingKey !== null) return;
  throw new AppError("keys_not_set_up", {
    detail: "This project takes no API keys yet: its operator has to set MILLRACE_SIGNING_KEY. Access tokens work",
  });
}

/**
 * The token by which an API key calls the database. Its subject is the key's id, which is nobody's user id: policies
 * about the user give it nothing. Tokens are kept for as long as they are good; that a key was revoked is no business of
 * theirs, since the gate is asked on every request and every policy looks at the key's own row.
 *
 * @throws {AppError} `keys_not_set_up` without a signing key.
 */
export async function keyToken(env: Env, key: ResolvedKey): Promise<string> {
  requireSigningKey(env);
  const tokens = kept.get(env) ?? new Map<string, Kept>();
  kept.set(env, tokens);
  const name = [key.id, key.organizationId, key.mode, ...key.scopes].join(" ");
  const now = Date.now();
  const found = tokens.get(name);
  if (found !== undefined && found.usableUntil > now) return found.token;
  const token = await sign(env, key, Math.floor(now / 1000));
  if (tokens.size >= MAX_KEPT) tokens.clear();
  tokens.set(name, { token, usableUntil: now + (LIFETIME_SECONDS - REST_SECONDS) * 1000 });
  return token;
}

async function sign(env: Env, key: ResolvedKey, now: number): Promise<string> {
  let signer = signers.get(env);
  if (signer === undefined) {
    signer = createSigner(env);
    signers.set(env, signer);
  }
  return await (await signer)({
    iss: `${env.publicUrl}/auth/v1`,
    aud: "authenticated",
    role: "authenticated",
    sub: key.id,
    iat: now,
    exp: now + LIFETIME_SECONDS,
    millrace: {
      key: key.id,
      // A key that is in no list of keys, so that whatever asks about keys refuses it.
      ...(key.mode === "portal" && { portal: key.id }),
      org: key.organizationId,
      scopes: key.scopes,
      mode: key.mode,
    },
  });
}

async function createSigner(env: Env): Promise<Signer> {
  const { SignJWT, importJWK } = await import("jose");
  const { alg, kid, jwk } = env.signingKey!;
  const key = await importJWK(jwk as Parameters<typeof importJWK>[0], alg);
  return (claims) => new SignJWT(claims).setProtectedHeader({ alg, kid, typ: "JWT" }).sign(key);
}
