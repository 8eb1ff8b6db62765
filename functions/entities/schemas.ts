import { z } from "zod";
import type { Page } from "../../shared/db/mod.ts";
import { jsonSchema } from "../../shared/http/mod.ts";

/** A moment, as the database writes it. */
const timestamp = z.iso.datetime({ offset: true }).meta({ examples: ["2026-11-20T09:30:00.123456+00:00"] });

/** A time span in seconds, to the microsecond. */
const seconds = z.number().min(0);

const type = z.string().trim().min(1).max(64).meta({
  description: "What it is, in your words",
  examples: ["customer"],
});
const name = z.string().trim().min(1).max(200).meta({ examples: ["Ada Lovelace"] });
const externalKey = z.string().min(1).max(255).meta({
  description: "What it is called elsewhere; unique in its flow and type",
  examples: ["cus_1042"],
});
const data = z.record(z.string(), jsonSchema).meta({
  description: "What is known of it, 64 KiB at most",
  examples: [{ email: "ada@example.com" }],
});

/** The id of a node of the flow. */
export const nodeIdSchema = z.string().min(1).max(64).meta({
  description: "The id of a node of the flow's current graph",
  examples: ["qualify"],
});

const entityShape = {
  id: z.uuid(),
  organization_id: z.uuid(),
  flow_id: z.uuid().meta({ description: "The flow on whose canvas it lives" }),
  type: z.string().meta({ examples: ["customer"] }),
  name: z.string().meta({ examples: ["Ada Lovelace"] }),
  external_key: z.string().nullable().meta({ description: "What it is called elsewhere", examples: ["cus_1042"] }),
  data,
  node_id: z.string().nullable().meta({ description: "Where it stands; null = nowhere yet", examples: ["qualify"] }),
  entered_at: timestamp.nullable().meta({ description: "Since when it stands there" }),
  run_id: z.uuid().nullable().meta({ description: "The run that moves it, or moved it last" }),
  move_count: z.int().meta({ description: "Moves so far: the lines of its journey", examples: [3] }),
  created_by: z.uuid().nullable().meta({ description: "Null = a webhook made it, or the account is gone" }),
  version: z.int().meta({ description: "Raised by every change, moves included; what the ETag says", examples: [4] }),
  created_at: timestamp,
  updated_at: timestamp,
};

/** The columns of an entity. */
export const ENTITY_FIELDS = Object.keys(entityShape) as [keyof typeof entityShape, ...(keyof typeof entityShape)[]];

/** An entity. */
export const entitySchema = z.strictObject(entityShape).meta({
  id: "Entity",
  description: "A thing that lives on the canvas of a flow, such as a customer or a lead",
});

/** An entity. */
export type Entity = z.output<typeof entitySchema>;

/** The body that makes an entity. */
export const newEntitySchema = z.strictObject({
  flow_id: z.uuid().meta({ description: "The flow on whose canvas it is to live" }),
  type,
  name: name.optional().meta({ description: "Its external key, else its type, when absent" }),
  external_key: externalKey.optional(),
  data: data.optional(),
  node_id: nodeIdSchema.optional().meta({ description: "Where it is to stand; nowhere yet when absent" }),
  upsert: z.boolean().optional().meta({
    description: "True = when the external key is taken, bring that entity up to date: name and fields of data",
  }),
}).refine((entity) => entity.upsert !== true || entity.external_key !== undefined, {
  error: "Say by which key to find it",
  path: ["external_key"],
}).meta({
  id: "NewEntity",
  examples: [{
    flow_id: "0193a000-0000-7000-8000-000000000001",
    type: "customer",
    name: "Ada Lovelace",
    external_key: "cus_1042",
    data: { email: "ada@example.com" },
  }],
});

/** The body that makes an entity. */
export type NewEntity = z.output<typeof newEntitySchema>;

/** The body that changes an entity. */
export const entityChangesSchema = z.strictObject({
  name,
  external_key: externalKey.nullable().meta({ description: "Null takes the key away" }),
  data: data.meta({ description: "Replaces what was known of it" }),
}).partial().refine((changes) => Object.values(changes).some((value) => value !== undefined), {
  error: "Say what to change",
}).meta({ id: "EntityChanges", examples: [{ name: "Ada King" }] });

/** What to change about an entity. */
export type EntityChanges = z.output<typeof entityChangesSchema>;

/** One move of a journey. */
export const moveSchema = z.strictObject({
  number: z.int().meta({ description: "1, 2, 3 … within the journey", examples: [2] }),
  from_node: z.string().nullable().meta({ description: "Null = it stood nowhere", examples: ["start"] }),
  to_node: z.string().meta({ examples: ["qualify"] }),
  edge_id: z.string().nullable().meta({
    description: "The edge that led there in the graph of that moment; null = none did",
    examples: ["start-qualify"],
  }),
  reason: z.enum(["run", "manual", "created", "webhook"]).meta({
    description:
      "run = a run came there; webhook = a run that a webhook started began there; manual = a person moved " +
      "it; created = it was made there",
  }),
  run_id: z.uuid().nullable().meta({ description: "The run, for run and webhook" }),
  moved_by: z.uuid().nullable().meta({ description: "The person, for manual and created" }),
  moved_at: timestamp,
  seconds: seconds.nullable().meta({ description: "How long it had stood at from_node", examples: [86.25] }),
}).meta({ id: "EntityMove", description: "One move of an entity" });

/** How long an entity stood at a node. */
export const durationSchema = z.strictObject({
  node_id: z.string(),
  stays: z.int().meta({ description: "How often it came there", examples: [1] }),
  seconds: seconds.meta({ description: "All stays together; the present one until now", examples: [86.25] }),
  since: timestamp.nullable().meta({ description: "When it came, if it stands there now; null = it does not" }),
}).meta({ id: "EntityDuration", description: "How long an entity stood at a node" });

/** One move of a journey. */
export type Move = z.output<typeof moveSchema>;
/** A page of a journey. */
export interface Journey extends Page<Move> {
  readonly durations: z.output<typeof durationSchema>[];
}

/** What moved between two nodes that an edge joins. */
export const edgeStatsSchema = z.strictObject({
  id: z.string().meta({ description: "Both nodes", examples: ["pay ship"] }),
  from_node: z.string(),
  to_node: z.string(),
  edge_ids: z.array(z.string()).meta({
    description: "The edges between the two in the current graph; empty when they were taken out of it",
  }),
  moves: z.int().meta({ examples: [12] }),
  total_seconds: seconds.meta({ description: "How long all of them had stood at from_node", examples: [1035] }),
  average_seconds: seconds.meta({ examples: [86.25] }),
  last_at: timestamp.meta({ description: "The latest move" }),
}).meta({ id: "EdgeStats", description: "What moved over an edge" });

/** What moved between two nodes that an edge joins. */
export type EdgeStats = z.output<typeof edgeStatsSchema>;
