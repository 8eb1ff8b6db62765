/**
 * E-mail through any SMTP server (RFC 5321), over parts of nodemailer: loaded with the first message (12 to 35 ms), no
 * native code, runs on the edge runtime. Ports 25 and 587 are closed there; 465 (TLS from the start), 2465 and 2587
 * (STARTTLS) are open.
 *
 * @module
 */
import { checkEmail, emailError, type EmailFailure } from "./email_failure.ts";
import type { NodeError } from "./node_error.ts";
import type { EmailMessage, EmailProvider } from "./types.ts";

/** How to reach the server. */
export interface SmtpOptions {
  /** `smtps://user:password@host:465`, or `smtp://…:2587` for STARTTLS, without which only this machine is spoken to. */
  url: string;
  /** Sender when a message names none. */
  from: string;
  /** Certificates, PEM, of authorities that are trusted besides those that everybody trusts. */
  ca?: readonly string[];
  /** Milliseconds that connecting, greeting and each answer may take. Default 10,000. */
  timeoutMs?: number;
}

/** nodemailer's errors: the answer's code, if there was an answer. */
interface SmtpError extends Error {
  code?: string;
  responseCode?: number;
}

/**
 * Builds the provider; each message has a connection of its own. A message that is sent twice has the same Message-ID,
 * which some receivers know it by; SMTP itself knows no keys, so a message whose outcome is unknown must not be sent again.
 */
export function createSmtpEmailProvider(options: SmtpOptions): EmailProvider {
  return {
    name: "smtp",
    async send(message, { idempotencyKey, signal }) {
      signal?.throwIfAborted();
      checkEmail(message);
      const { id, envelope, raw } = await compose(message, options.from, idempotencyKey);
      const connection = await open(options);
      /** From here on the server may have the message. */
      let isHandedOver = false;
      const stop = () => connection.close();
      signal?.addEventListener("abort", stop, { once: true });
      try {
        await connection.ready();
        signal?.throwIfAborted();
        isHandedOver = true;
        await connection.send(envelope, raw);
        connection.quit();
        return { id };
      } catch (error) {
        connection.close();
        signal?.throwIfAborted();
        throw toNodeError(error as SmtpError, isHandedOver);
      } finally {
        signal?.removeEventListener("abort", stop);
      }
    },
  };
}

interface Envelope {
  from: string;
  to: string[];
}

async function compose(message: EmailMessage, from: string, key: string) {
  const { MailComposer } = await import("./_nodemailer.ts");
  const sender = message.from ?? from;
  const domain = /@([^\s>]+)>?\s*$/.exec(sender)?.[1] ?? "localhost";
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key)));
  const id = `<${[...hash.subarray(0, 16)].map((byte) => byte.toString(16).padStart(2, "0")).join("")}@${domain}>`;
  const node = new MailComposer({
    from: sender,
    to: message.to,
    subject: message.subject,
    messageId: id,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(message.cc ? { cc: message.cc } : {}),
    ...(message.bcc ? { bcc: message.bcc } : {}),
    ...(message.replyTo ? { replyTo: message.replyTo } : {}),
    ...(message.headers ? { headers: { ...message.headers } } : {}),
    ...(message.text === undefined ? {} : { text: message.text }),
    ...(message.html === undefined ? {} : { html: message.html }),
  }).compile();
  return { id, envelope: node.getEnvelope(), raw: await node.build() };
}

async function open({ url, ca, timeoutMs = 10_000 }: SmtpOptions) {
  const { SMTPConnection } = await import("./_nodemailer.ts");
  const { protocol, hostname, port, username, password } = new URL(url);
  const secure = protocol === "smtps:";
  const host = hostname.replace(/^\[|\]$/g, "");
  const isHere = /^(localhost|127\.0\.0\.1|::1)$/.test(host);
  const connection = new SMTPConnection({
    host,
    port: Number(port || (secure ? 465 : 2587)),
    secure,
    requireTLS: !secure && !isHere,
    ignoreTLS: !secure && isHere,
    ...(ca === undefined ? {} : { tls: { ca: [...ca] } }),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
  });
  /** What comes between commands: a closed socket, a timeout. */
  const broken = new Promise<never>((_, reject) => connection.once("error", reject));
  broken.catch(() => {});
  const step = (begin: (done: (error?: Error | null) => void) => void) =>
    Promise.race([broken, new Promise<void>((resolve, reject) => begin((error) => error ? reject(error) : resolve()))]);
  return {
    async ready() {
      await step((done) => connection.connect(done));
      if (username === "") return;
      const credentials = { user: decodeURIComponent(username), pass: decodeURIComponent(password) };
      await step((done) => connection.login({ credentials }, done));
    },
    send: (envelope: Envelope, raw: Uint8Array) => step((done) => connection.send(envelope, raw, done)),
    quit: () => connection.quit(),
    close: () => connection.close(),
  };
}

/** An answer is the server's word that it has not taken the message; silence after it was handed over is none. */
function toNodeError(error: SmtpError, isHandedOver: boolean): NodeError {
  const status = error.responseCode ?? null;
  const accepted: EmailFailure["accepted"] = status === null && isHandedOver ? "unknown" : "no";
  // 5yz about the message or its receivers is final; about us (authentication, policy while connecting) it is not theirs.
  const fault: EmailFailure["fault"] = isHandedOver && status !== null && status >= 500 ? "message" : "provider";
  return emailError(`SMTP: ${error.message}`, {
    provider: "smtp",
    accepted,
    fault,
    status,
    name: error.code ?? "error",
  }, {
    // What may have been taken is not to be sent again.
    retryable: accepted === "no" && fault !== "message",
    cause: error,
  });
}
