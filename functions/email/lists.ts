/**
 * What can be asked of the lists of this function.
 *
 * @module
 */
import { defineList, where } from "../../shared/http/mod.ts";
import { mailCategory, mailSchema, mailStatus, mailTemplateSchema, templateName } from "./schemas.ts";

/** Mails. Ids are ordered by time, so the order is that of the id. */
export const MAILS = defineList({
  name: "mails",
  item: mailSchema,
  sort: { created_at: "id" },
  defaultSort: "-created_at",
  filters: {
    status: where.equals(mailStatus),
    template: where.equals(templateName),
    category: where.equals(mailCategory),
    q: where.text(["to_address", "subject"]),
  },
});

/** Templates: all in memory. */
export const MAIL_TEMPLATES = defineList({
  name: "mail_templates",
  item: mailTemplateSchema,
  sort: { name: "name" },
  defaultSort: "name",
  id: "name",
  filters: { category: where.equals(mailCategory), q: where.text(["name", "description"]) },
});
