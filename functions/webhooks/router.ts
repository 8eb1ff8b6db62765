import { createRouter } from "../../shared/http/mod.ts";
import { createWebhook } from "./handlers/create_webhook.ts";
import { deleteWebhook } from "./handlers/delete_webhook.ts";
import { getWebhook } from "./handlers/get_webhook.ts";
import { getWebhookStats } from "./handlers/get_webhook_stats.ts";
import { getWebhookEvent } from "./handlers/get_webhook_event.ts";
import { listWebhookEvents } from "./handlers/list_webhook_events.ts";
import { listWebhookProviders } from "./handlers/list_webhook_providers.ts";
import { listWebhookRefusals } from "./handlers/list_webhook_refusals.ts";
import { listWebhooks } from "./handlers/list_webhooks.ts";
import { replayWebhookEvent } from "./handlers/replay_webhook_event.ts";
import { replayWebhookEvents } from "./handlers/replay_webhook_events.ts";
import { rotateWebhookSecret } from "./handlers/rotate_webhook_secret.ts";
import { testWebhook } from "./handlers/test_webhook.ts";
import { updateWebhook } from "./handlers/update_webhook.ts";
import { cancelDelivery } from "./handlers/cancel_delivery.ts";
import { getDelivery } from "./handlers/get_delivery.ts";
import { listDeliveries } from "./handlers/list_deliveries.ts";
import { retryDelivery } from "./handlers/retry_delivery.ts";
import { retryDeliveries } from "./handlers/retry_deliveries.ts";
import { listEventTypes } from "./handlers/list_event_types.ts";
import { createSubscription } from "./handlers/create_subscription.ts";
import { deleteSubscription } from "./handlers/delete_subscription.ts";
import { getSubscription } from "./handlers/get_subscription.ts";
import { listSubscriptions } from "./handlers/list_subscriptions.ts";
import { rotateSubscription } from "./handlers/rotate_subscription.ts";
import { getSubscriptionStats } from "./handlers/get_subscription_stats.ts";
import { testSubscription } from "./handlers/test_subscription.ts";
import { updateSubscription } from "./handlers/update_subscription.ts";
import { createPortalToken } from "./handlers/create_portal_token.ts";
import { revokePortalToken } from "./handlers/revoke_portal_token.ts";
import { watchWebhook } from "./handlers/watch_webhook.ts";

/** Webhook endpoints and what arrived there; subscriptions to events and what was sent. */
export const router = createRouter("webhooks", [
  listWebhooks,
  createWebhook,
  listWebhookProviders,
  listEventTypes,
  listSubscriptions,
  createSubscription,
  getSubscription,
  updateSubscription,
  deleteSubscription,
  rotateSubscription,
  testSubscription,
  getSubscriptionStats,
  createPortalToken,
  revokePortalToken,
  listDeliveries,
  retryDeliveries,
  getDelivery,
  retryDelivery,
  cancelDelivery,
  getWebhookEvent,
  replayWebhookEvents,
  replayWebhookEvent,
  getWebhook,
  updateWebhook,
  deleteWebhook,
  rotateWebhookSecret,
  testWebhook,
  listWebhookEvents,
  listWebhookRefusals,
  getWebhookStats,
  watchWebhook,
]);
