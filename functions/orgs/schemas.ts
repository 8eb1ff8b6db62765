import { z } from "zod";
import { type Permission, PERMISSIONS, type Role, ROLE_PERMISSIONS } from "../../shared/http/mod.ts";

/** A moment, as the database writes it. */
const timestamp = z.iso.datetime({ offset: true }).meta({ examples: ["2026-11-20T09:30:00.123456+00:00"] });

const planId = z.enum(["free", "pro", "team", "enterprise"]);

/** What somebody is in an organization. */
export const roleSchema = z.enum(Object.keys(ROLE_PERMISSIONS) as [Role, ...Role[]]);

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
  role: z.enum([...roleSchema.options, "key"]).meta({ description: "Your role in it; `key` for an API key" }),
  suspended: z.boolean().meta({ description: "True = it can be looked at and nothing else" }),
  suspended_reason: z.string().nullable().meta({ description: "Why; null = no reason given, or not suspended" }),
  deletes_at: timestamp.nullable().meta({
    description: "Set = it is to be deleted: from then on all its data is removed; until then it can only be read",
  }),
  version: z.int(),
  created_at: timestamp,
  updated_at: timestamp,
}).meta({ id: "Organization" });

/** An organization, and what the caller is in it. */
export type Organization = z.output<typeof organizationSchema>;

/** What the caller's second factor is at. */
const secondFactorSchema = z.strictObject({
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
  version: z.int(),
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

/** A name of an organization or workspace. */
const name = z.string().trim().min(1).max(200).regex(/^\P{Cc}*$/u, "Must hold no control characters");

const slug = z.string().regex(
  /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
  "Lower-case letters, digits and, between, hyphens",
)
  .meta({ examples: ["analytical-engines"] });

/** What an organization is made of. */
export const newOrganizationSchema = z.strictObject({
  name,
  slug: slug.optional().meta({ description: "Made from the name when absent" }),
}).meta({ id: "NewOrganization", examples: [{ name: "Analytical Engines" }] });

/** What an organization is made of. */
export type NewOrganization = z.output<typeof newOrganizationSchema>;

/** What can be changed about an organization. */
export const organizationChangesSchema = z.strictObject({ name: name.optional(), slug: slug.optional() }).meta({
  id: "OrganizationChanges",
  examples: [{ name: "Difference Engines" }],
});

/** What can be changed about an organization. */
export type OrganizationChanges = z.output<typeof organizationChangesSchema>;

/** An organization as operators see it. */
export const operatedOrganizationSchema = organizationSchema.omit({ role: true }).meta({ id: "OperatedOrganization" });

/** An organization as operators see it. */
export type OperatedOrganization = z.output<typeof operatedOrganizationSchema>;

/** Why an organization is suspended. */
export const suspensionSchema = z.strictObject({
  reason: z.string().trim().min(1).max(500).optional().meta({ description: "Its members read it" }),
}).meta({ examples: [{ reason: "The last three invoices are open." }] });

/** Whom an organization goes to. */
export const transferSchema = z.strictObject({
  user_id: z.uuid().meta({ description: "A member of it" }),
  own_role: roleSchema.default("admin").meta({ description: "What you become" }),
}).meta({ examples: [{ user_id: "0193a000-0000-7000-8000-000000000001" }] });

/** Whom an organization goes to. */
export type Transfer = z.output<typeof transferSchema>;

/** How much of its plan an organization uses. */
export const usageSchema = z.strictObject({
  plan: planId,
  limits: z.array(z.strictObject({
    name: z.enum([
      "members",
      "workspaces",
      "flows",
      "webhook_endpoints",
      "schedules",
      "api_keys",
      "secrets",
      "webhook_subscriptions",
    ]),
    used: z.int().meta({ description: "For `members`, open invitations count too" }),
    limit: z.int().nullable().meta({ description: "null = without limit" }),
  })),
}).meta({ id: "OrganizationUsage", examples: [{ plan: "pro", limits: [{ name: "members", used: 4, limit: 25 }] }] });

/** How much of its plan an organization uses. */
export type OrganizationUsage = z.output<typeof usageSchema>;

/** A role and what it may do. */
export const roleInfoSchema = z.strictObject({
  role: roleSchema,
  rank: z.int().meta({ description: "1 = the mightiest" }),
  permissions: z.array(z.enum(PERMISSIONS as [Permission, ...Permission[]])),
}).meta({ id: "RoleInfo", description: "A role and what it may do" });

/** The path of a member. */
export const memberParams = z.object({ id: z.uuid(), userId: z.uuid() });

/** What can be changed about a member. */
export const memberChangesSchema = z.strictObject({ role: roleSchema }).meta({ examples: [{ role: "developer" }] });

/** What can have become of an invitation. */
export const invitationStatusSchema = z.enum(["open", "accepted", "declined", "revoked", "expired"]);

/** An invitation of an address into an organization. */
export const invitationSchema = z.strictObject({
  id: z.uuid(),
  organization_id: z.uuid(),
  email: z.string().meta({ examples: ["grace@example.com"] }),
  role: roleSchema.meta({ description: "What who accepts becomes" }),
  status: invitationStatusSchema,
  expires_at: timestamp,
  mails: z.int().meta({ description: "How often it was sent" }),
  mailed_at: timestamp.nullable(),
  created_by: z.uuid().nullable().meta({ description: "Who invited; null = the account is gone" }),
  accepted_by: z.uuid().nullable(),
  ended_at: timestamp.nullable().meta({ description: "null = open" }),
  version: z.int(),
  created_at: timestamp,
  updated_at: timestamp,
}).meta({ id: "Invitation" });

/** An invitation of an address into an organization. */
export type Invitation = z.output<typeof invitationSchema>;

const openDays = z.int().min(1).max(30).default(7).meta({ description: "Days for which it is open" });

/** Whom to invite. */
export const newInvitationSchema = z.strictObject({
  email: z.email().max(254),
  role: roleSchema,
  expires_in_days: openDays,
})
  .meta({ id: "NewInvitation", examples: [{ email: "grace@example.com", role: "developer" }] });

/** Whom to invite. */
export type NewInvitation = z.output<typeof newInvitationSchema>;

/** The path of an invitation. */
export const invitationParams = z.object({ id: z.uuid(), invitationId: z.uuid() });

/** How long an invitation that is sent again is open. */
export const resendSchema = z.strictObject({ expires_in_days: openDays }).meta({ examples: [{ expires_in_days: 7 }] });

/** Which invitation is meant: by its token or its id. */
export const invitationChoiceSchema = z.strictObject({
  token: z.string().regex(/^[\w-]{20,100}$/).optional().meta({ description: "From the mail" }),
  invitation_id: z.uuid().optional().meta({ description: "Of one to your confirmed address" }),
}).refine(({ token, invitation_id }) => (token === undefined) !== (invitation_id === undefined), {
  message: "Give the token or the id",
}).meta({ id: "InvitationChoice", examples: [{ token: "Zm9yIGV4YW1wbGUsIHRoaXMgdG9rZW4gb3BlbnMgbm8" }] });

/** Which invitation is meant. */
export type InvitationChoice = z.output<typeof invitationChoiceSchema>;

/** An invitation to the caller. */
export const ownInvitationSchema = z.strictObject({
  id: z.uuid(),
  organization: z.strictObject({ id: z.uuid(), name: z.string() }),
  role: roleSchema,
  invited_by: z.string().nullable().meta({ description: "The name of who invited, when they have given one" }),
  expires_at: timestamp,
  created_at: timestamp,
}).meta({ id: "OwnInvitation" });

/** An invitation to the caller. */
export type OwnInvitation = z.output<typeof ownInvitationSchema>;

/** What a workspace is made of. */
export const newWorkspaceSchema = z.strictObject({ name }).meta({ examples: [{ name: "Marketing" }] });

/** What can be changed about a workspace. */
export const workspaceChangesSchema = z.strictObject({
  name: name.optional(),
  is_default: z.boolean().optional().meta({ description: "true = flows that name no workspace go here" }),
}).meta({ examples: [{ name: "Sales" }] });

/** What can be changed about a workspace. */
export type WorkspaceChanges = z.output<typeof workspaceChangesSchema>;

/** The path of a workspace. */
export const workspaceParams = z.object({ id: z.uuid(), workspaceId: z.uuid() });
