/**
 * Every type of event that organizations can subscribe to: what it says, the schema of its data, an example.
 *
 * The names stand in SQL too (`private.publish_event`, `public.webhook_subscriptions`): a test compares them.
 *
 * @module
 */
import { z } from "zod";

const id = z.uuid();
const nullableId = z.uuid().nullable();
const time = z.iso.datetime({ offset: true });
/** A list of names is open: what is added to it later is no break. */
const word = z.string();

/** One type of event. */
export interface EventType {
  /** As receivers get it: `run.completed`. */
  readonly type: string;
  /** One sentence for people. */
  readonly description: string;
  /** What `data` holds. Fields may be added; none goes, and none changes its meaning. */
  readonly data: z.ZodObject;
  /** A complete `data`. */
  readonly example: Readonly<Record<string, unknown>>;
  /** What `p_key` is: events with the same keep their order where a subscription wants that. */
  readonly key: string;
}

const run = z.object({
  id,
  flow_id: id,
  status: word.meta({ description: "completed, failed, compensated, compensation_failed or cancelled" }),
  trigger: word,
  error: z.record(z.string(), z.unknown()).nullable().meta({ description: "{code, message, node_id}; null = none" }),
  entity_id: nullableId,
  parent_run_id: nullableId,
  created_at: time,
  started_at: time.nullable(),
  finished_at: time,
});

const RUN = {
  id: "0193a000-0000-7000-a000-000000000001",
  flow_id: "0193a000-0000-7000-a000-000000000002",
  status: "completed",
  trigger: "webhook",
  error: null,
  entity_id: null,
  parent_run_id: null,
  created_at: "2026-11-20T09:30:00.123456+00:00",
  started_at: "2026-11-20T09:30:00.150000+00:00",
  finished_at: "2026-11-20T09:30:01.400000+00:00",
};

const flow = z.object({
  id,
  flow_id: id.meta({ description: "The same as id" }),
  name: z.string(),
  is_active: z.boolean(),
  version: z.int().meta({ description: "Raised by every change; the ETag of the flow" }),
});

const FLOW = { id: RUN.flow_id, flow_id: RUN.flow_id, name: "Orders", is_active: true, version: 3 };

const entity = z.object({ id, flow_id: id, type: z.string(), node_id: z.string().nullable() });
const ENTITY = {
  id: "0193a000-0000-7000-a000-000000000003",
  flow_id: RUN.flow_id,
  type: "order",
  node_id: "packed",
};

const member = z.object({ id: id.meta({ description: "The user" }), role: word });
const MEMBER = { id: "0193a000-0000-7000-a000-000000000004", role: "developer" };

const apiKey = z.object({
  id,
  name: z.string(),
  mode: word,
  prefix: z.string(),
  last_four: z.string(),
  scopes: z.array(z.string()),
});
const API_KEY = {
  id: "0193a000-0000-7000-a000-000000000005",
  name: "Shop",
  mode: "live",
  prefix: "mr_live_a1b2",
  last_four: "x9Yz",
  scopes: ["flows:read"],
};

const invoice = z.object({
  id: z.string().meta({ description: "Stripe's id of the invoice" }),
  number: z.string().nullable(),
  amount: z.int().meta({ description: "In the smallest unit of the currency" }),
  currency: z.string().meta({ description: "ISO 4217, lower case" }),
  attempt_count: z.int().optional(),
  next_attempt_at: time.nullable().optional(),
});
const INVOICE = { id: "in_example", number: "MR-0001", amount: 4900, currency: "eur" };

const email = z.object({
  id: id.meta({ description: "The mail" }),
  to: z.string(),
  template: z.string(),
  reason: z.string().nullable(),
});
const EMAIL = {
  id: "0193a000-0000-7000-a000-000000000006",
  to: "ada@example.com",
  template: "receipt",
  reason: "mailbox does not exist",
};

/** The catalogue, in the order of lists. */
export const EVENT_TYPES: readonly EventType[] = [
  {
    type: "run.completed",
    description: "A run came to its end.",
    data: run,
    example: RUN,
    key: "the entity of the run, else the run",
  },
  {
    type: "run.failed",
    description: "A run failed; what it had done is undone already where its flow says how.",
    data: run,
    example: {
      ...RUN,
      status: "failed",
      error: { code: "http_error", message: "The server answered 500", node_id: "charge" },
    },
    key: "the entity of the run, else the run",
  },
  {
    type: "run.cancelled",
    description: "A run was cancelled.",
    data: run,
    example: { ...RUN, status: "cancelled" },
    key: "the entity of the run, else the run",
  },
  { type: "flow.created", description: "A flow was made.", data: flow, example: FLOW, key: "the flow" },
  {
    type: "flow.updated",
    description: "A flow has another graph, name or state.",
    data: flow,
    example: { ...FLOW, version: 4 },
    key: "the flow",
  },
  { type: "flow.deleted", description: "A flow was deleted.", data: flow, example: FLOW, key: "the flow" },
  { type: "entity.created", description: "An entity was made.", data: entity, example: ENTITY, key: "the entity" },
  {
    type: "entity.moved",
    description: "An entity came to another node.",
    data: entity.extend({
      number: z.int().meta({ description: "1, 2, 3 … within the journey" }),
      from_node: z.string().nullable(),
      to_node: z.string(),
      reason: word,
      run_id: nullableId,
      moved_at: time,
    }).omit({ node_id: true, type: true }),
    example: {
      id: ENTITY.id,
      flow_id: ENTITY.flow_id,
      number: 2,
      from_node: "paid",
      to_node: "packed",
      reason: "run",
      run_id: RUN.id,
      moved_at: RUN.finished_at,
    },
    key: "the entity",
  },
  { type: "entity.deleted", description: "An entity was deleted.", data: entity, example: ENTITY, key: "the entity" },
  {
    type: "approval.requested",
    description: "A run waits for a person's approval.",
    data: z.object({
      id: id.meta({ description: "The run" }),
      flow_id: id,
      node_id: z.string(),
      scope: z.string().meta({ description: "The items and iterations it belongs to; empty = top level" }),
      approvers: z.unknown().meta({ description: "Who may decide, as the node names them; null = who may run flows" }),
      expires_at: time.nullable(),
    }),
    example: {
      id: RUN.id,
      flow_id: RUN.flow_id,
      node_id: "approve",
      scope: "",
      approvers: { roles: ["admin"] },
      expires_at: null,
    },
    key: "the run",
  },
  {
    type: "webhook.endpoint_disabled",
    description: "A webhook subscription was disabled: it answered 410, or nothing got through for five days.",
    data: z.object({
      id: id.meta({ description: "The subscription" }),
      url: z.string(),
      reason: word.meta({ description: "gone or failing" }),
      failing_since: time.nullable(),
    }),
    example: {
      id: "0193a000-0000-7000-a000-000000000007",
      url: "https://example.com/hooks",
      reason: "failing",
      failing_since: "2026-11-15T09:30:00+00:00",
    },
    key: "the subscription",
  },
  {
    type: "subscription.updated",
    description: "The organization has another plan, or its subscription another state.",
    data: z.object({
      plan: z.string(),
      previous_plan: z.string().nullable(),
      status: z.string().nullable().optional(),
      reason: z.string().nullable().optional(),
    }),
    example: { plan: "pro", previous_plan: "free", status: "active", reason: "checkout" },
    key: "the organization",
  },
  { type: "invoice.paid", description: "An invoice was paid.", data: invoice, example: INVOICE, key: "the invoice" },
  {
    type: "invoice.payment_failed",
    description: "An invoice could not be paid.",
    data: invoice,
    example: { ...INVOICE, attempt_count: 1, next_attempt_at: "2026-11-23T09:30:00+00:00" },
    key: "the invoice",
  },
  {
    type: "budget.reached",
    description: "A share of a budget has been spent.",
    data: z.object({
      id: z.string().meta({ description: "The budget" }),
      name: z.string(),
      flow_id: z.string().nullable().meta({ description: "The flow that it is of; null = of all together" }),
      meter: z.enum(["cost", "ai_tokens", "runs", "steps"]).meta({ description: "What it counts" }),
      period: z.enum(["day", "month"]),
      spent: z.int().meta({ description: "Of `cost` in millionths of the currency" }),
      limit: z.int(),
      currency: z.string().nullable().meta({ description: "Null = it counts no money" }),
      percent: z.int().meta({ description: "50, 80, or 100 = it is used up, or a call that did not fit was stopped" }),
      resets_at: time,
    }),
    example: {
      id: "0193a000-0000-7000-a000-000000000008",
      name: "Models",
      flow_id: null,
      meter: "cost",
      period: "month",
      spent: 40_000_000,
      limit: 50_000_000,
      currency: "usd",
      percent: 80,
      resets_at: "2026-12-01T00:00:00+00:00",
    },
    key: "the budget",
  },
  {
    type: "usage.limit_reached",
    description: "The organization has used up what its plan allows of something.",
    data: z.object({ limit: z.string(), used: z.number(), allowed: z.number() }),
    example: { limit: "runs", used: 10_000, allowed: 10_000 },
    key: "the limit",
  },
  {
    type: "secret.expiring",
    description: "A secret expires soon, has expired, or should get a new value.",
    data: z.object({
      id,
      name: z.string(),
      kind: word.meta({ description: "expiry or rotation" }),
      due_at: time,
      days_before: z.int().meta({ description: "14, 3, 1, or 0 = the date has come" }),
    }),
    example: {
      id: "0193a000-0000-7000-a000-000000000009",
      name: "STRIPE_KEY",
      kind: "expiry",
      due_at: "2026-12-01T00:00:00+00:00",
      days_before: 3,
    },
    key: "the secret",
  },
  { type: "member.joined", description: "Somebody joined.", data: member, example: MEMBER, key: "the user" },
  {
    type: "member.removed",
    description: "Somebody left or was removed.",
    data: member,
    example: MEMBER,
    key: "the user",
  },
  { type: "api_key.created", description: "An API key was made.", data: apiKey, example: API_KEY, key: "the key" },
  { type: "api_key.revoked", description: "An API key was revoked.", data: apiKey, example: API_KEY, key: "the key" },
  { type: "email.bounced", description: "A mail came back.", data: email, example: EMAIL, key: "the mail" },
  {
    type: "email.complained",
    description: "The receiver of a mail called it spam.",
    data: email,
    example: { ...EMAIL, reason: null },
    key: "the mail",
  },
];

/** The names of all types. */
export const EVENT_TYPE_NAMES: readonly string[] = EVENT_TYPES.map(({ type }) => type);

/** Finds a type; undefined for one that there is not. */
export function getEventType(type: string): EventType | undefined {
  return EVENT_TYPES.find((candidate) => candidate.type === type);
}
