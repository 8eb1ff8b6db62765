import { defineRoute } from "../../../shared/http/mod.ts";
import { mailWishesSchema } from "../preferences_schemas.ts";
import { findOwnWishes } from "../suppression_queries.ts";

/** GET /email/preferences */
export const getOwnPreferences = defineRoute({
  method: "get",
  path: "/preferences",
  operationId: "getMailPreferences",
  summary: "Get which mails you want",
  description: "Of the organization, at your own address. Mails that your account needs are always sent.",
  tags: ["email"],
  access: { user: "org:read" },
  personOnly: true,
  responses: { 200: { description: "What you want", schema: mailWishesSchema } },
  errors: ["conflict"],
}, (c) => findOwnWishes(c.var.request));
