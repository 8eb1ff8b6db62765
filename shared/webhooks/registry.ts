/**
 * The list of all webhook adapters. Adding one is one file and one line here.
 *
 * @module
 */
import { z } from "zod";
import type { JsonObject } from "../graph/mod.ts";
import { calendly } from "./calendly.ts";
import { custom } from "./custom.ts";
import { github } from "./github.ts";
import { shopify } from "./shopify.ts";
import { slack } from "./slack.ts";
import { standardWebhooks } from "./standard_webhooks.ts";
import { stripe } from "./stripe.ts";
import { typeform } from "./typeform.ts";
import type { WebhookAdapter } from "./types.ts";

/** Every adapter, in the order in which people see them. */
const ADAPTERS: readonly WebhookAdapter[] = [
  stripe,
  typeform,
  calendly,
  standardWebhooks,
  github,
  slack,
  shopify,
  custom,
];

const byProvider: ReadonlyMap<string, WebhookAdapter> = new Map(ADAPTERS.map((adapter) => [adapter.provider, adapter]));

/** What lists and forms show of an adapter. */
export interface WebhookAdapterInfo {
  provider: string;
  title: string;
  description: string;
  secretFrom: WebhookAdapter["secretFrom"];
  /** JSON Schema (2020-12) of an endpoint's settings. */
  configSchema: JsonObject;
}

/** One fault of an endpoint's settings. */
export interface WebhookConfigIssue {
  path: (string | number)[];
  code: string;
  message: string;
}

/**
 * Finds an adapter.
 *
 * @param provider Such as `stripe`.
 * @returns The adapter, or undefined for an unknown provider.
 */
export function getWebhookAdapter(provider: string): WebhookAdapter | undefined {
  return byProvider.get(provider);
}

/**
 * Names every provider.
 *
 * @returns The names, in order.
 */
export function webhookProviders(): string[] {
  return [...byProvider.keys()];
}

/**
 * Describes every adapter.
 *
 * @returns Plain descriptions, fit for JSON.
 */
export function listWebhookAdapters(): WebhookAdapterInfo[] {
  return ADAPTERS.map(({ provider, title, description, secretFrom, configSchema }) => ({
    provider,
    title,
    description,
    secretFrom,
    configSchema: JSON.parse(JSON.stringify(z.toJSONSchema(configSchema, { io: "input" }))) as JsonObject,
  }));
}

/**
 * Checks the settings of an endpoint.
 *
 * @param adapter The endpoint's adapter.
 * @param config Its settings.
 * @returns Every fault; empty when they fit.
 */
export function checkWebhookConfig(adapter: WebhookAdapter, config: JsonObject): WebhookConfigIssue[] {
  const parsed = adapter.configSchema.safeParse(config);
  if (parsed.success) return [];
  return parsed.error.issues.map((issue) => ({
    path: issue.path.map((key) => typeof key === "symbol" ? String(key) : key),
    code: issue.code,
    message: issue.message,
  }));
}
