import { defineRoute, idParams } from "../../../shared/http/mod.ts";
import { deleteIpBlock } from "../queries.ts";

/** DELETE /admin/ip-blocks/:id */
export const liftIpBlock = defineRoute({
  method: "delete",
  path: "/ip-blocks/:id",
  operationId: "liftIpBlock",
  summary: "Lift a block",
  description: "Requests from the network are taken again.",
  tags: ["admin"],
  access: { secret: true },
  request: { params: idParams },
  responses: { 204: { description: "Lifted" } },
  errors: ["not_found"],
}, (c, { params }) => deleteIpBlock(c.var.request, params.id));
