import { defineRoute } from "../../../shared/http/mod.ts";
import { saveIpBlock } from "../queries.ts";
import { ipBlockInput, ipBlockSchema } from "../schemas.ts";

/** PUT /admin/ip-blocks */
export const setIpBlock = defineRoute({
  method: "put",
  path: "/ip-blocks",
  operationId: "setIpBlock",
  summary: "Block a network, or change its block",
  description: "Networks wider than /8 (IPv4) or /32 (IPv6) and those of the platform itself are refused.",
  tags: ["admin"],
  access: { secret: true },
  request: { body: ipBlockInput },
  responses: { 200: { description: "The block", schema: ipBlockSchema } },
  errors: ["conflict"],
}, (c, { body }) => saveIpBlock(c.var.request, body));
