/**
 * What can be asked of the lists of this function.
 *
 * @module
 */
import { defineList, where } from "../../shared/http/mod.ts";
import { mailEventSchema } from "./outcome_schemas.ts";
import { mailCategory, mailSchema, mailStatus, mailTemplateSchema, templateName } from "./schemas.ts";
import { suppressionReason, suppressionSchema, suppressionScope } from "./suppression_schemas.ts";

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

/** Who gets no mails. Ids are ordered by time, so the order is that of the id. */
export const MAIL_SUPPRESSIONS = defineList({
  name: "mail_suppressions",
  item: suppressionSchema,
  sort: { created_at: "id" },
  defaultSort: "-created_at",
  filters: {
    reason: where.equals(suppressionReason),
    scope: where.equals(suppressionScope),
    q: where.text(["address"]),
  },
});

/** What happened to a mail, in the order in which it was told. */
export const MAIL_EVENTS = defineList({
  name: "mail_events",
  item: mailEventSchema,
  sort: { received_at: "id" },
  defaultSort: "received_at",
  filters: { type: where.equals(mailEventSchema.shape.type) },
});
