import { z } from "zod";
import { defineRoute, fieldsParam, listOf, listQuery, pickFields } from "../../../shared/http/mod.ts";
import { findFlows } from "../queries.ts";
import { listedFlowSchema, SUMMARY_FIELDS } from "../schemas.ts";

const query = listQuery({
  sort: ["created_at", "updated_at", "name"],
  defaultSort: "-created_at",
  filters: {
    is_active: z.enum(["true", "false"]).transform((text) => text === "true").optional().meta({
      description: "Only active flows, or only drafts",
    }),
    workspace_id: z.uuid().optional().meta({ description: "Only those of a workspace" }),
    q: z.string().trim().min(1).max(200).optional().meta({
      description: "Only those whose name holds this text, whatever its case; no character is special",
    }),
    fields: fieldsParam(SUMMARY_FIELDS),
  },
});

/** GET /flows */
export const listFlows = defineRoute({
  method: "get",
  path: "/",
  operationId: "listFlows",
  summary: "List flows",
  description: "The organization's flows, the newest first, without their graphs.",
  tags: ["flows"],
  access: { user: "flows:read" },
  request: { query },
  responses: { 200: { description: "A page of flows", schema: listOf(listedFlowSchema) } },
}, async (c, { query: { fields, ...rest } }) => {
  const page = await findFlows(c.var.request, rest, fields);
  return { ...page, data: page.data.map((flow) => pickFields(flow, fields)) };
});
