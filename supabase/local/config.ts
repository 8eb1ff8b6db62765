/**
 * The part of `supabase/config.toml` that the local stack honours: the same file configures the real CLI.
 *
 * @module
 */
import { parse } from "deno-std/toml/mod.js";
import { z } from "zod";

const Config = z.object({
  api: z.object({ schemas: z.array(z.string()), max_rows: z.int() }),
  auth: z.object({
    site_url: z.string(),
    jwt_expiry: z.int(),
    minimum_password_length: z.int(),
    enable_signup: z.boolean(),
    email: z.object({ enable_confirmations: z.boolean() }),
    hook: z.object({ custom_access_token: z.object({ enabled: z.boolean(), uri: z.string() }).optional() }).optional(),
  }),
  functions: z.record(z.string(), z.object({ verify_jwt: z.boolean().default(true) })).default({}),
});

/** Settings of the project. */
export interface ProjectConfig {
  api: { schemas: string[]; maxRows: number };
  auth: {
    siteUrl: string;
    jwtExpirySeconds: number;
    minimumPasswordLength: number;
    enableSignup: boolean;
    enableConfirmations: boolean;
    /** `schema.function` called for each access token, or null. */
    tokenHook: string | null;
  };
  /** Slug → whether the gateway refuses requests without a valid user token. */
  verifyJwt: Map<string, boolean>;
}

/** Reads `supabase/config.toml`. */
export async function loadConfig(file = new URL("../config.toml", import.meta.url)): Promise<ProjectConfig> {
  const { api, auth, functions } = Config.parse(parse(await Deno.readTextFile(file)));
  const hook = auth.hook?.custom_access_token;
  return {
    api: { schemas: api.schemas, maxRows: api.max_rows },
    auth: {
      siteUrl: auth.site_url,
      jwtExpirySeconds: auth.jwt_expiry,
      minimumPasswordLength: auth.minimum_password_length,
      enableSignup: auth.enable_signup,
      enableConfirmations: auth.email.enable_confirmations,
      tokenHook: hook?.enabled ? functionOfUri(hook.uri) : null,
    },
    verifyJwt: new Map(Object.entries(functions).map(([slug, { verify_jwt }]) => [slug, verify_jwt])),
  };
}

/** `pg-functions://postgres/private/custom_access_token_hook` → `private.custom_access_token_hook`. */
function functionOfUri(uri: string): string {
  const match = /^pg-functions:\/\/[^/]+\/([a-z_][a-z0-9_]*)\/([a-z_][a-z0-9_]*)$/i.exec(uri);
  if (!match) throw new Error(`Cannot use the token hook ${uri}: the local stack calls pg-functions:// only`);
  return `${match[1]}.${match[2]}`;
}
