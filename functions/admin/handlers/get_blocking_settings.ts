import { defineRoute } from "../../../shared/http/mod.ts";
import { findBlockingSettings } from "../queries.ts";
import { blockingSettings } from "../schemas.ts";

/** GET /admin/blocking-settings */
export const getBlockingSettings = defineRoute({
  method: "get",
  path: "/blocking-settings",
  operationId: "getBlockingSettings",
  summary: "When addresses are blocked by themselves",
  description: "After how many refused credentials in which time an address is blocked, and for how long.",
  tags: ["admin"],
  access: { secret: true },
  responses: { 200: { description: "The settings", schema: blockingSettings } },
}, (c) => findBlockingSettings(c.var.request));
