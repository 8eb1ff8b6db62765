import { z } from "zod";
import { defineRoute, listOf, listQuery } from "../../../shared/http/mod.ts";
import { findSchedules } from "../queries.ts";
import { scheduleSchema } from "../schemas.ts";

const query = listQuery({
  sort: ["created_at", "name", "updated_at"],
  defaultSort: "-created_at",
  filters: {
    flow_id: z.uuid().optional(),
    is_active: z.enum(["true", "false"]).transform((text) => text === "true").optional().meta({ examples: ["true"] }),
  },
});

/** GET /schedules */
export const listSchedules = defineRoute({
  method: "get",
  path: "/",
  operationId: "listSchedules",
  summary: "List schedules",
  description: "The schedules of the organization, newest first.",
  tags: ["schedules"],
  access: { user: "flows:read" },
  request: { query },
  responses: { 200: { description: "A page of schedules", schema: listOf(scheduleSchema) } },
}, (c, { query }) => findSchedules(c.var.request, query));
