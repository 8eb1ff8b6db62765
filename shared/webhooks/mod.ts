/**
 * Webhooks that come in: who sent them and what they say.
 *
 * @module
 */
export { applyMapping, checkMapping, type MappedEvent, mappingSchema, type WebhookMapping } from "./mapping.ts";
export {
  checkWebhookConfig,
  getWebhookAdapter,
  listWebhookAdapters,
  type WebhookAdapterInfo,
  type WebhookConfigIssue,
  webhookProviders,
} from "./registry.ts";
export { newWebhookSecret } from "./webhook_secret.ts";
export type * from "./types.ts";
