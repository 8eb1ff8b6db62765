/**
 * What can be asked of the lists of this function.
 *
 * @module
 */
import { z } from "zod";
import { defineList, where } from "../../shared/http/mod.ts";
import { durationSchema, edgeStatsSchema, entitySchema, moveSchema, nodeIdSchema } from "./schemas.ts";

/** Entities. Ids are ordered by time, so the order by creation is that of the id. */
export const ENTITIES = defineList({
  name: "entities",
  item: entitySchema,
  sort: { created_at: "id", updated_at: "updated_at", name: "name" },
  defaultSort: "-created_at",
  filters: {
    flow_id: where.equals(z.uuid(), { description: "Only those on the canvas of a flow" }),
    type: where.equals(z.string().min(1).max(64)),
    node_id: where.equals(nodeIdSchema, { description: "Only those that stand at nodes of this id" }),
    run_id: where.equals(z.uuid(), { description: "Only those that a run moves, or moved last" }),
    external_key: where.equals(z.string().min(1).max(255)),
    created_after: where.from({ column: "created_at" }),
    created_before: where.before({ column: "created_at" }),
    q: where.text(["name"]),
  },
});

const edgeStats = defineList({
  name: "edge_stats",
  item: edgeStatsSchema,
  sort: { moves: "moves", total_seconds: "total_seconds", average_seconds: "average_seconds", last_at: "last_at" },
  defaultSort: "-moves",
  filters: {
    flow_id: where.own(z.uuid(), "The flow"),
    from_node: where.equals(nodeIdSchema),
    to_node: where.equals(nodeIdSchema),
  },
});

/** What moved over the edges of a flow, which must be named: 2,000 at most, in memory. */
export const EDGE_STATS = { ...edgeStats, query: edgeStats.query.required({ flow_id: true }) };

/** The moves of an entity. */
export const JOURNEY = defineList({
  name: "entity_moves",
  item: moveSchema,
  sort: { moved_at: "moved_at" },
  defaultSort: "moved_at",
  id: "number",
});

/** A page of a journey. */
export const journeySchema = JOURNEY.page({
  durations: z.array(durationSchema).meta({ description: "Of the whole journey, the longest first" }),
});
