import { z } from "zod";
import { defineRoute, listOf } from "../../../shared/http/mod.ts";
import { findRunArchives } from "../archive_queries.ts";
import { runArchiveSchema } from "../schemas.ts";

const query = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(50).meta({ description: "How many rows, 1 to 100" }),
  cursor: z.string().optional().meta({ description: "next_cursor of the page before" }),
  sort: z.enum(["-id"]).default("-id").meta({ description: "The order: newest first" }),
  week: z.iso.date().optional().meta({
    description: "Archives of the week in which this day is",
    examples: ["2026-11-18"],
  }),
});

/** GET /runs/archives */
export const listRunArchives = defineRoute({
  method: "get",
  path: "/archives",
  operationId: "listRunArchives",
  summary: "List archives of runs",
  description:
    "Objects in Storage that hold the organization's runs which fell out of retention, by the week in which " +
    "they were started. Whether runs are archived is said by the plan.",
  tags: ["runs"],
  access: { user: "runs:read" },
  request: { query },
  responses: { 200: { description: "A page of archives", schema: listOf(runArchiveSchema) } },
}, (c, { query }) => findRunArchives(c.var.request, query));
