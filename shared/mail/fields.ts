/**
 * Fields that the data of templates is made of.
 *
 * @module
 */
import { z } from "zod";
import { oneLine } from "./format.ts";
import { isSafeUrl } from "./safe_url.ts";

/** A name, a label: one line whatever comes. */
export const line = z.string().max(2_000).transform((text) => oneLine(text, 200));
/** A text of several lines. */
export const paragraph = z.string().max(10_000);
/** A web page. */
export const url = z.string().max(4_000).refine(isSafeUrl, "No address of a web page over https");
/** A page of the frontend as a path, or a web page: `/runs/1`. */
export const link = z.union([z.string().max(2_000).regex(/^\/(?![/\\])[^\s\\]*$/), url]).nullish();
/** A moment, as Postgres or JavaScript writes it in JSON. */
export const moment = z.string().max(40).refine((text) => !Number.isNaN(Date.parse(text)), "No date");
/** An amount in the minor unit of its currency. */
export const amount = z.int();
/** ISO 4217, in either case. */
export const currency = z.string().regex(/^[A-Za-z]{3}$/);

/** The data of a template: its own fields, and how the receiver reads dates and numbers. What else comes is left out. */
export function data<T extends z.ZodRawShape>(shape: T) {
  return z.object({
    ...shape,
    locale: z.string().max(35).nullish().meta({ description: "How dates and numbers are written, BCP 47" }),
    time_zone: z.string().max(64).nullish().meta({ description: "In which time zone, IANA; UTC otherwise" }),
  });
}
