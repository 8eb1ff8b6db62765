import { z } from "zod";
import { toHex } from "../../../shared/bytes/mod.ts";
import { isAppError } from "../../../shared/errors/mod.ts";
import { defineRawRoute } from "../../../shared/http/mod.ts";
import { authHookSchema, type AuthMail, authMails } from "../auth_mails.ts";
import { emailService } from "../email_service.ts";
import { sendMailNow } from "../queries.ts";
import { type SignedCall, verifyHook } from "../verify_hook.ts";

/** Milliseconds that a provider is given: Auth waits for five seconds. */
const REQUEST_MS = 3_500;

/** Nobody aborts it. */
const NEVER = new AbortController().signal;

/** POST /email/auth-hook */
export const receiveAuthHook = defineRawRoute({
  methods: ["POST"],
  path: "/auth-hook",
  operationId: "receiveAuthHook",
  summary: "Send a mail of Supabase Auth",
  description: "The send-email hook of Supabase Auth, signed by Standard Webhooks. The mail is sent at once; when no " +
    "provider takes it in time, the queue goes on with it. A call that comes again sends nothing twice. Errors have " +
    "the form that Auth expects: `{error: {http_code, message}}`.",
  tags: ["email"],
  admin: "Auth is no user: its signature is the credential",
  bodyLimitBytes: 65_536,
  responses: { 200: { description: "Sent, or queued", schema: z.object({}) } },
  errors: ["unauthorized", "invalid_request", "service_unavailable"],
}, async (c, body) => {
  const { env, log } = c.var.request;
  const refuse = (status: 400 | 401 | 503, message: string) =>
    c.json({ error: { http_code: status, message } }, status, {
      "cache-control": "no-store",
      ...(status === 503 ? { "retry-after": "2" } : {}),
    });
  if (env.sendEmailHookSecrets === null) {
    return refuse(503, "The hook is not set up: SEND_EMAIL_HOOK_SECRET is missing");
  }
  let call: SignedCall;
  try {
    call = await verifyHook(c.req.raw.headers, body, env.sendEmailHookSecrets);
  } catch (error) {
    if (!isAppError(error)) throw error;
    return refuse(error.code === "invalid_signature" ? 401 : 400, error.detail ?? "The call cannot be read");
  }
  let mails: AuthMail[];
  try {
    mails = authMails(authHookSchema.parse(call.body), env.publicUrl);
  } catch {
    return refuse(400, "The call cannot be read, or asks for a mail that is not known");
  }
  const email = emailService(env);
  if (email.name === "none") return refuse(503, "E-mail is not set up");
  try {
    await Promise.all(mails.map(async ({ token, ...mail }) => {
      // A hash: what it is of opens the account.
      const key = await sha256(`${mail.template}|${mail.to}|${token === "" ? call.id : token}`);
      // Not the request's signal: what became of the mail is written down although Auth went away.
      const options = { env, email, log, signal: NEVER, requestMs: REQUEST_MS };
      await sendMailNow({ ...mail, organizationId: null, key: `auth:${key}` }, options);
    }));
  } catch (error) {
    log.error("email.auth_hook_failed", { error });
    return refuse(503, "The mail could not be sent. Try again in a moment");
  }
  return c.json({}, 200, { "cache-control": "no-store" });
});

async function sha256(text: string): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))));
}
