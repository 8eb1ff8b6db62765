/**
 * Meters of Stripe's stand-in, and the usage that is sent to them.
 * https://docs.stripe.com/api/billing/meter-event/create
 *
 * @module
 */
import type { Stripe } from "stripe";
import { live } from "./catalogue.ts";
import { hash, integer, invalid, type Params, required, text, word } from "./form.ts";
import { PAGED, route } from "./routes.ts";
import type { StripeWorld } from "./world.ts";

const DAY = 86_400;

/** The routes of this file. */
export const METER_ROUTES = [
  route(
    "POST /v1/billing/meters",
    "display_name event_name default_aggregation customer_mapping value_settings event_time_window",
    (world, params) => {
      const formula = word(hash(params, "default_aggregation"), "formula", ["sum", "count", "last"]) ?? "sum";
      return addMeter(world, required(params, "event_name"), required(params, "display_name"), formula);
    },
  ),
  route("GET /v1/billing/meters/:id", "", (world, _, [id = ""]) => world.get("billing.meter", id)),
  route("GET /v1/billing/meters", `${PAGED} status`, (world, params) => {
    const status = text(params, "status");
    const found = world.all("billing.meter").filter((one) => status === undefined || one.status === status);
    return world.page(params, "/v1/billing/meters", found);
  }),
  route("POST /v1/billing/meters/:id/deactivate", "", (world, _, [id = ""]) => {
    const meter = world.get("billing.meter", id);
    meter.status = "inactive";
    meter.status_transitions.deactivated_at = world.now;
    world.emit("billing.meter.deactivated", meter);
    return meter;
  }),
  route("GET /v1/billing/meters/:id/event_summaries", `${PAGED} customer start_time end_time`, summarize),
  route("POST /v1/billing/meter_events", "event_name payload identifier timestamp", takeMeterEvent),
];

/** Adds a meter. */
export function addMeter(
  world: StripeWorld,
  eventName: string,
  displayName = eventName,
  formula: "sum" | "count" | "last" = "sum",
): Stripe.Billing.Meter {
  if (world.all("billing.meter").some((one) => one.event_name === eventName && one.status === "active")) {
    throw invalid(`An active meter already exists for event name ${eventName}.`, "event_name");
  }
  const meter = world.keep<Stripe.Billing.Meter>({
    id: world.id("mtr"),
    object: "billing.meter",
    created: world.now,
    customer_mapping: { event_payload_key: "stripe_customer_id", type: "by_id" },
    default_aggregation: { formula },
    display_name: displayName,
    event_name: eventName,
    event_time_window: null,
    livemode: false,
    status: "active",
    status_transitions: { deactivated_at: null },
    updated: world.now,
    value_settings: { event_payload_key: "value" },
  });
  world.emit("billing.meter.created", meter);
  return meter;
}

function takeMeterEvent(world: StripeWorld, params: Params): Stripe.Billing.MeterEvent {
  const name = required(params, "event_name");
  const meter = world.all("billing.meter").find((one) => one.event_name === name);
  if (meter === undefined) {
    throw invalid(`No meter found for event name ${name}.`, "event_name", "no_meter");
  }
  if (meter.status !== "active") {
    throw invalid(`The meter for event name ${name} is archived.`, "event_name", "archived_meter");
  }
  const payload = hash(params, "payload");
  const customer = required(payload, meter.customer_mapping.event_payload_key);
  const value = required(payload, meter.value_settings.event_payload_key);
  live(world, customer, "payload[stripe_customer_id]");
  if (!/^\d{1,15}(\.\d{1,12})?$/.test(value)) {
    throw invalid(`Invalid value: ${value}`, "payload[value]", "meter_event_invalid_value");
  }
  const timestamp = integer(params, "timestamp") ?? world.now;
  if (timestamp < world.now - 35 * DAY) {
    throw invalid("The timestamp is too far in the past.", "timestamp", "timestamp_too_far_in_past");
  }
  if (timestamp > world.now + 300) {
    throw invalid("The timestamp is too far in the future.", "timestamp", "timestamp_in_future");
  }
  const identifier = text(params, "identifier") ?? world.id("mev");
  if (identifier.length > 100) throw invalid("Identifiers have at most 100 characters.", "identifier");
  // Stripe promises at least 24 hours; what relies on more would be counted twice.
  if (world.meterEvents.some((one) => one.identifier === identifier && one.created > world.now - DAY)) {
    throw invalid(
      `An event already exists with identifier ${identifier}.`,
      "identifier",
      "duplicate_meter_event",
    );
  }
  const event: Stripe.Billing.MeterEvent = {
    object: "billing.meter_event",
    created: world.now,
    event_name: name,
    identifier,
    livemode: false,
    payload: Object.fromEntries(Object.entries(payload).map(([key, one]) => [key, String(one)])),
    timestamp,
  };
  world.meterEvents.push(event);
  return event;
}

function summarize(world: StripeWorld, params: Params, [id = ""]: readonly string[]) {
  const meter = world.get("billing.meter", id);
  const customer = required(params, "customer");
  const start = integer(params, "start_time") ?? 0;
  const end = integer(params, "end_time") ?? world.now;
  const values = world.meterEvents
    .filter((event) => event.event_name === meter.event_name && event.timestamp >= start && event.timestamp < end)
    .filter((event) => event.payload[meter.customer_mapping.event_payload_key] === customer)
    .map((event) => Number(event.payload[meter.value_settings.event_payload_key]));
  const sum = values.reduce((total, value) => total + value, 0);
  const summary = {
    id: `${id}_${start}`,
    object: "billing.meter_event_summary",
    aggregated_value: meter.default_aggregation.formula === "count" ? values.length : sum,
    end_time: end,
    livemode: false,
    meter: id,
    start_time: start,
  };
  return { object: "list", data: values.length === 0 ? [] : [summary], has_more: false, url: "" };
}
