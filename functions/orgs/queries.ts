import { asResult, type DatabaseClient, listPage, type Page, rpc, run, runSingle } from "../../shared/db/mod.ts";
import { notFound } from "../../shared/errors/mod.ts";
import { listOptions, type PageQuery, type UserContext } from "../../shared/http/mod.ts";
import type { Member, Organization, Profile, Workspace } from "./schemas.ts";

/** Brings the caller's profile in step with Auth, and changes the name when one is given. */
export function syncProfile(db: DatabaseClient, displayName: string | null): Promise<Profile> {
  return rpc<Profile>(db, "sync_profile", { p_display_name: displayName });
}

const PROFILE_COLUMNS = "id,email,display_name,version,created_at,updated_at";
const ORGANIZATION_COLUMNS = "id,name,slug,plan:plan_id,suspended_at,version,created_at,updated_at";

interface OrganizationRow extends Omit<Organization, "role" | "suspended"> {
  readonly suspended_at: string | null;
}

type Role = Organization["role"];

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
export async function findOrganizations(context: UserContext, query: PageQuery): Promise<Page<Organization>> {
  const rows = context.db.from("organizations")
    .select(`${ORGANIZATION_COLUMNS},members:organization_members!inner(role)`)
    .eq("members.user_id", context.userId);
  // The list is the user's, whatever organization the request acts in.
  const options = { ...listOptions(context, "organizations", query, { user: context.userId }), organizationId: null };
  const page = await listPage(asResult<OrganizationWithRole[]>(rows), options);
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

interface MemberRow extends Pick<Member, "user_id" | "role" | "created_at"> {
  readonly profile: Pick<Member, "email" | "display_name">;
}

/** A page of the members of the organization that the request acts in. */
export async function findMembers(
  context: UserContext,
  query: PageQuery & { readonly role?: Role | undefined },
): Promise<Page<Member>> {
  let rows = context.db.from("organization_members")
    .select("user_id,role,created_at,profile:profiles(email,display_name)")
    .eq("organization_id", context.organizationId);
  if (query.role !== undefined) rows = rows.eq("role", query.role);
  const page = await listPage(asResult<MemberRow[]>(rows), {
    ...listOptions(context, "members", query),
    idColumn: "user_id",
  });
  return { ...page, data: page.data.map(({ profile, ...member }) => ({ ...member, ...profile })) };
}

/** A page of the workspaces of the organization that the request acts in. */
export async function findWorkspaces(context: UserContext, query: PageQuery): Promise<Page<Workspace>> {
  const rows = context.db.from("workspaces")
    .select("id,organization_id,name,is_default,version,created_at,updated_at")
    .eq("organization_id", context.organizationId);
  return await listPage<Workspace>(rows, listOptions(context, "workspaces", query));
}
