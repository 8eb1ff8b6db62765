import { createRouter } from "../../shared/http/mod.ts";
import { getMe } from "./handlers/get_me.ts";
import { getOrganization } from "./handlers/get_organization.ts";
import { listMembers } from "./handlers/list_members.ts";
import { listOrganizations } from "./handlers/list_organizations.ts";
import { listSecurityEvents } from "./handlers/list_security_events.ts";
import { listWorkspaces } from "./handlers/list_workspaces.ts";
import { setMfaPolicy } from "./handlers/set_mfa_policy.ts";
import { syncProfile } from "./handlers/sync_profile.ts";

/** People, organizations, members, workspaces. */
export const router = createRouter("orgs", [
  getMe,
  syncProfile,
  listOrganizations,
  getOrganization,
  listMembers,
  listWorkspaces,
  listSecurityEvents,
  setMfaPolicy,
]);

/** What frontends look for under `/auth`: mounted by `api` only. */
export const authRouter = createRouter("auth", [getMe, syncProfile]);
