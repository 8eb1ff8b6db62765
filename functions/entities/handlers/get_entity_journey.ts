import { defineRoute, idParams } from "../../../shared/http/mod.ts";
import { JOURNEY, journeySchema } from "../lists.ts";
import { findJourney } from "../queries.ts";

/** GET /entities/:id/journey */
export const getEntityJourney = defineRoute({
  method: "get",
  path: "/:id/journey",
  operationId: "getEntityJourney",
  summary: "Get the journey of an entity",
  description: "Every move, the first one first, and with each page how long the entity stood at each node altogether.",
  tags: ["entities"],
  access: { user: "runs:read" },
  request: { params: idParams },
  list: JOURNEY,
  responses: { 200: { description: "A page of the journey", schema: journeySchema } },
  errors: ["not_found"],
}, (c, { params, query }) => findJourney(c.var.request, params.id, query));
