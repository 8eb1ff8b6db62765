import { defineRoute, etag, ifMatchHeaders, readIfMatch, reply } from "../../../shared/http/mod.ts";
import { saveMailSettings } from "../settings_queries.ts";
import { mailSettingsChangesSchema, mailSettingsSchema } from "../settings_schemas.ts";
import { SETTINGS_HEADERS } from "./get_mail_settings.ts";

/** PATCH /email/settings */
export const updateMailSettings = defineRoute({
  method: "patch",
  path: "/settings",
  operationId: "updateMailSettings",
  summary: "Change the mail settings",
  description:
    "Changes what is named and leaves the rest. Mails that wait keep the looks that they were asked for with. Look at " +
    "the brand first: `GET /email/templates/alert/preview?brand_name=…&color=…`. Takes `If-Match`.",
  tags: ["email"],
  access: { user: "mail:write" },
  request: { headers: ifMatchHeaders, body: mailSettingsChangesSchema },
  responses: {
    200: { description: "The settings as they are now", schema: mailSettingsSchema, headers: SETTINGS_HEADERS },
  },
  errors: ["version_mismatch"],
}, async (c, { body }) => {
  const { db, organizationId } = c.var.request;
  const changed = await saveMailSettings(db, organizationId, body, readIfMatch(c));
  return reply(200, changed, { ETag: etag(changed.version) });
});
