import { defineRoute, etag, ifNoneMatchHeaders, isNotModified, reply } from "../../../shared/http/mod.ts";
import { findMailSettings } from "../settings_queries.ts";
import { mailSettingsSchema } from "../settings_schemas.ts";

/** What the headers of an answer with settings say. */
export const SETTINGS_HEADERS = { ETag: "The version of the settings, for If-Match and If-None-Match" };

/** GET /email/settings */
export const getMailSettings = defineRoute({
  method: "get",
  path: "/settings",
  operationId: "getMailSettings",
  summary: "Get the mail settings",
  description: "How often digests come, the time zone, and the brand that mails about the organization wear.",
  tags: ["email"],
  access: { user: "mail:read" },
  request: { headers: ifNoneMatchHeaders },
  responses: {
    200: { description: "The settings", schema: mailSettingsSchema, headers: SETTINGS_HEADERS },
    304: { description: "You have this version already", headers: SETTINGS_HEADERS },
  },
}, async (c) => {
  const { db, organizationId } = c.var.request;
  const found = await findMailSettings(db, organizationId);
  const tag = etag(found.version);
  if (isNotModified(c, tag)) return reply(304, undefined, { ETag: tag });
  return reply(200, found, { ETag: tag });
});
