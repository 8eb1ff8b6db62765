import { z } from "zod";
import { adminClient, rpc } from "../db/mod.ts";
import { queueMails } from "../mail/mod.ts";
import { defineJob } from "./define_job.ts";

/** What `engine.write_invitation` gives. */
interface Invitation {
  readonly to: string;
  /** What opens the invitation; forgotten as soon as the mail is out. */
  readonly token: string;
  readonly role: string;
  /** ISO 8601. */
  readonly expires_at: string;
  readonly organization: string;
  /** Name or address of who invites; null = the account is gone. */
  readonly invited_by: string | null;
}

/** Writes the mail of an invitation, with a token of its own. */
export const invitationMail = defineJob({
  type: "invitation.mail",
  summary: "Mails somebody the invitation into an organization.",
  payload: z.object({ invitation_id: z.uuid(), mail: z.int() }),
  maxAttempts: 6,
  retry: { minMs: 10_000, maxMs: 1_800_000, factor: 4 },
  async run({ invitation_id, mail }, { env, providers, signal, organizationId }) {
    if (providers.email.name === "none") return { skipped: "email_is_not_set_up" };
    const invitation = await rpc<Invitation | null>(
      adminClient(env),
      "write_invitation",
      { p_invitation_id: invitation_id },
      { schema: "engine", signal },
    );
    // Revoked, accepted, expired, or its organization is out of use since it was queued.
    if (invitation === null) return { skipped: "not_open_any_more" };
    const { to, token, ...data } = invitation;
    // Behind the #, where no server and no log sees it.
    const way = env.frontendUrl === null ? { token } : { url: `${env.frontendUrl}/invitations/accept#token=${token}` };
    return await queueMails(env, [{
      organizationId,
      template: "invitation",
      to,
      data: { ...data, ...way },
      key: `${invitation_id}:${mail}`,
    }], signal);
  },
});
