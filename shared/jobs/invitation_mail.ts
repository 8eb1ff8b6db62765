import { z } from "zod";
import { adminClient, rpc } from "../db/mod.ts";
import { composeInvitation, type Invitation } from "./_invitation_mail.ts";
import { defineJob } from "./define_job.ts";

/** Mails an invitation to the address that it is for. */
export const invitationMail = defineJob({
  type: "invitation.mail",
  summary: "Mails somebody the invitation into an organization.",
  payload: z.object({ invitation_id: z.uuid(), mail: z.int() }),
  maxAttempts: 6,
  retry: { minMs: 10_000, maxMs: 1_800_000, factor: 4 },
  async run({ invitation_id, mail }, { env, providers, signal, attempt }) {
    if (providers.email.name === "none") return { skipped: "email_is_not_set_up" };
    const invitation = await rpc<Invitation | null>(
      adminClient(env),
      "write_invitation",
      { p_invitation_id: invitation_id },
      { schema: "engine", signal },
    );
    // Revoked, accepted, expired, or its organization is out of use since it was queued.
    if (invitation === null) return { skipped: "not_open_any_more" };
    const { id } = await providers.email.send(
      { ...composeInvitation(invitation, env.frontendUrl), to: [invitation.to] },
      // Each attempt has a token of its own, so it is a mail of its own: what was sent unnoticed stays good as well.
      { idempotencyKey: `invitation:${invitation_id}:${mail}:${attempt}`, signal },
    );
    return { message_id: id };
  },
});
