import type { Child } from "hono/jsx";
import type { z } from "zod";
import type { Format } from "./format.ts";

/** What people may switch off; `transactional` they may not. */
export type MailCategory = "transactional" | "alerts" | "digests" | "product";

/** What a template writes a mail from, beside its data. */
export interface MailContext extends Format {
  /** Name of the platform. */
  readonly brand: string;
  /** An address of the frontend for a path of it, or the address itself; null = no frontend is set, or nothing was given. */
  link(path: string | null | undefined): string | null;
}

/** A kind of mail. */
export interface MailTemplate<S extends z.ZodType = z.ZodType> {
  /** As private.mail_templates has it. */
  readonly name: string;
  /** One sentence, for those who choose among templates. */
  readonly description: string;
  /** As private.mail_templates has it. */
  readonly category: MailCategory;
  /** As private.mail_templates has it: whether it wears the brand of the organization that it is about. */
  readonly isBranded?: true;
  /** What fills it. */
  readonly schema: S;
  /** Data that fits, for previews and tests. */
  readonly example: z.input<S>;
  /** The subject. */
  subject(data: z.output<S>, context: MailContext): string;
  /** What lists of mails show behind the subject. */
  preheader(data: z.output<S>, context: MailContext): string;
  /** What stands between head and foot. */
  Body(props: { data: z.output<S>; context: MailContext }): Child;
  /** Why the receiver gets it, at the foot. */
  reason(data: z.output<S>, context: MailContext): string;
}

/** Some template, whichever its data are: what its methods are given has to come out of its schema. */
export type AnyMailTemplate = MailTemplate<z.ZodType<Record<string, unknown>, Record<string, unknown>>>;

/** Ties the types of a template's parts to its schema. */
export function defineTemplate<S extends z.ZodType>(template: MailTemplate<S>): MailTemplate<S> {
  return template;
}
