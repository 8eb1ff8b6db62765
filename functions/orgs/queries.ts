import { asResult, type DatabaseClient, type Page, rpc, run, runSingle } from "../../shared/db/mod.ts";
import { notFound } from "../../shared/errors/mod.ts";
import type { AnyListQuery, Role, UserContext } from "../../shared/http/mod.ts";
import { MEMBERS, ORGANIZATIONS } from "./lists.ts";
import type {
  Member,
  NewOrganization,
  OperatedOrganization,
  Organization,
  OrganizationChanges,
  OrganizationUsage,
  Profile,
  Transfer,
} from "./schemas.ts";

/** Brings the caller's profile in step with Auth, and changes the name when one is given. */
export function syncProfile(db: DatabaseClient, displayName: string | null): Promise<Profile> {
  return rpc<Profile>(db, "sync_profile", { p_display_name: displayName });
}

const PROFILE_COLUMNS = "id,email,display_name,version,created_at,updated_at";
const ORGANIZATION_COLUMNS =
  "id,name,slug,plan:plan_id,suspended_at,suspended_reason,deletes_at,version,created_at,updated_at";

interface OrganizationRow extends Omit<Organization, "role" | "suspended"> {
  readonly suspended_at: string | null;
}

function toOrganization({ suspended_at, ...row }: OrganizationRow, role: Role): Organization {
  return { ...row, role, suspended: suspended_at !== null };
}

interface MembershipRow {
  readonly role: Role;
  readonly profile: Profile;
  readonly organization: OrganizationRow;
}

/** More organizations than this are paged through. */
const MAX_OWN_ORGANIZATIONS = 100;

/** The caller's profile and organizations, in one call. */
export async function findMe(
  db: DatabaseClient,
  userId: string,
): Promise<{ profile: Profile; organizations: Organization[] }> {
  const query = db.from("organization_members")
    .select(`role,profile:profiles(${PROFILE_COLUMNS}),organization:organizations(${ORGANIZATION_COLUMNS})`)
    .eq("user_id", userId).order("created_at").order("organization_id").limit(MAX_OWN_ORGANIZATIONS);
  const rows = await run(asResult<MembershipRow[]>(query));
  const profile = rows[0]?.profile;
  // The gate has found a membership; it can have ended since.
  if (profile === undefined) throw notFound("organization");
  return { profile, organizations: rows.map(({ organization, role }) => toOrganization(organization, role)) };
}

interface OrganizationWithRole extends OrganizationRow {
  readonly members: readonly { readonly role: Role }[];
}

/** A page of the caller's organizations. */
export async function findOrganizations(context: UserContext, query: AnyListQuery): Promise<Page<Organization>> {
  const rows = context.db.from("organizations")
    .select(`${ORGANIZATION_COLUMNS},members:organization_members!inner(role)`)
    .eq("members.user_id", context.userId);
  const page = await ORGANIZATIONS.find(asResult<OrganizationWithRole[]>(rows), context, query, {
    user: context.userId,
  });
  return { ...page, data: page.data.map(({ members, ...row }) => toOrganization(row, members[0]?.role ?? "guest")) };
}

/**
 * The organization that the request acts in.
 *
 * @throws {AppError} `not_found`.
 */
export async function findOrganization(context: UserContext): Promise<Organization> {
  const query = context.db.from("organizations").select(ORGANIZATION_COLUMNS).eq("id", context.organizationId);
  const row = await runSingle(
    asResult<OrganizationRow>(query.maybeSingle()),
    () => notFound("organization"),
  );
  return toOrganization(row, context.role as Role);
}

interface MemberRow extends Pick<Member, "user_id" | "role" | "created_at" | "version"> {
  readonly profile: Pick<Member, "email" | "display_name">;
}

/** A page of the members of the organization that the request acts in. */
export async function findMembers(context: UserContext, query: AnyListQuery): Promise<Page<Member>> {
  const rows = context.db.from("organization_members")
    .select("user_id,role,created_at,version,profile:profiles(email,display_name)")
    .eq("organization_id", context.organizationId);
  const page = await MEMBERS.find(asResult<MemberRow[]>(rows), context, query);
  return { ...page, data: page.data.map(({ profile, ...member }) => ({ ...member, ...profile })) };
}

/** Founds an organization. */
export function insertOrganization(
  db: DatabaseClient,
  { name, slug }: NewOrganization,
  idempotencyKey: string | null,
): Promise<Organization> {
  return rpc(db, "create_organization", { p_name: name, p_slug: slug ?? null, p_idempotency_key: idempotencyKey });
}

/**
 * Changes an organization.
 *
 * @param ifVersion The row version it must have; null = any.
 */
export function saveOrganization(
  db: DatabaseClient,
  id: string,
  { name, slug }: OrganizationChanges,
  ifVersion: number | null,
): Promise<Organization> {
  const changes = { p_name: name ?? null, p_slug: slug ?? null };
  return rpc(db, "update_organization", { p_organization_id: id, ...changes, p_if_version: ifVersion });
}

/** Asks for the deletion of an organization. */
export function requestDeletion(db: DatabaseClient, id: string, ifVersion: number | null): Promise<Organization> {
  return rpc(db, "delete_organization", { p_organization_id: id, p_if_version: ifVersion });
}

/** Cancels the deletion of an organization. */
export function cancelDeletion(db: DatabaseClient, id: string, ifVersion: number | null): Promise<Organization> {
  return rpc(db, "restore_organization", { p_organization_id: id, p_if_version: ifVersion });
}

/** Makes a member the owner. */
export function giveOrganization(
  db: DatabaseClient,
  id: string,
  { user_id, own_role }: Transfer,
  ifVersion: number | null,
): Promise<Organization> {
  const args = { p_user_id: user_id, p_own_role: own_role, p_if_version: ifVersion };
  return rpc(db, "transfer_organization", { p_organization_id: id, ...args });
}

/** Ends the caller's own membership. */
export function leave(db: DatabaseClient, id: string): Promise<void> {
  return rpc(db, "leave_organization", { p_organization_id: id });
}

/** Suspends an organization, for operators. */
export function suspend(
  db: DatabaseClient,
  id: string,
  reason: string | null,
  ifVersion: number | null,
): Promise<OperatedOrganization> {
  const args = { p_organization_id: id, p_reason: reason, p_if_version: ifVersion };
  return rpc(db, "suspend_organization", args, { schema: "engine" });
}

/** Ends the suspension of an organization, for operators. */
export function resume(db: DatabaseClient, id: string, ifVersion: number | null): Promise<OperatedOrganization> {
  return rpc(db, "resume_organization", { p_organization_id: id, p_if_version: ifVersion }, { schema: "engine" });
}

/** How much of its plan an organization uses. */
export function findUsage(db: DatabaseClient, id: string): Promise<OrganizationUsage> {
  return rpc(db, "get_organization_usage", { p_organization_id: id });
}

interface MemberPath {
  readonly id: string;
  readonly userId: string;
}

/** Changes what a member is. */
export function saveMemberRole(
  db: DatabaseClient,
  { id, userId }: MemberPath,
  role: Role,
  ifVersion: number | null,
): Promise<Member> {
  const args = { p_organization_id: id, p_user_id: userId, p_role: role, p_if_version: ifVersion };
  return rpc(db, "change_member_role", args);
}

/** Takes a member out. */
export function deleteMember(db: DatabaseClient, { id, userId }: MemberPath, ifVersion: number | null): Promise<void> {
  return rpc(db, "remove_member", { p_organization_id: id, p_user_id: userId, p_if_version: ifVersion });
}
