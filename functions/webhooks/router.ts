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
import { cancelDelivery } from "./handlers/delivery_cancel.ts";
import { getDelivery } from "./handlers/delivery_get.ts";
import { listDeliveries } from "./handlers/delivery_list.ts";
import { retryDelivery } from "./handlers/delivery_retry.ts";
import { retryDeliveries } from "./handlers/delivery_retry_many.ts";
import { listEventTypes } from "./handlers/event_type_list.ts";
import { createSubscription } from "./handlers/subscription_create.ts";
import { deleteSubscription } from "./handlers/subscription_delete.ts";
import { getSubscription } from "./handlers/subscription_get.ts";
import { listSubscriptions } from "./handlers/subscription_list.ts";
import { rotateSubscription } from "./handlers/subscription_rotate.ts";
import { getSubscriptionStats } from "./handlers/subscription_stats.ts";
import { testSubscription } from "./handlers/subscription_test_event.ts";
import { updateSubscription } from "./handlers/subscription_update.ts";
import { createPortalToken } from "./handlers/portal_create.ts";
import { revokePortalToken } from "./handlers/portal_revoke.ts";
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
