import { z } from "zod";
import { adminClient, rpc } from "../db/mod.ts";
import { keyringOf, rewrapSecrets, type RewrapStore } from "../secrets/mod.ts";
import type { Env } from "../env/mod.ts";
import { defineJob } from "./define_job.ts";
import { NonRetryable } from "./job_error.ts";

/** Values a call. */
const BATCH = 200;

/** Wraps the data keys of all secrets by the current master key, and seals those of endpoints that are not. Begun again it goes on where it was. */
export const secretsRewrap = defineJob({
  type: "secrets.rewrap",
  summary: "Wraps the data keys of secrets by the current master key, after that one has changed.",
  payload: z.looseObject({
    /** The clock asks for what is not sealed yet: nothing to say where there are no master keys. */
    plain: z.boolean().optional(),
  }).nullish(),
  timeoutMs: 90_000,
  maxAttempts: 20,
  async run(payload, { env, signal, progress }) {
    const keyring = keyringOf(env);
    if (keyring === null && payload?.plain === true) return { sealed: 0 };
    if (keyring === null) throw new NonRetryable("MILLRACE_MASTER_KEYS is missing", { code: "secrets_not_set_up" });
    const result = await rewrapSecrets(keyring, rewrapStore(env, signal), {
      batch: BATCH,
      signal,
      onProgress: ({ rewrapped, sealed, values }) => progress({ rewrapped, sealed, values: { ...values } }),
    });
    if (result.unreadable > 0) {
      throw new NonRetryable(
        `${result.unreadable} values cannot be unwrapped: their master key is missing, or they were changed`,
        { code: "secret_unreadable" },
      );
    }
    return { ...result };
  },
});

/** The calls of a rotation, as the service. */
function rewrapStore(env: Env, signal: AbortSignal): RewrapStore {
  const options = { schema: "engine", signal } as const;
  const db = adminClient(env);
  return {
    next: (p_key_id, p_limit, p_skip) => rpc(db, "secrets_to_rewrap", { p_key_id, p_limit, p_skip }, options),
    write: (p_rows) => rpc(db, "rewrap_secrets", { p_rows }, options),
    nextPlain: (p_limit) => rpc(db, "plain_webhook_secrets", { p_limit }, options),
    writeSealed: (p_rows) => rpc(db, "seal_webhook_secrets", { p_rows }, options),
    count: () => rpc(db, "count_secrets_by_key", {}, options),
  };
}
