import { createRouter } from "../../shared/http/mod.ts";
import { createWebhook } from "./handlers/create_webhook.ts";
import { deleteWebhook } from "./handlers/delete_webhook.ts";
import { getWebhook } from "./handlers/get_webhook.ts";
import { getWebhookEvent } from "./handlers/get_webhook_event.ts";
import { listWebhookEvents } from "./handlers/list_webhook_events.ts";
import { listWebhookProviders } from "./handlers/list_webhook_providers.ts";
import { listWebhooks } from "./handlers/list_webhooks.ts";
import { replayWebhookEvent } from "./handlers/replay_webhook_event.ts";
import { rotateWebhookSecret } from "./handlers/rotate_webhook_secret.ts";
import { testWebhook } from "./handlers/test_webhook.ts";
import { updateWebhook } from "./handlers/update_webhook.ts";

/** Webhook endpoints, and what arrived there. */
export const router = createRouter("webhooks", [
  listWebhooks,
  createWebhook,
  listWebhookProviders,
  getWebhookEvent,
  replayWebhookEvent,
  getWebhook,
  updateWebhook,
  deleteWebhook,
  rotateWebhookSecret,
  testWebhook,
  listWebhookEvents,
]);
