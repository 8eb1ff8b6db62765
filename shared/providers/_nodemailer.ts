/**
 * The parts of nodemailer that we use, to be loaded when a message is sent.
 *
 * @module
 */
// Said once more as imports: what only a comment names is not uploaded with a function.
import type {} from "./_mail_composer.d.ts";
import type {} from "./_smtp_connection.d.ts";
// @ts-types="./_mail_composer.d.ts"
export { default as MailComposer } from "nodemailer/lib/mail-composer";
// @ts-types="./_smtp_connection.d.ts"
export { default as SMTPConnection } from "nodemailer/lib/smtp-connection";
