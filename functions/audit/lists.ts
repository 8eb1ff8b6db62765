/**
 * What can be asked of the lists of this function.
 *
 * @module
 */
import { z } from "zod";
import { defineList, where } from "../../shared/http/mod.ts";
import { ACTIVITY_KINDS } from "./activity.ts";
import { activitySchema, auditActorSchema, auditEventSchema, auditViaSchema } from "./schemas.ts";

const word = z.string().min(1).max(100);
const moment = z.iso.datetime({ offset: true });

const actions = where.anyOf(
  z.string().regex(/^[a-z][a-z0-9_]*\.(?:[a-z][a-z0-9_]*|\*)$/, "Must be an action such as flow.updated, or flow.*"),
  { description: "One or more actions, separated by commas; flow.* = all of flows" },
);
const from = where.own(moment, "At this moment or later");
const to = where.own(moment, "Before this moment");
const text = z.string().trim().min(1).max(200);

/** What SQL filters by: see private.audit_where. */
export const auditFilters = {
  actor: where.own(auditActorSchema, "Who did it"),
  user_id: where.own(z.uuid(), "The person"),
  key_id: where.own(z.uuid(), "The API key"),
  via: where.own(auditViaSchema, "Where it came from"),
  action: actions,
  target_type: where.own(word, "The kind of thing it was done to"),
  target_id: where.own(z.string().min(1).max(400), "The thing it was done to"),
  ip: where.own(z.string().min(2).max(45), "The address, in any spelling"),
  request_id: where.own(word, "The request"),
  q: where.own(
    text,
    "Only rows that hold this text in action, target, before, after or details, whatever its case",
  ),
  from,
  to,
};

/** Rows of the audit log. Ids are ordered by time, so the order is that of the id. */
export const AUDIT_EVENTS = defineList({
  name: "audit_events",
  item: auditEventSchema,
  sort: { occurred_at: "id" },
  defaultSort: "-occurred_at",
  filters: auditFilters,
});

/** What happened lately. */
export const ACTIVITY = defineList({
  name: "activity",
  item: activitySchema,
  sort: { occurred_at: "id" },
  defaultSort: "-occurred_at",
  filters: {
    actor: where.own(auditActorSchema.extract(["user", "key"]), "user = people themselves; key = API keys"),
    user_id: where.own(z.uuid(), "The person, by themselves or by an API key they made"),
    key_id: where.own(z.uuid(), "The API key"),
    action: actions,
    target_type: where.anyOf(z.enum(ACTIVITY_KINDS), {
      description:
        "The kinds of things it was done to, separated by commas. Of kinds you may not read nothing is shown",
    }),
    target_id: where.own(z.uuid(), "The thing it was done to"),
    from,
    to,
    q: where.own(
      text,
      "Only rows whose action, thing (its name then or now, or its id) or person holds this text, whatever its case",
    ),
  },
});
