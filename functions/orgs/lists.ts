/**
 * What can be asked of the lists of this function.
 *
 * @module
 */
import { z } from "zod";
import { defineList, where } from "../../shared/http/mod.ts";
import {
  invitationSchema,
  invitationStatusSchema,
  memberSchema,
  organizationSchema,
  ownInvitationSchema,
  roleInfoSchema,
  roleSchema,
  workspaceSchema,
} from "./schemas.ts";

/** The caller's organizations, whatever organization the request acts in. */
export const ORGANIZATIONS = defineList({
  name: "organizations",
  item: organizationSchema,
  sort: { created_at: "created_at", name: "name" },
  defaultSort: "created_at",
  ofOrganization: false,
  filters: { q: where.text(["name", "slug"]) },
});

/** Members of an organization. */
export const MEMBERS = defineList({
  name: "members",
  item: memberSchema,
  sort: { created_at: "created_at" },
  defaultSort: "created_at",
  id: "user_id",
  filters: { role: where.equals(roleSchema, { description: "Only those with this role" }) },
});

/** Invitations of an organization. */
export const INVITATIONS = defineList({
  name: "invitations",
  item: invitationSchema,
  sort: { created_at: "created_at", expires_at: "expires_at" },
  defaultSort: "-created_at",
  filters: {
    status: where.own(invitationStatusSchema, "Only those in this state; `open` = those that can be accepted now"),
    role: where.equals(roleSchema),
    email: where.equals(z.email().transform((email) => email.toLowerCase())),
  },
});

/** Invitations to the caller: 100 at most, in memory. */
export const OWN_INVITATIONS = defineList({
  name: "own_invitations",
  item: ownInvitationSchema,
  sort: { created_at: "created_at", expires_at: "expires_at" },
  defaultSort: "-created_at",
  ofOrganization: false,
  filters: { role: where.equals(roleSchema) },
});

/** Roles: a few, in memory. */
export const ROLES = defineList({
  name: "roles",
  item: roleInfoSchema,
  sort: { rank: "rank", role: "role" },
  defaultSort: "rank",
  id: "role",
  ofOrganization: false,
});

/** Workspaces of an organization. */
export const WORKSPACES = defineList({
  name: "workspaces",
  item: workspaceSchema,
  sort: { created_at: "created_at", name: "name" },
  defaultSort: "created_at",
  filters: { is_default: where.flag(), q: where.text(["name"]) },
});
