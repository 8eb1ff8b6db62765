import { createRouter } from "../../shared/http/mod.ts";
import { acceptInvitation } from "./handlers/accept_invitation.ts";
import { changeMemberRole } from "./handlers/change_member_role.ts";
import { createInvitation } from "./handlers/create_invitation.ts";
import { createOrganization } from "./handlers/create_organization.ts";
import { createWorkspace } from "./handlers/create_workspace.ts";
import { declineInvitation } from "./handlers/decline_invitation.ts";
import { deleteOrganization } from "./handlers/delete_organization.ts";
import { deleteWorkspace } from "./handlers/delete_workspace.ts";
import { getMe } from "./handlers/get_me.ts";
import { getOrganization } from "./handlers/get_organization.ts";
import { getUsage } from "./handlers/get_usage.ts";
import { leaveOrganization } from "./handlers/leave_organization.ts";
import { listInvitations } from "./handlers/list_invitations.ts";
import { listMembers } from "./handlers/list_members.ts";
import { listOrganizations } from "./handlers/list_organizations.ts";
import { listSecurityEvents } from "./handlers/list_security_events.ts";
import { listOwnInvitations } from "./handlers/list_own_invitations.ts";
import { listRoles } from "./handlers/list_roles.ts";
import { listWorkspaces } from "./handlers/list_workspaces.ts";
import { setMfaPolicy } from "./handlers/set_mfa_policy.ts";
import { removeMember } from "./handlers/remove_member.ts";
import { resendInvitation } from "./handlers/resend_invitation.ts";
import { restoreOrganization } from "./handlers/restore_organization.ts";
import { resumeOrganization } from "./handlers/resume_organization.ts";
import { revokeInvitation } from "./handlers/revoke_invitation.ts";
import { suspendOrganization } from "./handlers/suspend_organization.ts";
import { syncProfile } from "./handlers/sync_profile.ts";
import { transferOrganization } from "./handlers/transfer_organization.ts";
import { updateOrganization } from "./handlers/update_organization.ts";
import { updateWorkspace } from "./handlers/update_workspace.ts";

/** People, organizations, members, invitations, workspaces. */
export const router = createRouter("orgs", [
  getMe,
  syncProfile,
  listRoles,
  listOwnInvitations,
  acceptInvitation,
  declineInvitation,
  listOrganizations,
  createOrganization,
  getOrganization,
  updateOrganization,
  deleteOrganization,
  restoreOrganization,
  transferOrganization,
  leaveOrganization,
  suspendOrganization,
  resumeOrganization,
  getUsage,
  listMembers,
  changeMemberRole,
  removeMember,
  listInvitations,
  createInvitation,
  resendInvitation,
  revokeInvitation,
  listWorkspaces,
  listSecurityEvents,
  setMfaPolicy,
  createWorkspace,
  updateWorkspace,
  deleteWorkspace,
]);

/** The same routes one step higher: mounted by `api` only, under `/invitations`. */
export const invitationsRouter = createRouter(
  "invitations",
  [listOwnInvitations, acceptInvitation, declineInvitation].map((route) => ({
    ...route,
    definition: { ...route.definition, path: route.definition.path.replace("/invitations", "") || "/" },
  })),
);

/** What frontends look for under `/auth`: mounted by `api` only. */
export const authRouter = createRouter("auth", [getMe, syncProfile]);
