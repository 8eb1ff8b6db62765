import { createRouter } from "../../shared/http/mod.ts";
import { receiveTestWebhook } from "./handlers/receive_test_webhook.ts";
import { receiveWebhook } from "./handlers/receive_webhook.ts";

/** The routes below /hooks. */
export const router = createRouter("hooks", [receiveWebhook, receiveTestWebhook]);
