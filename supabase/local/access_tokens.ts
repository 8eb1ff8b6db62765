/**
 * Access tokens as hosted Auth issues them: lite's own carry fewer claims, no `kid` and no hook's additions.
 *
 * @module
 */
import { decodeJwt, type JWTPayload, jwtVerify, SignJWT } from "jose";
import type { ProjectKeys } from "./keys.ts";
import type { SqlExecutor } from "./sql_executor.ts";

/** What {@linkcode hostedToken} needs. */
export interface TokenOptions {
  keys: ProjectKeys;
  /** Address of Auth, the token's issuer. */
  issuer: string;
  executor: SqlExecutor;
  /** `schema.function` of the access token hook, or null. */
  hook: string | null;
}

/** The user as Auth's replies show it. */
interface AuthUser {
  app_metadata?: Record<string, unknown>;
  user_metadata?: Record<string, unknown>;
  phone?: string;
  is_anonymous?: boolean;
}

/** Reports that the token hook refused or failed; Auth answers with the status. */
export class TokenHookError extends Error {
  override readonly name = "TokenHookError";
  readonly status: number;

  constructor(message: string, status = 500) {
    super(message);
    this.status = status;
  }
}

/**
 * Gives a token of lite the claims, the header and the hook's changes that hosted Auth would, signed with the same
 * secret: lite accepts it as its own.
 *
 * @param token an access token that lite has just issued
 * @param user the user in lite's reply, where there is one
 * @throws TokenHookError when the hook raises or answers with an error
 */
export async function hostedToken(token: string, user: AuthUser | undefined, options: TokenOptions): Promise<string> {
  const { keys, issuer, executor, hook } = options;
  const issued = decodeJwt(token);
  const method = "password";
  const claims: JWTPayload = {
    ...issued,
    iss: issuer,
    phone: user?.phone ?? "",
    app_metadata: user?.app_metadata ?? {},
    user_metadata: user?.user_metadata ?? {},
    aal: "aal1",
    amr: [{ method, timestamp: issued.iat }],
    is_anonymous: user?.is_anonymous ?? false,
  };
  const final = hook === null ? claims : await callHook(executor, hook, {
    user_id: String(issued.sub),
    claims,
    authentication_method: method,
  });
  return await new SignJWT(final)
    .setProtectedHeader({ alg: "HS256", kid: keys.kid, typ: "JWT" })
    .sign(new TextEncoder().encode(keys.jwtSecret));
}

/** True for an unexpired token that this project signed. */
export async function isProjectToken(token: string, keys: ProjectKeys): Promise<boolean> {
  try {
    await jwtVerify(token, new TextEncoder().encode(keys.jwtSecret), { algorithms: ["HS256"] });
    return true;
  } catch {
    return false;
  }
}

/** Calls the hook as the role that hosted Auth connects with. */
async function callHook(executor: SqlExecutor, hook: string, event: Record<string, unknown>): Promise<JWTPayload> {
  const answer = await executor.transaction(async (transaction) => {
    const [exists] = await transaction.query<{ found: boolean }>(
      "select to_regprocedure($1) is not null as found",
      [`${hook}(jsonb)`],
    );
    if (!exists?.found) return undefined;
    await transaction.exec("set local role supabase_auth_admin");
    const [row] = await transaction.query<{ answer: HookAnswer }>(
      `select ${hook}($1::text::jsonb) as answer`,
      [JSON.stringify(event)],
    );
    return row?.answer;
  }).catch((error) => {
    throw new TokenHookError(`Error running the access token hook: ${error.message}`);
  });
  if (answer === undefined) return event.claims as JWTPayload;
  if (answer.error) throw new TokenHookError(answer.error.message, answer.error.http_code);
  if (!answer.claims) throw new TokenHookError("The access token hook answered without claims");
  return answer.claims;
}

/** https://supabase.com/docs/guides/auth/auth-hooks/custom-access-token-hook */
interface HookAnswer {
  claims?: JWTPayload;
  error?: { message: string; http_code?: number };
}
