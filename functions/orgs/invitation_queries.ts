import { asResult, type DatabaseClient, type Page, rpc } from "../../shared/db/mod.ts";
import type { AnyListQuery, UserContext } from "../../shared/http/mod.ts";
import { INVITATIONS } from "./lists.ts";
import type { Invitation, InvitationChoice, NewInvitation, Organization, OwnInvitation } from "./schemas.ts";

const COLUMNS =
  "id,organization_id,email,role,status,expires_at,mails,mailed_at,created_by,accepted_by,ended_at,version," +
  "created_at,updated_at";

/** A page of the invitations of the organization that the request acts in. */
export async function findInvitations(
  context: UserContext,
  query: AnyListQuery & { readonly status?: Invitation["status"] | undefined },
): Promise<Page<Invitation>> {
  const now = new Date().toISOString();
  let rows = context.db.from("invitations").select(COLUMNS).eq("organization_id", context.organizationId);
  // One whose time is over is written down as expired only when another takes its place.
  if (query.status === "open") rows = rows.eq("status", "open").gt("expires_at", now);
  else if (query.status === "expired") rows = rows.in("status", ["open", "expired"]).lte("expires_at", now);
  else if (query.status !== undefined) rows = rows.eq("status", query.status);
  const page = await INVITATIONS.find(asResult<Invitation[]>(rows), context, query);
  return { ...page, data: page.data.map((row) => isOver(row) ? { ...row, status: "expired" } : row) };
}

function isOver({ status, expires_at }: Invitation): boolean {
  return status === "open" && Date.parse(expires_at) <= Date.now();
}

/** Invites an address. */
export function insertInvitation(
  db: DatabaseClient,
  organizationId: string,
  { email, role, expires_in_days }: NewInvitation,
  idempotencyKey: string | null,
): Promise<Invitation> {
  return rpc(db, "create_invitation", {
    p_organization_id: organizationId,
    p_email: email,
    p_role: role,
    p_expires_in_days: expires_in_days,
    p_idempotency_key: idempotencyKey,
  });
}

interface InvitationPath {
  readonly id: string;
  readonly invitationId: string;
}

/** Sends an invitation again. */
export function mailInvitation(
  db: DatabaseClient,
  { id, invitationId }: InvitationPath,
  days: number,
  ifVersion: number | null,
): Promise<Invitation> {
  return rpc(db, "resend_invitation", {
    p_organization_id: id,
    p_invitation_id: invitationId,
    p_expires_in_days: days,
    p_if_version: ifVersion,
  });
}

/** Takes an invitation back. */
export function takeInvitationBack(
  db: DatabaseClient,
  { id, invitationId }: InvitationPath,
  ifVersion: number | null,
): Promise<Invitation> {
  const args = { p_organization_id: id, p_invitation_id: invitationId, p_if_version: ifVersion };
  return rpc(db, "revoke_invitation", args);
}

/** The open invitations to the caller's confirmed address. */
export function findOwnInvitations(db: DatabaseClient): Promise<OwnInvitation[]> {
  return rpc(db, "list_own_invitations", {});
}

/** Makes the caller a member by an invitation. */
export function acceptOwnInvitation(db: DatabaseClient, choice: InvitationChoice): Promise<Organization> {
  return rpc(db, "accept_invitation", named(choice));
}

/** Declines an invitation. */
export function declineOwnInvitation(db: DatabaseClient, choice: InvitationChoice): Promise<void> {
  return rpc(db, "decline_invitation", named(choice));
}

function named({ token, invitation_id }: InvitationChoice) {
  return { p_invitation_id: invitation_id ?? null, p_token: token ?? null };
}
