import { z } from "zod";
import { defineRoute, idempotencyHeaders, readIdempotencyKey, reply, resourceUrl } from "../../../shared/http/mod.ts";
import { findTemplate } from "../find_template.ts";
import { insertFlow } from "../queries.ts";
import { appliedTemplateSchema, templateParams, toFilling } from "../schemas.ts";

const body = z.strictObject({
  name: z.string().trim().min(1).max(200).optional().meta({ description: "The template's name when absent" }),
  workspace_id: z.uuid().optional().meta({ description: "The default workspace when absent" }),
}).meta({ examples: [{ name: "Thank who pays" }] });

/** POST /templates/:id/use */
export const applyTemplate = defineRoute({
  method: "post",
  path: "/:id/use",
  operationId: "useTemplate",
  summary: "Make a flow of a template",
  description:
    "A new flow with the graph of the template. It is a draft: fill in what `configure` lists, then switch it on.",
  tags: ["templates"],
  access: { user: "flows:write" },
  request: { params: templateParams, headers: idempotencyHeaders, body, bodyRequired: false },
  responses: {
    201: {
      description: "The new flow, and what to fill in",
      schema: appliedTemplateSchema,
      headers: { Location: "The address of the flow" },
    },
  },
  errors: ["not_found", "plan_limit_reached", "idempotency_mismatch"],
}, async (c, { params, body }) => {
  const template = findTemplate(params.id);
  const flow = await insertFlow(c.var.request.db, {
    organizationId: c.var.request.organizationId,
    name: body?.name ?? template.name,
    description: template.description,
    workspaceId: body?.workspace_id ?? null,
    graph: template.graph,
    idempotencyKey: readIdempotencyKey(c),
  });
  return reply(201, {
    template_id: template.id,
    flow_id: flow.id,
    name: flow.name,
    workspace_id: flow.workspace_id,
    is_active: flow.is_active,
    ...toFilling(template),
  }, { Location: resourceUrl(c, "flows", flow.id) });
});
