import { decodeJwt, jwtVerify, SignJWT } from "jose";
import { assertEquals, assertRejects } from "../../tests/helpers/assert.ts";
import { withDatabase } from "../../tests/helpers/postgres.ts";
import { hostedToken, isProjectToken, TokenHookError, type TokenOptions } from "./access_tokens.ts";
import { jwksOf, loadKeys } from "./keys.ts";
import { postgresExecutor } from "./sql_executor.ts";

const keys = await loadKeys(null);
const secret = new TextEncoder().encode(keys.jwtSecret);

function liteToken(): Promise<string> {
  return new SignJWT({ sub: crypto.randomUUID(), role: "authenticated", aud: "authenticated" })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" }).setIssuedAt().setExpirationTime("1h").sign(secret);
}

/** Runs `fn` with options whose hook is the given SQL function body. */
function withHook(body: string, fn: (options: TokenOptions) => Promise<void>): Promise<void> {
  return withDatabase(async (db) => {
    await db.sql.unsafe(`
      create schema hooks; grant usage on schema hooks to supabase_auth_admin;
      create function hooks.access_token(event jsonb) returns jsonb language plpgsql as $$ begin ${body} end $$`);
    const executor = postgresExecutor(db.sql);
    await fn({ keys, issuer: "http://127.0.0.1:1/auth/v1", executor, hook: "hooks.access_token" });
  }, { content: "empty" });
}

Deno.test("hostedToken() adds the hook's claims and a kid that the key set verifies", () =>
  withHook(`return jsonb_set(event, '{claims,plan}', to_jsonb(current_user::text));`, async (options) => {
    const token = await hostedToken(await liteToken(), { app_metadata: { a: 1 }, is_anonymous: false }, options);
    const [key] = jwksOf(keys).keys;
    const { payload, protectedHeader } = await jwtVerify(token, (header) => {
      assertEquals(header.kid, key!.kid);
      return secret;
    });
    assertEquals(protectedHeader.alg, "HS256");
    assertEquals([payload.plan, payload.iss, payload.role], ["supabase_auth_admin", options.issuer, "authenticated"]);
    assertEquals(payload.app_metadata, { a: 1 });
  }));

Deno.test("hostedToken() rejects with the hook's error and status", async () => {
  await withHook(
    `return '{"error": {"http_code": 403, "message": "not you"}}'::jsonb;`,
    async (options) => {
      const error = await assertRejects(
        async () => await hostedToken(await liteToken(), undefined, options),
        TokenHookError,
        "not you",
      );
      assertEquals(error.status, 403);
    },
  );
  await withHook(`raise exception 'oh no';`, async (options) => {
    await assertRejects(async () => await hostedToken(await liteToken(), undefined, options), TokenHookError, "oh no");
  });
});

Deno.test("hostedToken() goes on without a hook that does not exist", () =>
  withHook("return event;", async (options) => {
    const token = await hostedToken(await liteToken(), undefined, { ...options, hook: "hooks.missing" });
    assertEquals(decodeJwt(token).aal, "aal1");
  }));

Deno.test("isProjectToken() refuses foreign, expired and unsigned tokens", async () => {
  assertEquals(await isProjectToken(await liteToken(), keys), true);
  const foreign = await new SignJWT({}).setProtectedHeader({ alg: "HS256" }).sign(new Uint8Array(32));
  const expired = await new SignJWT({}).setProtectedHeader({ alg: "HS256" }).setExpirationTime(1).sign(secret);
  const unsigned = `${btoa('{"alg":"none"}')}.${btoa("{}")}.`;
  for (const token of [foreign, expired, unsigned, "nonsense", keys.secret.default]) {
    assertEquals(await isProjectToken(token, keys), false);
  }
});
