import { z } from "zod";
import type { List } from "../db/mod.ts";
import { defineList, filterOf, where } from "../http/mod.ts";

/** Every kind of security event. */
const SECURITY_EVENT_KINDS = [
  "credential.refused",
  "permission.denied",
  "id.probed",
  "mfa.required",
  "signature.refused",
  "address.refused",
  "limit.blocked",
  "key.suspended",
  "ip.blocked",
  "ip.unblocked",
] as const;

const moment = z.iso.datetime({ offset: true }).meta({ examples: ["2026-11-20T09:30:00.123456+00:00"] });

/** What may be an attack, or its beginning. */
const securityEventSchema = z.object({
  id: z.uuid(),
  kind: z.enum(SECURITY_EVENT_KINDS),
  organization_id: z.uuid().nullable().meta({ description: "Null = not known" }),
  user_id: z.uuid().nullable().meta({ description: "The person who asked; null = nobody that is known" }),
  key_id: z.uuid().nullable().meta({ description: "The API key that asked" }),
  ip: z.string().nullable(),
  agent: z.string().nullable().meta({ description: "The client's User-Agent" }),
  request_id: z.string().nullable().meta({ description: "The request, or the first of them" }),
  occurrences: z.int().meta({ description: "How many alike this tells of" }),
  details: z.record(z.string(), z.unknown()),
  at: moment,
}).meta({ id: "SecurityEvent", description: "What may be an attack, or its beginning" });

/** A security event. */
export type SecurityEvent = z.infer<typeof securityEventSchema>;

/** The list of security events: ids are ordered by time, so the order is that of the id. What filters, is SQL. */
const securityEvents = {
  item: securityEventSchema,
  sort: { at: "id" },
  defaultSort: "-at",
  filters: {
    kind: where.own(z.enum(SECURITY_EVENT_KINDS), "Only of this kind"),
    user_id: where.own(z.uuid(), "Only by this person"),
    key_id: where.own(z.uuid(), "Only by this API key"),
    ip: where.own(
      z.string().regex(/^[0-9a-fA-F.:]{2,45}(?:\/\d{1,3})?$/, "Must be an address or a network")
        .meta({ examples: ["198.51.100.0/24"] }),
      "Only from this address or network",
    ),
    after: where.own(moment, "Only at this time or later"),
    before: where.own(moment, "Only before this time"),
  },
} as const;

/** Security events of an organization. */
export const SECURITY_EVENTS = defineList({ name: "security_events", ...securityEvents });

/** Security events of all organizations, and of nobody's. */
export const ALL_SECURITY_EVENTS = defineList({ name: "all_security_events", ...securityEvents });

/** A query of either list. */
export type SecurityEventQuery = z.output<typeof SECURITY_EVENTS.query>;

/** The arguments of the SQL function of either list. */
export function toEventArguments(query: SecurityEventQuery, list: List): Readonly<Record<string, unknown>> {
  return {
    p_filter: filterOf(query),
    p_limit: list.fetchCount,
    p_ascending: list.ascending,
    [list.ascending ? "p_after" : "p_before"]: list.after?.id ?? null,
  };
}
