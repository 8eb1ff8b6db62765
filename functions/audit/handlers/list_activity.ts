import { defineRoute } from "../../../shared/http/mod.ts";
import { ACTIVITY } from "../lists.ts";
import { findActivity } from "../queries.ts";

const definition = {
  method: "get",
  summary: "See what happened lately",
  description:
    "What people and keys did in the organization, newest first, each with a sentence and where to look at the thing. " +
    "Members see the history of what they may read: guests flows, workspaces, schedules and the organization, others also " +
    "members, runs, entities, webhooks, API keys or secrets. The rows are those of the audit log, without addresses and " +
    "values.",
  tags: ["audit"],
  access: { user: "org:read" },
  list: ACTIVITY,
  responses: { 200: { description: "A page of what happened", schema: ACTIVITY.page() } },
} as const;

/** GET /audit/activity */
export const listActivity = defineRoute(
  { ...definition, path: "/activity", operationId: "listActivity" },
  (c, { query }) => findActivity(c.var.request, query),
);

/** GET /activity, of `api` */
export const listActivityAlias = defineRoute(
  { ...definition, path: "/", operationId: "listActivityAlias" },
  (c, { query }) => findActivity(c.var.request, query),
);
