/**
 * The parts of nodemailer that we use, to be loaded when a message is sent.
 *
 * @module
 */
// @ts-types="./_mail_composer.d.ts"
export { default as MailComposer } from "nodemailer/lib/mail-composer";
// @ts-types="./_smtp_connection.d.ts"
export { default as SMTPConnection } from "nodemailer/lib/smtp-connection";
