/**
 * Access tokens of the project's Auth, verified here, without a call.
 *
 * With jose and not with `@supabase/server/core`, which was tried at 1.8.1: importing that also imports all of
 * supabase-js (21–29 ms at every cold start, jose 5 ms), it reads `Bearer` only in that spelling, it has no
 * allow-list of algorithms and no check of the role. Its order of checks and its treatment of `oct` keys are followed.
 *
 * @module
 */
import type { JSONWebKeySet, JWTPayload, JWTVerifyGetKey } from "jose";
import type { Env } from "../env/mod.ts";
import { unauthorized } from "../errors/mod.ts";
import type { UserCaller } from "./caller.ts";

/** What Supabase Auth signs with. `none` and everything else is refused before a key is looked for. */
const ALGORITHMS = ["ES256", "RS256", "EdDSA", "Ed25519", "HS256"];

const AUDIENCE = "authenticated";
const ROLE = "authenticated";
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** jose is loaded by the first token, so that functions which see none (hooks, worker) never pay for it. */
type Jose = typeof import("jose");

const resolvers = new WeakMap<Env, JWTVerifyGetKey>();

/**
 * Verifies an access token: signature, algorithm, expiry, audience, issuer, role and subject.
 *
 * @param token The token without `Bearer`.
 * @param env The environment with the key set.
 * @throws {AppError} `unauthorized` for every token that does not hold; the reason goes into its cause only, except
 *   that an expired token is called expired, because callers act on it.
 */
export async function verifyAccessToken(token: string, env: Env): Promise<UserCaller> {
  const jose = await import("jose");
  let payload: JWTPayload;
  try {
    ({ payload } = await jose.jwtVerify(token, resolverFor(env, jose), {
      algorithms: ALGORITHMS,
      audience: AUDIENCE,
      requiredClaims: ["exp", "sub"],
    }));
  } catch (cause) {
    const expired = cause instanceof jose.errors.JWTExpired;
    throw unauthorized(expired ? "The access token has expired" : "The access token is not valid", cause);
  }
  const problem = findClaimProblem(payload, env);
  if (problem !== undefined) throw unauthorized("The access token is not valid", new Error(problem));
  return { kind: "user", userId: String(payload.sub).toLowerCase(), jwt: token, claims: payload };
}

function findClaimProblem(payload: JWTPayload, env: Env): string | undefined {
  if (typeof payload.sub !== "string" || !UUID.test(payload.sub)) return "The subject is no user id";
  // The tokens that we sign for API keys stay between us and the database.
  if (payload.millrace !== undefined) return "The token is one of an API key";
  if (payload.role !== ROLE) return `The role is not ${ROLE}`;
  if (payload.iss !== undefined && !isOurIssuer(payload.iss, env)) return "The issuer is another project";
  return undefined;
}

/**
 * Inside Docker the function sees the project under another address than the world does, which the token names. There,
 * and only there (plain http), any issuer on this machine counts; the signature has been checked in any case.
 */
function isOurIssuer(issuer: string, env: Env): boolean {
  if (issuer === `${env.supabaseUrl}/auth/v1` || issuer === `${env.publicUrl}/auth/v1`) return true;
  return env.supabaseUrl.startsWith("http://") &&
    /^http:\/\/(?:127\.0\.0\.1|localhost)(?::\d+)?\/auth\/v1$/.test(issuer);
}

function resolverFor(env: Env, jose: Jose): JWTVerifyGetKey {
  let resolver = resolvers.get(env);
  if (resolver === undefined) {
    resolver = createResolver(env, jose);
    resolvers.set(env, resolver);
  }
  return resolver;
}

/**
 * Finds the key of a token. Symmetric keys are looked up here, since jose refuses them in a key set; the two kinds
 * never meet: a token that says HS256 gets `oct` keys only, so that no public key can serve as a secret.
 */
function createResolver(env: Env, jose: Jose): JWTVerifyGetKey {
  const publicKeys = { keys: env.jwks.keys.filter((key) => key.kty !== "oct") } as unknown as JSONWebKeySet;
  const secrets = env.jwks.keys.filter((key) => key.kty === "oct" && (key.alg === undefined || key.alg === "HS256"));
  const findPublic = jose.createLocalJWKSet(publicKeys);
  return async (header, token) => {
    if (header?.alg !== "HS256") return await findPublic(header, token);
    const found = secrets.filter((key) => header.kid === undefined || key.kid === header.kid);
    const [key] = found;
    if (key === undefined || found.length > 1) throw new jose.errors.JWKSNoMatchingKey();
    return await jose.importJWK(key as unknown as Parameters<Jose["importJWK"]>[0], "HS256");
  };
}
