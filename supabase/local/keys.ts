/**
 * The keys of the local project, made once and kept beside the data.
 *
 * @module
 */
import { generateApiKey } from "@supabase/lite";

/** A symmetric key as a JSON Web Key. */
export interface OctKey {
  kty: "oct";
  kid: string;
  alg: "HS256";
  use: "sig";
  k: string;
}

/** Everything a project's clients and functions authenticate with. */
export interface ProjectKeys {
  /** Name → `sb_publishable_…`. */
  publishable: { default: string } & Record<string, string>;
  /** Name → `sb_secret_…`. Several, so that one may be rotated without the others. */
  secret: { default: string } & Record<string, string>;
  /** Signs access tokens. */
  jwtSecret: string;
  /** Names the signing key in a token's header. */
  kid: string;
  /** `MILLRACE_MASTER_KEYS` of the functions: key id → Base64 of 32 bytes. */
  master: Record<string, string>;
}

/** Names of the secret keys a new project gets. */
const SECRET_NAMES = ["default", "worker", "automations"] as const;

/**
 * Reads the keys from a file, creating it on first use.
 *
 * @param file where they are kept; null makes keys that are not kept
 */
export async function loadKeys(file: string | null): Promise<ProjectKeys> {
  if (file !== null) {
    try {
      const keys = JSON.parse(await Deno.readTextFile(file)) as ProjectKeys;
      // A file of the time before there were master keys.
      if (keys.master === undefined) {
        keys.master = generateMasterKeys();
        await Deno.writeTextFile(file, JSON.stringify(keys, null, 2) + "\n", { mode: 0o600 });
      }
      return keys;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  const keys = await generateKeys();
  if (file !== null) await Deno.writeTextFile(file, JSON.stringify(keys, null, 2) + "\n", { mode: 0o600 });
  return keys;
}

/** The key set that functions verify tokens with, as `SUPABASE_JWKS` holds it. */
export function jwksOf(keys: ProjectKeys): { keys: OctKey[] } {
  const k = new TextEncoder().encode(keys.jwtSecret).toBase64({ alphabet: "base64url", omitPadding: true });
  return { keys: [{ kty: "oct", kid: keys.kid, alg: "HS256", use: "sig", k }] };
}

async function generateKeys(): Promise<ProjectKeys> {
  const secret = await Promise.all(
    SECRET_NAMES.map(async (name) => [name, (await generateApiKey("secret")).key] as const),
  );
  return {
    publishable: { default: (await generateApiKey("publishable")).key },
    secret: Object.fromEntries(secret) as ProjectKeys["secret"],
    jwtSecret: crypto.getRandomValues(new Uint8Array(36)).toBase64({ alphabet: "base64url" }),
    kid: crypto.randomUUID(),
    master: generateMasterKeys(),
  };
}

function generateMasterKeys(): Record<string, string> {
  return { k1: crypto.getRandomValues(new Uint8Array(32)).toBase64() };
}
