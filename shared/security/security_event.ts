import { z } from "zod";

/** Every kind of security event. */
export const SECURITY_EVENT_KINDS = [
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
export const securityEventSchema = z.object({
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

/** The filters of lists of security events. */
export const securityEventFilters = {
  kind: z.enum(SECURITY_EVENT_KINDS).optional().meta({ description: "Only of this kind" }),
  user_id: z.uuid().optional().meta({ description: "Only by this person" }),
  key_id: z.uuid().optional().meta({ description: "Only by this API key" }),
  ip: z.string().regex(/^[0-9a-fA-F.:]{2,45}(?:\/\d{1,3})?$/, "Must be an address or a network").optional()
    .meta({ description: "Only from this address or network", examples: ["198.51.100.0/24"] }),
  after: moment.optional().meta({ description: "Only at this time or later" }),
  before: moment.optional().meta({ description: "Only before this time" }),
};

/** The filters as a list has read them. */
export type SecurityEventFilter = {
  readonly [K in keyof typeof securityEventFilters]?: z.output<(typeof securityEventFilters)[K]>;
};

/** The filters for the database: those that are there. */
export function toFilter(filter: SecurityEventFilter): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(filter).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
