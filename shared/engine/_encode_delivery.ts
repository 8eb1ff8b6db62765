import { toBase64 } from "../bytes/mod.ts";
import type { Json } from "../graph/mod.ts";
import type { AheadRun, WebhookDelivery } from "./types.ts";

/** A delivery whose flow has been run already. */
export type AheadDelivery = WebhookDelivery & { ahead: AheadRun };

/** A delivery as `engine.ingest_webhooks` takes it: method, headers and query are those of the input. */
export function encodeDelivery({ ahead, ...delivery }: AheadDelivery): Json {
  return {
    event_id: ahead.event_id,
    run_id: ahead.run_id,
    received_at: ahead.received_at,
    timeout_seconds: ahead.timeout_seconds,
    ...(delivery.eventKey !== null && { event_key: delivery.eventKey }),
    ...(delivery.type !== null && { type: delivery.type }),
    ...(delivery.dedupeBody && { dedupe_body: true }),
    ...(delivery.unsigned && { unsigned: true }),
    ...(delivery.traceparent !== undefined && { traceparent: delivery.traceparent }),
    raw_body: toBase64(delivery.rawBody),
    input: { ...delivery.input, event_id: ahead.event_id, received_at: ahead.received_at },
    ...(ahead.output !== null && { output: ahead.output }),
    steps: ahead.steps,
  };
}
