import { z } from "zod";
import { defineRoute } from "../../../shared/http/mod.ts";
import { sealNow } from "../queries.ts";

/** POST /audit/seal */
export const sealAudit = defineRoute({
  method: "post",
  path: "/seal",
  operationId: "sealAudit",
  summary: "Seal and sign what is new in the audit log",
  description: "The clock does it every minute.",
  tags: ["audit"],
  access: { secret: true },
  responses: {
    200: {
      description: "How many rows were sealed, how many seals signed",
      schema: z.object({ sealed: z.int(), signed: z.int() }),
    },
  },
}, (c) => sealNow(c.var.request));
