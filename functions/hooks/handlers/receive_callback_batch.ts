import { z } from "zod";
import type { CallbackCall } from "../../../shared/engine/mod.ts";
import { fromZod, invalidRequest } from "../../../shared/errors/mod.ts";
import type { Json } from "../../../shared/graph/mod.ts";
import { defineRawRoute, jsonSchema } from "../../../shared/http/mod.ts";
import { completeCallbacks } from "../queries.ts";
import { MAX_CALLBACK_BYTES, readJson, readToken, toCall, tokenOf } from "../read_callback.ts";

const MAX_CALLBACKS = 100;

const itemSchema = z.strictObject({
  token: z.string().max(2_000).optional(),
  url: z.string().max(4_000).optional(),
  data: jsonSchema.optional(),
}).refine(({ token, url }) => (token === undefined) !== (url === undefined), "Give either url or token");

const batchSchema = z.array(itemSchema).min(1).max(MAX_CALLBACKS);

const replySchema = z.object({
  results: z.array(z.object({
    status: z.enum(["completed", "buffered", "duplicate", "finished", "not_found", "too_large"]),
  })).meta({ description: "In the order of the request. not_found covers signatures that are not ours" }),
}).meta({ id: "CallbackBatchReceipt", description: "What became of each callback" });

const encoder = new TextEncoder();

/** POST /hooks/callbacks */
export const receiveCallbackBatch = defineRawRoute({
  methods: ["POST"],
  path: "/callbacks",
  operationId: "receiveCallbacks",
  summary: "Complete many waiting steps",
  description:
    "A list of up to 100 callbacks, `[{url or token, data}]`, taken in one transaction: each works once, so " +
    "the same list may be sent again, and one that is in it twice counts the first time. Each `data` may have 256 KiB, " +
    "the list 1 MiB. What can not be taken is told in its place and keeps nothing else back.",
  tags: ["hooks"],
  admin: "Whoever completes a step is no user: the signature of the URL decides",
  responses: { 200: { description: "What became of each", schema: replySchema } },
  errors: ["invalid_request", "invalid_json", "payload_too_large"],
}, async (c, rawBody) => {
  const { env } = c.var.request;
  const parsed = batchSchema.safeParse(readJson(rawBody));
  if (!parsed.success) throw invalidRequest(fromZod(parsed.error, "body"));
  const places = await Promise.all(parsed.data.map(({ url, token }) => readToken(env, token ?? tokenOf(url ?? ""))));
  const calls: CallbackCall[] = [];
  const results = parsed.data.map(({ data = null }, index) => {
    const place = places[index] ?? null;
    if (place === null) return { status: "not_found" };
    if (encoder.encode(JSON.stringify(data)).length > MAX_CALLBACK_BYTES) return { status: "too_large" };
    return calls.push(toCall(place, data as Json)) - 1;
  });
  const outcomes = calls.length === 0 ? [] : await completeCallbacks(env, calls);
  return c.json({
    results: results.map((result) =>
      typeof result === "number" ? { status: outcomes[result]?.status ?? "not_found" } : result
    ),
  });
});
