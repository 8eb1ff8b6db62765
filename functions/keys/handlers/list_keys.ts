import { z } from "zod";
import { defineRoute, listOf, listQuery } from "../../../shared/http/mod.ts";
import { findKeys } from "../queries.ts";
import { keySchema } from "../schemas.ts";

const query = listQuery({
  sort: ["created_at", "name", "updated_at"],
  defaultSort: "-created_at",
  filters: {
    mode: z.enum(["live", "test"]).optional(),
    revoked: z.enum(["true", "false"]).transform((text) => text === "true").optional().meta({ examples: ["false"] }),
  },
});

/** GET /keys */
export const listKeys = defineRoute({
  method: "get",
  path: "/",
  operationId: "listKeys",
  summary: "List API keys",
  description: "The keys of the organization, newest first, also those that are revoked or over.",
  tags: ["keys"],
  access: { user: "keys:read" },
  request: { query },
  responses: { 200: { description: "A page of keys", schema: listOf(keySchema) } },
}, (c, { query }) => findKeys(c.var.request, query));
