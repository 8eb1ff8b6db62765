import { formatPath, internal, invalidRequest, type Problem } from "../../shared/errors/mod.ts";
import type { JsonObject } from "../../shared/graph/mod.ts";
import {
  checkMapping,
  checkWebhookConfig,
  getWebhookAdapter,
  type WebhookAdapter,
  type WebhookMapping,
} from "../../shared/webhooks/mod.ts";

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
    const message = "This is no key in the form that the provider or config.secret_encoding names";
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

/** UTF-8 bytes of a mapping as JSON; the database takes 8 KiB of its own spelling, which has some spaces more. */
const MAX_MAPPING_BYTES = 7_680;

/**
 * Refuses a mapping whose expressions cannot be read.
 *
 * @param mapping Null or undefined = there is none.
 * @throws {AppError} `invalid_request` with every problem.
 */
export function requireMapping(mapping: WebhookMapping | null | undefined): void {
  if (mapping === null || mapping === undefined) return;
  const problems: Problem[] = checkMapping(mapping).map(({ path, message, position }) => ({
    path: formatPath(["body", "mapping", ...path]),
    code: "expression_invalid",
    message,
    ...(position !== undefined && { position }),
  }));
  if (new TextEncoder().encode(JSON.stringify(mapping)).length > MAX_MAPPING_BYTES) {
    problems.push({ path: "body.mapping", code: "too_big", message: "A mapping may have at most 7.5 KiB" });
  }
  if (problems.length > 0) throw invalidRequest(problems);
}
