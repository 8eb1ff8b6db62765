import { z } from "zod";
import { defineRoute } from "../../../shared/http/mod.ts";
import { findOverrides } from "../queries.ts";
import { overrideQuery, overrideSchema } from "../schemas.ts";

/** GET /admin/limits/overrides */
export const listLimitOverrides = defineRoute(
  {
    method: "get",
    path: "/limits/overrides",
    operationId: "listLimitOverrides",
    summary: "List limits that were given by hand",
    description: "With reason and end, those that have ended too, for 90 days.",
    tags: ["admin"],
    access: { secret: true },
    request: { query: overrideQuery.pick({ subject_kind: true, subject_id: true }).partial() },
    responses: {
      200: {
        description: "Of all subjects or of one, a thousand at the most",
        schema: z.object({ data: z.array(overrideSchema) }),
      },
    },
  },
  async (c, { query }) => ({ data: await findOverrides(c.var.request, query as Parameters<typeof findOverrides>[1]) }),
);
