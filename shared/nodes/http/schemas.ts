/**
 * Config and output of `action.http`.
 *
 * @module
 */
import { z } from "zod";
import { isHeaderName, isHeaderValue, isOwnHeader } from "../../providers/mod.ts";
import { json } from "../json_values.ts";

/** Expressions give numbers and booleans too; all become text. */
const scalar = z.union([z.string(), z.number(), z.boolean()]);

const headerName = z.string().refine(isHeaderName, "This is no header name").refine(
  (name) => !isOwnHeader(name),
  "This header is set by the request itself",
);
const headerValue = scalar.refine(
  (value) => isHeaderValue(String(value)),
  "A header value holds no line breaks and only Latin-1 characters",
);
/** One line without line breaks: goes into a header. */
const credential = z.string().min(1).max(8_192).refine(isHeaderValue, "No line breaks, only Latin-1 characters");

const auth = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("none") }),
  z.strictObject({ type: z.literal("bearer"), token: credential }),
  z.strictObject({
    type: z.literal("basic"),
    username: z.string().max(1_000).refine((name) => !name.includes(":"), "A user name holds no colon"),
    password: z.string().max(1_000),
  }),
  z.strictObject({ type: z.literal("header"), name: headerName, value: credential }),
]);

const body = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("none") }),
  z.strictObject({ type: z.literal("json"), value: json.default(null) }),
  z.strictObject({ type: z.literal("form"), fields: z.record(z.string(), scalar.nullable()) }),
  z.strictObject({
    type: z.literal("text"),
    value: scalar,
    contentType: z.string().max(200).refine(isHeaderValue, "No line breaks").default("text/plain; charset=utf-8"),
  }),
]);

const url = z.string().min(1).max(8_192).superRefine((text, context) => {
  if (/^https?:\/\//i.test(text)) return;
  // A name with a port behind it looks like a scheme, and is one without http:// in front.
  const scheme = /^([a-z][a-z0-9+.-]*:)(?!\d{1,5}(?:[/?#]|$))/i.exec(text)?.[1]?.toLowerCase();
  const blocked = scheme !== undefined && scheme !== "http:" && scheme !== "https:";
  context.addIssue(
    blocked
      ? {
        code: "custom",
        params: { code: "blocked_address" },
        message: `Only http and https can be called, not ${scheme}`,
      }
      : { code: "custom", message: "Write a URL that begins with https:// or http://" },
  );
}).meta({ pattern: "^[hH][tT][tT][pP][sS]?:\\/\\/" });

/** Schema of the config. */
export const httpConfigSchema = z.strictObject({
  method: z.enum(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]).default("GET"),
  url,
  query: z.record(z.string(), z.union([scalar, z.array(scalar), z.null()])).default({}).describe(
    "Added to the URL's own query; a list repeats the name, null leaves it out",
  ),
  headers: z.record(headerName, headerValue).default({}),
  auth: auth.default({ type: "none" }),
  body: body.default({ type: "none" }),
  timeoutSeconds: z.number().min(0.1).max(120).default(30).describe("Over connect, headers and body of all hops"),
  response: z.enum(["auto", "json", "text", "base64"]).default("auto").describe(
    "How the body is read; auto goes by its type",
  ),
  failOn: z.array(z.string().regex(/^[1-5](\d\d|xx)$/, "Write a status such as 404 or 5xx")).max(50)
    .default(["4xx", "5xx"]).describe("Statuses that make the step fail"),
  maxRedirects: z.int().min(0).max(10).default(0).describe("Redirects to follow; with 0 a redirect is an error"),
  idempotencyHeader: z.union([headerName, z.literal("")]).default("Idempotency-Key").describe(
    "Header that carries a key which is the same in every attempt, for methods that change something; empty = none",
  ),
  meter: z.strictObject({
    model: z.string().max(200).regex(
      /^[a-z0-9][a-z0-9_.-]{0,63}\/[A-Za-z0-9][A-Za-z0-9_.:/-]{0,127}$/,
      "Write provider and model as in openai/gpt-5.1",
    ).describe("As in the price list: openai/gpt-5.1"),
    maxInputTokens: z.int().min(0).max(100_000_000).default(0),
    maxOutputTokens: z.int().min(0).max(100_000_000).default(0),
  }).optional().describe(
    "For an API of a model: tokens and cost are counted, as the answer tells them, and budgets are kept. The most that " +
      "it may read and write is reserved before the call",
  ),
  awaitCallback: z.strictObject({
    timeoutSeconds: z.number().min(1).max(2_592_000).optional().describe(
      "After this the flow goes on at timeout; absent = when the run times out",
    ),
  }).optional().describe(
    "After an answer of 2xx the step waits until the URL in the header X-Millrace-Callback-Url is called",
  ),
}).superRefine((config, context) => {
  if ((config.method === "GET" || config.method === "HEAD") && config.body.type !== "none") {
    context.addIssue({ code: "custom", path: ["body"], message: `${config.method} carries no body` });
  }
});

/** Config, checked. */
export type HttpConfig = z.output<typeof httpConfigSchema>;

/** Schema of the output. */
export const httpOutputSchema = z.object({
  status: z.int(),
  headers: z.record(z.string(), z.string()).describe("Names in lower case; repeated fields joined by a comma"),
  body: json.describe("JSON, text, or base64 of the bytes; null when empty"),
  url: z.string().describe("URL after redirects, without its query"),
  redirects: z.int(),
  callback: json.optional().describe("With awaitCallback: what was sent to the callback URL"),
  timed_out: z.literal(true).optional().describe("With awaitCallback: nobody called in time"),
  body_left_out: z.literal(true).optional().describe("With awaitCallback: the body was too large to be kept"),
});
