import { adminClient, callerClient, findSchema, REQUIRED_SCHEMA } from "../../shared/db/mod.ts";
import type { Env } from "../../shared/env/mod.ts";
import type { Finding } from "./_finding.ts";

const TIMEOUT_MS = 10_000;

/** The Data API and the functions, as the outside reaches them. */
export async function checkProject(
  env: Env | null,
  fetcher: typeof fetch = fetch,
): Promise<Finding[]> {
  if (env === null) {
    return [{ level: "note", about: "Data API", message: "Not looked at: the environment has problems" }];
  }
  return (await Promise.all([checkDataApi(env, fetcher), checkFunctions(env, fetcher)])).flat();
}

async function checkDataApi(env: Env, fetcher: typeof fetch): Promise<Finding[]> {
  const about = "Data API";
  const options = { fetch: fetcher };
  const { error } = await callerClient(env, null, options).from("plans").select("id").limit(1)
    .abortSignal(AbortSignal.timeout(TIMEOUT_MS));
  if (error !== null) {
    const isOld = ["PGRST205", "42P01"].includes(error.code);
    const message = isOld
      ? "It answers, but the database has not been migrated"
      : "It does not answer with the publishable key";
    return [{ level: "problem", about, message, documentation: "docs/deploy.md#4-migrations" }];
  }
  const { state, version } = await findSchema(adminClient(env, options), AbortSignal.timeout(TIMEOUT_MS));
  const documentation = "docs/deploy.md#schema-and-functions";
  const expected = `${REQUIRED_SCHEMA} or newer`;
  const problem = (message: string): Finding[] => [{ level: "problem", about, message, expected, documentation }];
  if (state === "missing") return problem("The schema engine is not exposed");
  if (state === "unknown") return problem("It does not answer with the secret key");
  if (state === "too_old") return problem(`The schema is ${version?.version ?? "of before it told its version"}`);
  if (state === "too_new") return problem(`The schema serves functions from ${version?.serves_from} on`);
  return [{
    level: "ok",
    about,
    message: `It answers; the schema ${version?.version ?? "fits"} serves these functions`,
  }];
}

async function checkFunctions(env: Env, fetcher: typeof fetch): Promise<Finding[]> {
  const about = "functions";
  const documentation = "docs/deploy.md#8-see-that-it-works";
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetcher(`${env.functionsUrl}/health/ready`, { signal });
    if (response.ok) {
      await response.body?.cancel();
      return [{ level: "ok", about, message: "health/ready says that they can work" }];
    }
    const { code, detail } = await response.json().catch(() => ({}));
    const said = [response.status, code, detail].filter((part) => part !== undefined).join(" ");
    return [{ level: "problem", about, message: `health/ready answers ${said}`, documentation }];
  } catch {
    const message = "health/ready does not answer: not deployed, or not there (SUPABASE_URL, PUBLIC_FUNCTIONS_URL)";
    return [{ level: "problem", about, message, documentation }];
  }
}
