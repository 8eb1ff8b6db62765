/**
 * API keys among the callers: what they see follows from what people see, so that no line has to say it twice.
 *
 * @module
 */
import type { TestDatabase } from "../helpers/postgres.ts";
import type { Actor } from "./_actors.ts";

/** Every permission that a key may hold. */
const ALL_SCOPES = `
  select array_agg(distinct permission) from private.role_permissions
  where permission not in ('org:own', 'members:write', 'keys:write', 'billing:write')`;

/**
 * The keys: `key` with every scope in organization A, `bareKey` there with org:read alone, `revokedKey` there with every
 * scope, `foreignKey` with every scope in organization B.
 */
export async function addKeys(db: TestDatabase, a: string, b: string): Promise<Actor[]> {
  const add = async (name: string, organizationId: string, scopes: string, revokedAt = "null"): Promise<Actor> => {
    const [row] = await db.sql.unsafe(
      `insert into public.api_keys (organization_id, name, mode, prefix, last_four, scopes, revoked_at)
       values ($1, $2, 'live', 'mr_live_abcd', 'wxyz', (${scopes}), ${revokedAt}) returning id, scopes`,
      [organizationId, name],
    );
    const millrace = { key: row?.id, org: organizationId, scopes: row?.scopes, mode: "live" };
    const claims = { sub: row?.id, role: "authenticated", aud: "authenticated", millrace };
    return { name, role: "authenticated", claims, userId: row?.id, organizationId };
  };
  return [
    await add("key", a, ALL_SCOPES),
    await add("bareKey", a, "select array['org:read']"),
    await add("revokedKey", a, ALL_SCOPES, "now()"),
    await add("foreignKey", b, ALL_SCOPES),
  ];
}

/** Relations that a key with every scope does not read as an owner does. */
const NOT_AS_OWNERS: Record<string, string> = {};

/** What keys see of a relation, by its line in expected.ts. */
export function keyReads(relation: string, line: Record<string, string>): Record<string, string> {
  // What everybody sees, or nobody may look at, is the same for keys; a key is nobody's self.
  const nothing = line.loner === "self" ? "none" : line.loner!;
  const own = (word: string) => word === "self" ? "none" : word;
  return {
    key: NOT_AS_OWNERS[relation] ?? own(line.owner!),
    bareKey: relation === "public.organizations" ? "own" : nothing,
    revokedKey: nothing,
    foreignKey: NOT_AS_OWNERS[relation] ?? own(line.stranger!),
  };
}

/** RPCs that are for people, or ask for a permission that no key holds: 403 for a key with every scope. */
export const PEOPLE_ONLY: readonly string[] = [
  "create_budget",
  "delete_budget",
  "update_budget",
  "accept_invitation",
  "change_member_role",
  "create_api_key",
  "create_invitation",
  "create_organization",
  "decline_invitation",
  "delete_organization",
  "gate",
  "get_mail_preferences",
  "get_second_factor",
  "leave_organization",
  "list_own_invitations",
  "remove_member",
  "resend_invitation",
  "restore_organization",
  "revoke_api_key",
  "revoke_invitation",
  "rotate_api_key",
  "set_mail_preferences",
  "set_mfa_policy",
  "sync_profile",
  "transfer_organization",
  "update_api_key",
];

/** RPCs that need no more than org:read, or nothing. */
export const BARE_CALLS: readonly string[] = [
  "list_activity",
  "list_audit_keys",
  "get_api_usage",
  "get_organization_usage",
];

/** What everybody may call, whatever their key is worth. */
export const PUBLIC_CALLS: readonly string[] = ["list_audit_keys"];
