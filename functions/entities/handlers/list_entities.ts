import { defineRoute } from "../../../shared/http/mod.ts";
import { ENTITIES } from "../lists.ts";
import { findEntities } from "../queries.ts";

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
  list: ENTITIES,
  responses: { 200: { description: "A page of entities", schema: ENTITIES.page() } },
}, (c, { query }) => findEntities(c.var.request, query));
