import { z } from "zod";
import { defineRoute, fieldsParam, listOf, listQuery, pickFields } from "../../../shared/http/mod.ts";
import { findEntities } from "../queries.ts";
import { ENTITY_FIELDS, listedEntitySchema, nodeIdSchema } from "../schemas.ts";

const query = listQuery({
  sort: ["created_at", "updated_at", "name"],
  defaultSort: "-created_at",
  filters: {
    flow_id: z.uuid().optional().meta({ description: "Only those on the canvas of a flow" }),
    type: z.string().min(1).max(64).optional(),
    node_id: nodeIdSchema.optional().meta({ description: "Only those that stand at nodes of this id" }),
    run_id: z.uuid().optional().meta({ description: "Only those that a run moves, or moved last" }),
    external_key: z.string().min(1).max(255).optional(),
    q: z.string().trim().min(1).max(200).optional().meta({
      description: "Only those whose name holds this text, whatever its case; no character is special",
    }),
    fields: fieldsParam(ENTITY_FIELDS),
  },
});

/** GET /entities */
export const listEntities = defineRoute({
  method: "get",
  path: "/",
  operationId: "listEntities",
  summary: "List entities",
  description: "The organization's entities, the newest first. With `flow_id` those on one canvas, with `node_id` " +
    "those at one place.",
  tags: ["entities"],
  access: { user: "runs:read" },
  request: { query },
  responses: { 200: { description: "A page of entities", schema: listOf(listedEntitySchema) } },
}, async (c, { query: { fields, ...rest } }) => {
  const page = await findEntities(c.var.request, rest, fields);
  return { ...page, data: page.data.map((entity) => pickFields(entity, fields)) };
});
