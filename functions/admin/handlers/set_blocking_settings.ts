import { defineRoute } from "../../../shared/http/mod.ts";
import { saveBlockingSettings } from "../queries.ts";
import { blockingSettings } from "../schemas.ts";

/** PUT /admin/blocking-settings */
export const setBlockingSettings = defineRoute({
  method: "put",
  path: "/blocking-settings",
  operationId: "setBlockingSettings",
  summary: "Change when addresses are blocked by themselves",
  description: "The numbers hold from the next refused credential on; blocks that stand already keep their end.",
  tags: ["admin"],
  access: { secret: true },
  request: { body: blockingSettings },
  responses: { 200: { description: "The settings", schema: blockingSettings } },
}, (c, { body }) => saveBlockingSettings(c.var.request, body));
