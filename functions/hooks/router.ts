import { createRouter } from "../../shared/http/mod.ts";
import { receiveCallback } from "./handlers/receive_callback.ts";
import { receiveCallbackBatch } from "./handlers/receive_callback_batch.ts";
import { getCallback } from "./handlers/get_callback.ts";
import { receiveTestWebhook } from "./handlers/receive_test_webhook.ts";
import { receiveWebhook } from "./handlers/receive_webhook.ts";

/** The routes below /hooks. The slug of an endpoint is longer than any other word here. */
export const router = createRouter("hooks", [
  receiveCallback,
  getCallback,
  receiveCallbackBatch,
  receiveWebhook,
  receiveTestWebhook,
]);
