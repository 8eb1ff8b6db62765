import { defineRoute, listOf, listQuery } from "../../../shared/http/mod.ts";
import { findIpBlocks } from "../queries.ts";
import { ipBlockSchema } from "../schemas.ts";

const query = listQuery({ sort: ["id"], defaultSort: "-id" }).extend({});

/** GET /admin/ip-blocks */
export const listIpBlocks = defineRoute({
  method: "get",
  path: "/ip-blocks",
  operationId: "listIpBlocks",
  summary: "List the networks that are blocked, newest first",
  description: "Those made by hand and those that were made by themselves, with reason and end.",
  tags: ["admin"],
  access: { secret: true },
  request: { query },
  responses: { 200: { description: "A page of blocks", schema: listOf(ipBlockSchema) } },
}, (c, { query }) => findIpBlocks(c.var.request, { ...query, sort: "-id" }));
