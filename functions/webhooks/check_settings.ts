import { formatPath, internal, invalidRequest, type Problem } from "../../shared/errors/mod.ts";
import type { JsonObject } from "../../shared/graph/mod.ts";
import { checkWebhookConfig, getWebhookAdapter, type WebhookAdapter } from "../../shared/webhooks/mod.ts";

/** Settings of an endpoint that are to be checked. */
export interface Settings {
  readonly provider: string;
  /** As zod has checked it: any JSON object. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly secret?: string | undefined;
}

/**
 * Refuses settings that do not fit the provider, and a secret that is no key under them: no delivery would ever pass.
 *
 * @throws {AppError} `invalid_request` with every problem.
 */
export async function requireSettings({ provider, config, secret }: Settings): Promise<void> {
  const adapter = getWebhookAdapter(provider);
  if (adapter === undefined) throw internal(`No adapter for ${provider}`);
  const settings = config as JsonObject;
  const problems: Problem[] = checkWebhookConfig(adapter, settings).map(({ path, code, message }) => ({
    path: formatPath(["body", "config", ...path]),
    code,
    message,
  }));
  if (problems.length === 0 && secret !== undefined && !await isUsable(adapter, settings, secret)) {
    const message = "This is no key in the encoding that config.secret_encoding names";
    problems.push({ path: "body.secret", code: "invalid_format", message });
  }
  if (problems.length > 0) throw invalidRequest(problems);
}

/** Asks the adapter to check a delivery without a signature: it looks for a usable secret first. */
async function isUsable(adapter: WebhookAdapter, config: JsonObject, secret: string): Promise<boolean> {
  const delivery = { rawBody: new Uint8Array(), headers: new Headers(), config, secrets: [secret], now: new Date() };
  const verdict = await adapter.verify(delivery);
  return verdict.ok || verdict.reason !== "no_secret";
}
