import { z } from "zod";
import { defineNode } from "./define_node.ts";

/** Receivers of one field that Resend takes. */
const MAX_RECEIVERS = 50;
/** Characters of a body. */
const MAX_BODY = 500_000;

/** `a@b.c` or `Name <a@b.c>`, one line: a line break would begin another header. */
const ADDRESS = /^(?:[^\s<>@,;]{1,64}@[^\s<>@,;]{1,255}|[^\p{Cc}<>,;]{0,200}<[^\s<>@,;]{1,64}@[^\s<>@,;]{1,255}>)$/u;

const address = z.string().max(600).regex(ADDRESS, "Write an address such as ada@example.com or Ada <ada@example.com>");
const addresses = z.union([address, z.array(address).min(1).max(MAX_RECEIVERS)]);

const configSchema = z.strictObject({
  to: addresses.describe("Receivers: an address or a list"),
  cc: addresses.optional(),
  bcc: addresses.optional(),
  replyTo: addresses.optional().describe("Where answers go"),
  from: address.optional().describe("Sender; its domain must be verified at the email service"),
  subject: z.string().min(1).max(500).regex(/^[^\p{Cc}]*$/u, "A subject holds no line breaks"),
  html: z.string().max(MAX_BODY).optional(),
  text: z.string().max(MAX_BODY).optional(),
}).refine((config) => config.html !== undefined || config.text !== undefined, { message: "Give html, text or both" });

/** Sends an email. */
export const communicationEmail = defineNode({
  type: "communication.email",
  title: "Email",
  description:
    "Sends an email. A step that is tried again sends it once: the service gets the same key each time. While it is down, the first attempt goes through the SMTP server, if one is set up.",
  category: "communication",
  kind: "effect",
  configSchema,
  outputSchema: z.object({
    id: z.string().describe("Id of the message at the email service"),
    provider: z.string(),
    to: z.array(z.string()),
  }),
  takesSecrets: true,
  defaultRetry: { maxAttempts: 5, backoff: "exponential", delaySeconds: 5, maxDelaySeconds: 900, jitter: true },
  defaultTimeoutSeconds: 30,
  exampleConfig: {
    to: "{{ trigger.body.email }}",
    subject: "Thank you, {{ trigger.body.name }}",
    text: "We have received your order.",
  },
  exampleInput: { trigger: { body: { email: "ada@example.com", name: "Ada" } } },
  async execute(config, { providers, idempotencyKey, signal, log, node }) {
    const to = toList(config.to);
    const { id, provider = providers.email.name } = await providers.email.send({
      to,
      subject: config.subject,
      ...(config.from === undefined ? {} : { from: config.from }),
      ...(config.cc === undefined ? {} : { cc: toList(config.cc) }),
      ...(config.bcc === undefined ? {} : { bcc: toList(config.bcc) }),
      ...(config.replyTo === undefined ? {} : { replyTo: toList(config.replyTo) }),
      ...(config.html === undefined ? {} : { html: config.html }),
      ...(config.text === undefined ? {} : { text: config.text }),
      // An earlier attempt may have reached the first service: only that one knows the key.
    }, { idempotencyKey, signal, ...(node.attempt > 1 && { mayFailOver: false }) });
    // Addresses and subjects are personal data: they stay out of the log.
    log.info("node.email", { provider, messageId: id, receivers: to.length });
    return { output: { id, provider, to } };
  },
});

function toList(value: string | string[]): string[] {
  return typeof value === "string" ? [value] : value;
}
