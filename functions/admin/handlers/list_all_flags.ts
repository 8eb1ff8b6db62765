import { z } from "zod";
import { defineRoute } from "../../../shared/http/mod.ts";
import { findFlags } from "../queries.ts";
import { flagSchema } from "../schemas.ts";

/** GET /admin/flags */
export const listAllFlags = defineRoute({
  method: "get",
  path: "/flags",
  operationId: "listAllFlags",
  summary: "List feature flags, by name",
  description: "With the share of organizations that have each, and since which version of the API.",
  tags: ["admin"],
  access: { secret: true },
  responses: {
    200: { description: "All of them, a thousand at the most", schema: z.object({ data: z.array(flagSchema) }) },
  },
}, async (c) => ({ data: await findFlags(c.var.request) }));
