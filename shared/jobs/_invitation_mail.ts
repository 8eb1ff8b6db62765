import type { Mail } from "./_digest_mail.ts";
import { escapeHtml, oneLine } from "./_mail.ts";

/** What the mail of an invitation says: what `engine.write_invitation` gives. */
export interface Invitation {
  /** The address that is invited. */
  readonly to: string;
  /** What opens the invitation; it stands nowhere but in the mail. */
  readonly token: string;
  readonly role: string;
  /** When it expires, ISO 8601. */
  readonly expires_at: string;
  /** Name of the organization. */
  readonly organization: string;
  /** Name or address of who invites; null = the account is gone. */
  readonly invited_by: string | null;
}

/**
 * Composes the mail of an invitation, plain and as HTML with the same words.
 *
 * @param frontendUrl Where the link leads; null = no link, but the token.
 */
export function composeInvitation(invitation: Invitation, frontendUrl: string | null): Mail {
  const organization = oneLine(invitation.organization);
  const by = invitation.invited_by === null ? "You are invited" : `${oneLine(invitation.invited_by)} invites you`;
  const lead = `${by} to join ${organization} on Millrace, as ${invitation.role}.`;
  const end =
    `The invitation is open until ${invitation.expires_at.slice(0, 16).replace("T", " ")} UTC and works once. ` +
    "If you do not know what this is about, do nothing.";
  // Behind the #, where no server and no log sees it.
  const link = frontendUrl === null ? null : `${frontendUrl}/invitations/accept#token=${invitation.token}`;
  const how = link === null ? `Sign in and accept it with this token: ${invitation.token}` : `Accept it here: ${link}`;
  const howHtml = link === null
    ? `Sign in and accept it with this token: <code>${escapeHtml(invitation.token)}</code>`
    : `<a href="${escapeHtml(link)}">Accept the invitation</a>`;
  return {
    subject: oneLine(`Join ${organization} on Millrace`, 200),
    text: [lead, how, end].join("\n\n"),
    html: [`<p>${escapeHtml(lead)}</p>`, `<p>${howHtml}</p>`, `<p style="color:#666">${escapeHtml(end)}</p>`].join(
      "\n",
    ),
  };
}
