import { z } from "zod";
import { AppError, fromZod, invalidRequest } from "../../../shared/errors/mod.ts";
import { defineRawRoute } from "../../../shared/http/mod.ts";
import { keepMailEvent, readResendEvent } from "../../../shared/mail/mod.ts";
import { verifyHook } from "../verify_hook.ts";

const receiptSchema = z.object({
  status: z.enum(["applied", "pending", "failed", "duplicate", "ignored"]).meta({
    description: "applied = the mail knows; pending = its mail is not known yet; failed = kept, and tried again; " +
      "duplicate = it came before; ignored = it tells nothing of a mail that was sent",
  }),
}).meta({ id: "MailEventReceipt", description: "What became of an event" });

/** POST /email/webhooks */
export const receiveMailEvent = defineRawRoute({
  methods: ["POST"],
  path: "/webhooks",
  operationId: "receiveMailEvent",
  summary: "Hear what became of mails",
  description:
    "The webhook of Resend, signed by Standard Webhooks. An event is committed, and its mail changed, before " +
    "the answer. Events may come in any order and any number of times.",
  tags: ["email"],
  admin: "Resend is no user: its signature is the credential",
  bodyLimitBytes: 262_144,
  responses: { 200: { description: "Kept, now or before", schema: receiptSchema } },
  errors: ["invalid_signature", "invalid_json", "invalid_request", "payload_too_large", "service_unavailable"],
}, async (c, rawBody) => {
  const { env, log } = c.var.request;
  if (env.resendWebhookSecrets === null) {
    throw new AppError("service_unavailable", {
      detail: "The webhook is not set up: RESEND_WEBHOOK_SECRET is missing",
    });
  }
  const { id, body } = await verifyHook(c.req.raw.headers, rawBody, env.resendWebhookSecrets);
  let event;
  try {
    event = readResendEvent(id, body);
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    throw invalidRequest(fromZod(error, "body"));
  }
  const status = event === null ? "ignored" : await keepMailEvent(env, event);
  if (status === "failed") log.error("mail.event_failed", { eventId: id, type: event?.type });
  return c.json({ status });
});
