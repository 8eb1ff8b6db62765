/**
 * Settings of a custom HMAC: enough to describe how most services sign.
 *
 * @module
 */
import { z } from "zod";

const headerName = z.string().regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}$/, "This is no header name")
  .transform((name) => name.toLowerCase());
const path = z.string().regex(/^[^.]{1,100}(\.[^.]{1,100}){0,9}$/, "Write a path such as data.id");

/** A placeholder of `signed_content`. */
const PLACEHOLDER = /\{(body|timestamp|id|header:[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100})\}/g;

/** Schema of the settings; field names as the API writes them. */
export const customConfigSchema = z.strictObject({
  signature_header: headerName.describe("Header that carries the signature"),
  algorithm: z.enum(["sha256", "sha512", "sha1"]).default("sha256").describe(
    "sha1 only where the sender knows nothing better",
  ),
  encoding: z.enum(["hex", "base64", "base64url"]).default("hex"),
  prefix: z.string().max(32).default("").describe("What stands before the signature, such as sha256= or v1,"),
  separator: z.enum(["", " ", ","]).default("").describe("What separates several signatures; empty = there is one"),
  secret_encoding: z.enum(["utf8", "base64", "hex"]).default("utf8").describe(
    "How the secret becomes the key; base64 leaves out a leading whsec_",
  ),
  signed_content: z.string().max(500).default("{body}").describe(
    "What is signed: text with {body}, {timestamp}, {id} (what event_id_header holds) and {header:name}",
  ),
  timestamp_header: headerName.optional().describe("Header that carries the time of the signature"),
  timestamp_unit: z.enum(["seconds", "milliseconds"]).default("seconds"),
  tolerance_seconds: z.int().min(1).max(86_400).default(300).describe("How far the time may lie in past or future"),
  event_id_header: headerName.optional(),
  event_id_path: path.optional().describe("Path in the body, such as data.id"),
  event_type_header: headerName.optional(),
  event_type_path: path.optional(),
  body_format: z.enum(["auto", "json", "form", "text"]).default("auto"),
}).superRefine((config, context) => {
  const used = placeholders(config.signed_content);
  const issue = (field: string, message: string) => context.addIssue({ code: "custom", path: [field], message });
  if (used.filter((name) => name === "body").length !== 1) issue("signed_content", "Must hold {body} once");
  // A time that is not signed proves nothing, and one that is signed must be checked.
  if (config.timestamp_header !== undefined && !used.includes("timestamp")) {
    issue("signed_content", "Must hold {timestamp} when there is a timestamp_header");
  }
  if (config.timestamp_header === undefined && used.includes("timestamp")) {
    issue("timestamp_header", "Is needed when {timestamp} is signed");
  }
  if (config.event_id_header === undefined && used.includes("id")) {
    issue("event_id_header", "Is needed when {id} is signed");
  }
  if (config.separator !== "" && config.prefix.includes(config.separator)) {
    issue("prefix", "Must not hold the separator");
  }
});

/** Settings, checked. */
export type CustomConfig = z.output<typeof customConfigSchema>;

/**
 * Names the placeholders of a text.
 *
 * @returns `body`, `timestamp`, `id` and `header:<name in lower case>`, in order.
 */
export function placeholders(template: string): string[] {
  return [...template.matchAll(PLACEHOLDER)].map((match) => (match[1] ?? "").toLowerCase());
}

/**
 * Splits a text at its placeholders.
 *
 * @returns Text and placeholders in turn; even positions are text.
 */
export function splitTemplate(template: string): string[] {
  return template.split(PLACEHOLDER);
}
