/**
 * The calls of a receiver of webhooks, gathered by endpoint: deliveries that come at the same time share them.
 *
 * @module
 */
import type { Json } from "../graph/mod.ts";
import type { AheadDelivery } from "./_encode_delivery.ts";
import { Gatherer } from "./_gatherer.ts";
import type { EngineClient } from "./client.ts";
import type { IngestReply } from "./types.ts";

/** Bytes of bodies that go to Postgres in one call. */
const MAX_BYTES = 1_048_576;

/** An endpoint as `engine.get_webhook_endpoint` gives it. */
export interface FoundEndpoint {
  readonly [field: string]: Json;
}

/** What was found for several deliveries. */
interface FoundForMany extends FoundEndpoint {
  /** How many got a token of the rate limit. */
  readonly taken: number;
  /** What the others are told. */
  readonly refused: { [field: string]: Json } | null;
}

/** A delivery that asks for its endpoint. */
interface Lookup {
  readonly slug: string;
  readonly test: boolean;
  readonly ip: string | null;
}

/** Looks endpoints up and keeps deliveries. */
export class WebhookReceiver {
  readonly #lookups: Gatherer<Lookup, FoundEndpoint | null>;
  readonly #deliveries: Gatherer<AheadDelivery, IngestReply | null>;

  /** @param client What carries the calls. */
  constructor(client: EngineClient) {
    this.#lookups = new Gatherer(async (_, calls) => {
      const { slug, test } = calls[0]!;
      const ips = calls.map(({ ip }) => ip);
      const found = await client.getWebhookEndpoint(slug, test, calls.length, ips) as FoundEndpoint | null;
      return calls.map((_, index) => shareOf(found, index));
    });
    this.#deliveries = new Gatherer(async (_, deliveries) => {
      const kept = await client.ingestWebhooks(deliveries[0]!.endpointId, deliveries);
      return deliveries.map(({ ahead }) => kept.has(ahead.event_id) ? receiptOf(ahead) : null);
    }, { maxSize: MAX_BYTES, sizeOf: ({ rawBody }) => rawBody.length });
  }

  /**
   * The endpoint at an address, see {@linkcode EngineClient.getWebhookEndpoint}. The call begins after this one, so that
   * what was revoked before is not found; `rate` is the caller's own token.
   *
   * @param ip The address that the delivery comes from. Where it is blocked, the answer is `{ blocked: true }`.
   */
  findEndpoint(slug: string, test: boolean, ip: string | null = null): Promise<FoundEndpoint | null> {
    return this.#lookups.add(`${slug} ${test}`, { slug, test, ip });
  }

  /**
   * Commits a delivery whose flow has been run already.
   *
   * @returns Null when it has to take the usual way: it is a repetition, or the flow is another one by now.
   */
  keep(delivery: AheadDelivery): Promise<IngestReply | null> {
    const { version_id, trigger_node } = delivery.ahead;
    return this.#deliveries.add(`${delivery.endpointId} ${version_id} ${trigger_node}`, delivery);
  }
}

/** What one of the deliveries gets to know. */
function shareOf(found: FoundEndpoint | null, index: number): FoundEndpoint | null {
  if (found !== null && "blocked" in found) {
    const { blocked, ...rest } = found as FoundEndpoint & { blocked: boolean[] };
    // Those that are blocked have taken no token: the others stand in line without them.
    return blocked[index] ? { blocked: true } : shareOf(rest, index - blocked.slice(0, index).filter(Boolean).length);
  }
  if (found === null || !("taken" in found)) return found;
  const { taken, refused, ...endpoint } = found as FoundForMany;
  return index < taken || refused === null ? endpoint : { ...endpoint, rate: refused };
}

/** As `engine.ingest_webhook` answers. */
function receiptOf({ event_id, run_id, output }: AheadDelivery["ahead"]): IngestReply {
  return {
    run_id,
    status: "accepted",
    event_id,
    duplicate: false,
    held_because: null,
    jobs: [],
    run: { status: "completed", output, error: null },
  };
}
