import { defineRoute } from "../../../shared/http/mod.ts";
import { mailWishChangesSchema, mailWishesSchema } from "../preferences_schemas.ts";
import { saveOwnWishes } from "../suppression_queries.ts";

/** PATCH /email/preferences */
export const updateOwnPreferences = defineRoute({
  method: "patch",
  path: "/preferences",
  operationId: "updateMailPreferences",
  summary: "Choose which mails you want",
  description: "Of the organization, at your own address. What is left out stays as it is.",
  tags: ["email"],
  access: { user: "org:read" },
  personOnly: true,
  request: { body: mailWishChangesSchema },
  responses: { 200: { description: "What you want now", schema: mailWishesSchema } },
  errors: ["conflict"],
}, (c, { body }) => saveOwnWishes(c.var.request, body));
