/** What the headers of an answer with an endpoint say. */
export const WEBHOOK_HEADERS = { ETag: "The version of the endpoint, for If-Match and If-None-Match" };

/** What the headers of an answer with a subscription say. */
export const SUBSCRIPTION_HEADERS = { ETag: "The version of the subscription, for If-Match and If-None-Match" };
