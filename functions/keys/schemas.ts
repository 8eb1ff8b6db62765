import { z } from "zod";

const timestamp = z.iso.datetime({ offset: true }).meta({ examples: ["2026-11-20T09:30:00.123456+00:00"] });

const name = z.string().min(1).max(200);
/** Which of its own systems the holder of a key uses it in. */
export const modeSchema = z.enum(["live", "test"]).meta({
  description: "Which of its own systems the holder uses the key in. Both reach the same data",
});
const scope = z.enum([
  "org:read",
  "org:write",
  "members:read",
  "workspaces:write",
  "flows:read",
  "flows:write",
  "runs:read",
  "runs:execute",
  "webhooks:read",
  "webhooks:write",
  "keys:read",
  "mail:read",
  "secrets:read",
  "secrets:write",
  "audit:read",
  "billing:read",
]);
const scopes = z.array(scope).min(1).max(100).meta({
  description: "What the key may do: permissions, of those that you hold yourself",
  examples: [["flows:read", "runs:execute", "runs:read"]],
});
const ipAllow = z.array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()])).max(100).meta({
  description: "Addresses and networks that the key may be used from; empty = any",
  examples: [["203.0.113.0/24"]],
});
const perMinute = z.int().min(1).max(1_000_000).nullable().meta({
  description: "Requests a minute and route class; null = what the plan allows, which is never exceeded",
});
const burst = z.int().min(1).max(1_000_000).nullable().meta({
  description: "How many of those may come at once; null = what the plan allows",
});
const expiresAt = timestamp.nullable().meta({ description: "From when it opens nothing; null = never" });

/** A new key. */
export const newKeySchema = z.strictObject({
  name,
  mode: modeSchema.default("live"),
  scopes,
  ip_allow: ipAllow.default([]),
  requests_per_minute: perMinute.optional(),
  request_burst: burst.optional(),
  expires_at: expiresAt.optional(),
}).meta({
  id: "NewApiKey",
  examples: [{ name: "Billing service", mode: "live", scopes: ["flows:read", "runs:execute", "runs:read"] }],
});

/** A new key. */
export type NewKey = z.output<typeof newKeySchema>;

/** Changes of a key. */
export const keyChangesSchema = z.strictObject({
  name: name.optional(),
  scopes: scopes.optional(),
  ip_allow: ipAllow.optional(),
  requests_per_minute: perMinute.optional(),
  request_burst: burst.optional(),
  expires_at: expiresAt.optional(),
}).meta({ id: "ApiKeyChanges", examples: [{ scopes: ["flows:read"] }] });

/** Changes of a key. */
export type KeyChanges = z.output<typeof keyChangesSchema>;

/** How a key is rotated. */
export const rotationSchema = z.strictObject({
  overlap_seconds: z.int().min(0).max(2_592_000).default(86_400).meta({
    description: "How long the old key goes on, seconds; 0 = it ends now",
  }),
  expires_at: timestamp.optional().meta({
    description: "The end of the new key; when absent none, or as far away as the old one's was when it was made",
  }),
}).meta({ id: "ApiKeyRotation", examples: [{ overlap_seconds: 3600 }] });

/** How a key is rotated. */
export type Rotation = z.output<typeof rotationSchema>;

/** An API key, without what it is made of. */
export const keySchema = z.object({
  id: z.uuid(),
  organization_id: z.uuid(),
  name: z.string(),
  mode: modeSchema,
  prefix: z.string().meta({ description: "How the key begins", examples: ["mr_live_8fK2"] }),
  last_four: z.string().meta({ description: "How it ends", examples: ["0Zq4"] }),
  status: z.enum(["active", "rotated", "expired", "revoked"]).meta({
    description: "`rotated` = another one took its place and this one goes on until `expires_at`",
  }),
  scopes: z.array(z.string()),
  ip_allow: z.array(z.string()),
  requests_per_minute: z.int().nullable(),
  request_burst: z.int().nullable(),
  expires_at: timestamp.nullable(),
  revoked_at: timestamp.nullable(),
  rotated_from: z.uuid().nullable().meta({ description: "The key that this one took the place of" }),
  rotated_at: timestamp.nullable(),
  last_used_at: timestamp.nullable().meta({ description: "The last request, to within a minute" }),
  created_by: z.uuid().nullable(),
  version: z.int().meta({ description: "Raised by every change; the ETag. Use is no change" }),
  created_at: timestamp,
  updated_at: timestamp,
}).meta({ id: "ApiKey", description: "A key of the organization for programs" });

/** An API key. */
export type ApiKey = z.output<typeof keySchema>;

/** A key that was just made. */
export const shownKeySchema = keySchema.extend({
  key: z.string().nullable().meta({
    description: "The key itself: kept nowhere, so shown in this answer only, and in that of the same request with " +
      "the same Idempotency-Key. Null there if the project's secret key has changed in between: rotate the key then",
    examples: ["mr_live_…"],
  }),
}).meta({ id: "ShownApiKey", description: "A key that was just made, with its text" });

/** A key that was just made. */
export type ShownKey = z.output<typeof shownKeySchema>;
