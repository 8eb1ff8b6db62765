/**
 * Webhooks that we send: the catalogue of events, signatures, deliveries.
 *
 * @module
 */
export { EVENT_TYPE_NAMES, EVENT_TYPES, type EventType, getEventType } from "./catalogue.ts";
export {
  type DeliveryResult,
  eventBody,
  type PendingDelivery,
  sendBatch,
  type SendOptions,
  type WebhookBatch,
} from "./send_batch.ts";
export { newSigningSecret, signMessage } from "./sign.ts";
export { applyTransformation, checkTransformation } from "./transformation.ts";
