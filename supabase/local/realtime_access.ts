/**
 * Who a client of Realtime is, and what row level security on `realtime.messages` lets it do.
 *
 * https://supabase.com/docs/guides/realtime/authorization
 *
 * @module
 */
import { decodeJwt, errors, type JWTPayload, jwtVerify } from "jose";
import type { ProjectKeys } from "./keys.ts";
import type { SqlExecutor } from "./sql_executor.ts";

/** Whoever speaks: a user by an access token, or the holder of an API key. */
export interface Caller {
  role: "anon" | "authenticated" | "service_role";
  claims: JWTPayload;
  /** When the token expires, in seconds since 1970; null = never. */
  expiresAt: number | null;
}

/** What a message is about. */
export type Extension = "broadcast" | "presence";

/** Reports that a token is refused, as hosted Realtime words it: `code: message`. */
export class AccessError extends Error {
  override readonly name = "AccessError";

  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
  }
}

/** The holder of an API key; null when the key is not one of the project's. */
export function keyHolder(keys: ProjectKeys, key: string | null): Caller | null {
  if (key === null) return null;
  if (Object.values(keys.publishable).includes(key)) return { role: "anon", claims: { role: "anon" }, expiresAt: null };
  if (!Object.values(keys.secret).includes(key)) return null;
  return { role: "service_role", claims: { role: "service_role" }, expiresAt: null };
}

/**
 * The user of an access token.
 *
 * @param token what the client sent; an API key instead of a token leaves `holder`
 * @param holder who opened the connection
 * @throws AccessError
 */
export async function callerOf(token: unknown, holder: Caller, keys: ProjectKeys): Promise<Caller> {
  if (typeof token !== "string" || token.startsWith("sb_")) return holder;
  const claims = await verify(token, keys);
  const { role, exp } = claims;
  if (exp === undefined || (role !== "anon" && role !== "authenticated" && role !== "service_role")) {
    throw new AccessError("InvalidJWTToken", "Fields `role` and `exp` are required in JWT");
  }
  return { role, claims, expiresAt: exp };
}

async function verify(token: string, keys: ProjectKeys): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, new TextEncoder().encode(keys.jwtSecret), { algorithms: ["HS256"] })).payload;
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw expired(decodeJwt(token).exp ?? 0);
    if (error instanceof errors.JWSSignatureVerificationFailed) {
      throw new AccessError("JwtSignatureError", "Failed to validate JWT signature");
    }
    throw new AccessError("MalformedJWT", "The token provided is not a valid JWT");
  }
}

/** The error for a token that expired at a moment, in seconds since 1970. */
export function expired(at: number): AccessError {
  const seconds = Math.max(0, Math.floor(Date.now() / 1_000 - at));
  return new AccessError("InvalidJWTToken", `Token has expired ${seconds} seconds ago`);
}

/** Ends a transaction that must leave nothing behind. */
class Undo extends Error {}

/** Which messages of a private topic a caller may read: probed with rows that are taken back. */
export async function mayRead(
  executor: SqlExecutor,
  caller: Caller,
  topic: string,
): Promise<Record<Extension, boolean>> {
  const may = { broadcast: false, presence: false };
  await undone(executor, async (transaction) => {
    const probes = await transaction.query<{ id: string }>(
      `insert into realtime.messages (topic, extension, private)
       values ($1, 'broadcast', true), ($1, 'presence', true) returning id`,
      [topic],
    );
    await become(transaction, caller, topic);
    const seen = await transaction.query<{ extension: Extension }>(
      "select extension from realtime.messages where id in ($1::uuid, $2::uuid)",
      probes.map(({ id }) => id),
    );
    for (const { extension } of seen) may[extension] = true;
  });
  return may;
}

/** Whether a caller may send messages of a kind to a private topic. */
export async function mayWrite(
  executor: SqlExecutor,
  caller: Caller,
  topic: string,
  extension: Extension,
): Promise<boolean> {
  let may = false;
  await undone(executor, async (transaction) => {
    await become(transaction, caller, topic);
    await transaction.query("insert into realtime.messages (topic, extension, private) values ($1, $2, true)", [
      topic,
      extension,
    ]);
    may = true;
  });
  return may;
}

/** Runs `fn` in a transaction that is rolled back. A statement that Postgres refuses ends it: a policy that fails denies. */
async function undone(executor: SqlExecutor, fn: (transaction: SqlExecutor) => Promise<void>): Promise<void> {
  try {
    await executor.transaction(async (transaction) => {
      await fn(transaction);
      throw new Undo();
    });
  } catch (error) {
    if (!(error instanceof Undo) && !isRefusal(error)) throw error;
  }
}

/** An error of SQL, by its five characters, and not a lost connection. */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && "code" in error && /^(42|22|P0|PGRST)/.test(String(error.code));
}

/** Makes the rest of the transaction run as Realtime would for the caller. */
async function become(transaction: SqlExecutor, { role, claims }: Caller, topic: string): Promise<void> {
  await transaction.query(
    `select set_config('realtime.topic', $2, true), set_config('request.jwt.claims', $3, true),
       set_config('request.headers', '{}', true), set_config('role', $1, true)`,
    [role, topic, JSON.stringify(claims)],
  );
}
