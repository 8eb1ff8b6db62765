/** What we use of nodemailer/lib/mail-composer: its own types bring those of Node along, which Deno 2.1 mixes up with its own. */
export default class MailComposer {
  constructor(mail: Readonly<Record<string, unknown>>);
  compile(): { getEnvelope(): { from: string; to: string[] }; build(): Promise<Uint8Array> };
}
