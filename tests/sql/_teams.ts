/**
 * Organizations with a member of each role, and what became of calls at the same time.
 *
 * @module
 */
import type { TestDatabase, TestUser } from "../helpers/postgres.ts";
import { addMember, createTenant, failureOf, MEMBER_ROLES, type MemberRole, type Tenant } from "./_world.ts";

/** As the functions of organizations give it. */
export interface Organization {
  id: string;
  name: string;
  slug: string;
  role: MemberRole | null;
  suspended: boolean;
  deletes_at: string | null;
  version: number;
}

/** The role of a user; null = no member. */
export async function roleOf(db: TestDatabase, organizationId: string, user: TestUser): Promise<string | null> {
  const [row] = await db.sql`
    select role from public.organization_members where organization_id = ${organizationId} and user_id = ${user.id}`;
  return row?.role ?? null;
}

/** A tenant with a member of each role; the owner among them is the tenant's user. */
export async function createTeam(db: TestDatabase): Promise<Tenant & { members: Record<MemberRole, TestUser> }> {
  const tenant = await createTenant(db);
  const members = { owner: tenant.user } as Record<MemberRole, TestUser>;
  for (const role of MEMBER_ROLES.slice(1)) members[role] = await addMember(db, tenant.organizationId, role);
  return { ...tenant, members };
}

/** What became of parallel calls: how many did, and the codes of the rest. */
export async function outcomes(calls: Promise<unknown[]>): Promise<{ passed: number; codes: string[] }> {
  const results = await calls;
  const codes = results.filter((result) => typeof result === "string") as string[];
  return { passed: results.length - codes.length, codes };
}

/** A call that gives its error's code instead of failing. */
export async function attempt(call: Promise<unknown>): Promise<unknown> {
  const settled = await call.then(() => null, (error) => error);
  return settled === null ? { ok: true } : (await failureOf(Promise.reject(settled))).code;
}
