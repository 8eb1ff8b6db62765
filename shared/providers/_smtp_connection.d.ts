/** What we use of nodemailer/lib/smtp-connection: its own types bring those of Node along, which Deno 2.1 mixes up with its own. */
export default class SMTPConnection {
  constructor(options: Readonly<Record<string, unknown>>);
  connect(done: (error?: Error | null) => void): void;
  login(auth: { credentials: { user: string; pass: string } }, done: (error?: Error | null) => void): void;
  send(envelope: { from: string; to: string[] }, message: Uint8Array, done: (error?: Error | null) => void): void;
  once(event: "error", listener: (error: Error) => void): this;
  quit(): void;
  close(): void;
}
