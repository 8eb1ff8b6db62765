import { callerClient } from "../../shared/db/mod.ts";
import { keyToken } from "../../shared/auth/mod.ts";
import type { Env } from "../../shared/env/mod.ts";
import type { Finding } from "./_finding.ts";

const TIMEOUT_MS = 10_000;
const NOBODY = "00000000-0000-4000-8000-000000000000";

/**
 * The keys that Auth publishes now: whether functions know them, and whether the public half of MILLRACE_SIGNING_KEY is
 * among them and the Data API takes what it signs.
 */
export async function checkSigningKey(
  variables: Readonly<Record<string, string>>,
  env: Env | null,
  fetcher: typeof fetch = fetch,
): Promise<Finding[]> {
  const base = (env?.supabaseUrl ?? variables.SUPABASE_URL ?? "").replace(/\/+$/, "");
  if (!/^https?:\/\//.test(base)) return [];
  const published = await fetchKeys(`${base}/auth/v1/.well-known/jwks.json`, fetcher);
  if (published === null) {
    return [{
      level: "problem",
      about: "Auth",
      message: "Its key set (/auth/v1/.well-known/jwks.json) does not answer",
    }];
  }
  const findings: Finding[] = [{ level: "ok", about: "Auth", message: `It publishes ${published.length} keys` }];
  if (published.length === 0) {
    findings.push({
      level: "problem",
      about: "Auth",
      message: "It publishes no key: the project signs with the legacy secret",
      documentation: "docs/deploy.md#3-prepare-the-project",
    });
  }
  if (env === null) return findings;
  const known = new Set(env.jwks.keys.map(({ kid }) => kid));
  if (published.some(({ kid }) => !known.has(kid))) {
    findings.push({
      level: "problem",
      about: "SUPABASE_JWKS",
      message: "Auth publishes a key that is not in it: tokens that it signs are refused. Deploy the functions again",
      documentation: "docs/deploy.md#signing-keys",
    });
  }
  if (env.signingKey !== null) findings.push(...await checkOwnKey(env, published, fetcher));
  return findings;
}

async function checkOwnKey(env: Env, published: readonly Record<string, unknown>[], fetcher: typeof fetch) {
  const about = "MILLRACE_SIGNING_KEY";
  const documentation = "docs/deploy.md#signing-keys";
  const { alg, kid, jwk } = env.signingKey!;
  const problem = (message: string): Finding[] => [{ level: "problem", about, message, documentation }];
  const shown = published.find((key) => key.kid === kid);
  // Keys that are shared secrets are published by nobody; the stack that has one says so in SUPABASE_JWKS.
  if (alg !== "HS256") {
    if (shown === undefined) return problem("Auth does not publish its public half: import it as a standby key");
    const same = ["x", "y", "n", "e"].every((name) => shown[name] === undefined || shown[name] === jwk[name]);
    if (!same) return problem("Auth publishes another key under this kid");
  }
  const key = { id: NOBODY, organizationId: NOBODY, mode: "live", scopes: [] } as const;
  const { error } = await callerClient(env, await keyToken(env, key), { fetch: fetcher })
    .from("plans").select("id").limit(1).abortSignal(AbortSignal.timeout(TIMEOUT_MS));
  if (error !== null) return problem("The Data API does not take what it signs");
  return [
    { level: "ok", about, message: "Auth publishes its public half, and the Data API takes what it signs" } as const,
  ];
}

async function fetchKeys(url: string, fetcher: typeof fetch): Promise<Record<string, unknown>[] | null> {
  try {
    const response = await fetcher(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    const { keys } = await response.json();
    return response.ok && Array.isArray(keys) ? keys : null;
  } catch {
    return null;
  }
}
