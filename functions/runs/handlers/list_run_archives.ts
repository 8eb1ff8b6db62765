import { defineRoute } from "../../../shared/http/mod.ts";
import { RUN_ARCHIVES } from "../lists.ts";
import { findRunArchives } from "../archive_queries.ts";

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
  list: RUN_ARCHIVES,
  responses: { 200: { description: "A page of archives", schema: RUN_ARCHIVES.page() } },
}, (c, { query }) => findRunArchives(c.var.request, query));
