import { z } from "zod";

/** A moment, as the database writes it. */
const timestamp = z.iso.datetime({ offset: true }).meta({ examples: ["2026-11-20T09:30:00.123456+00:00"] });

const planId = z.enum(["free", "pro", "team", "enterprise"]);

/** What somebody is in an organization. */
export const roleSchema = z.enum(["owner", "admin", "developer", "member", "viewer", "guest"]);

/** When members need a second factor. */
export const mfaPolicy = z.enum(["off", "sensitive", "always"]);

/** A person. */
export const profileSchema = z.strictObject({
  id: z.uuid().meta({ description: "The id of the user in Auth" }),
  email: z.string().nullable().meta({ examples: ["ada@example.com"] }),
  display_name: z.string().nullable().meta({ examples: ["Ada Lovelace"] }),
  version: z.int(),
  created_at: timestamp,
  updated_at: timestamp,
}).meta({ id: "Profile" });

/** A person. */
export type Profile = z.output<typeof profileSchema>;

/** An organization, and what the caller is in it. */
export const organizationSchema = z.strictObject({
  id: z.uuid(),
  name: z.string().meta({ examples: ["Analytical Engines"] }),
  slug: z.string().meta({ examples: ["analytical-engines"] }),
  plan: planId,
  role: roleSchema.meta({ description: "Your role in it" }),
  suspended: z.boolean().meta({ description: "True = it can be looked at and nothing else" }),
  version: z.int(),
  created_at: timestamp,
  updated_at: timestamp,
}).meta({ id: "Organization" });

/** An organization, and what the caller is in it. */
export type Organization = z.output<typeof organizationSchema>;

/** What the caller's second factor is at. */
export const secondFactorSchema = z.strictObject({
  aal: z.enum(["aal1", "aal2"]).meta({ description: "aal2 = this session has shown a second factor" }),
  factors: z.array(z.strictObject({
    id: z.uuid(),
    type: z.string().meta({ examples: ["totp"] }),
    name: z.string().nullable(),
  })).meta({ description: "Yours that are verified" }),
  policy: mfaPolicy.meta({ description: "When the organization demands a second factor of its members" }),
  required: z.boolean().meta({ description: "True = sensitive operations answer `mfa_required` until it is shown" }),
}).meta({ id: "SecondFactor" });

/** What the caller's second factor is at. */
export type SecondFactor = z.output<typeof secondFactorSchema>;

/** Who the caller is. */
export const meSchema = z.strictObject({
  profile: profileSchema,
  organization_id: z.uuid().meta({
    description: "The one that this request acted in: `X-Organization-Id` or your first",
  }),
  role: roleSchema,
  permissions: z.array(z.string()).meta({ examples: [["flows:read", "flows:write"]] }),
  plan: planId,
  limits: z.record(z.string(), z.number().nullable()).meta({
    description: "What the plan allows; null = without limit",
    examples: [{ max_flows: 20 }],
  }),
  second_factor: secondFactorSchema,
  organizations: z.array(organizationSchema).meta({
    description: "Yours, in the order in which you joined; 100 at most",
  }),
}).meta({ id: "Me" });

/** A member of an organization. */
export const memberSchema = z.strictObject({
  user_id: z.uuid(),
  role: roleSchema,
  email: z.string().nullable(),
  display_name: z.string().nullable(),
  created_at: timestamp.meta({ description: "When they joined" }),
}).meta({ id: "Member" });

/** A member of an organization. */
export type Member = z.output<typeof memberSchema>;

/** A folder of flows. */
export const workspaceSchema = z.strictObject({
  id: z.uuid(),
  organization_id: z.uuid(),
  name: z.string().meta({ examples: ["Default"] }),
  is_default: z.boolean().meta({ description: "Where a flow goes that names no workspace" }),
  version: z.int(),
  created_at: timestamp,
  updated_at: timestamp,
}).meta({ id: "Workspace" });

/** A folder of flows. */
export type Workspace = z.output<typeof workspaceSchema>;
