import { defineRoute } from "../../../shared/http/mod.ts";
import { IP_BLOCKS } from "../lists.ts";
import { findIpBlocks } from "../queries.ts";

/** GET /admin/ip-blocks */
export const listIpBlocks = defineRoute({
  method: "get",
  path: "/ip-blocks",
  operationId: "listIpBlocks",
  summary: "List the networks that are blocked, newest first",
  description: "Those made by hand and those that were made by themselves, with reason and end.",
  tags: ["admin"],
  access: { secret: true },
  list: IP_BLOCKS,
  responses: { 200: { description: "A page of blocks", schema: IP_BLOCKS.page() } },
}, (c, { query }) => findIpBlocks(c.var.request, query));
