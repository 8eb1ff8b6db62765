import { z } from "zod";
import { AppError, notFound } from "../../../shared/errors/mod.ts";
import { defineRawRoute } from "../../../shared/http/mod.ts";
import { completeCallbacks } from "../queries.ts";
import { MAX_CALLBACK_BYTES, readCallbackData, readToken, toCall } from "../read_callback.ts";

const receiptSchema = z.object({
  status: z.enum(["completed", "buffered", "duplicate"]).meta({
    description:
      "completed = the step goes on; buffered = kept until the step waits; duplicate = it was answered before",
  }),
}).meta({ id: "CallbackReceipt", description: "What became of a callback" });

/** POST /hooks/callbacks/:token */
export const receiveCallback = defineRawRoute({
  methods: ["POST"],
  path: "/callbacks/:token",
  operationId: "receiveCallback",
  summary: "Complete a waiting step",
  description: "The URL that a waiting step hands out (`callbacks.<node>` in expressions). The body, any JSON up to " +
    "256 KiB, becomes the output of the step. It works once: a repetition changes nothing and is told `duplicate`. One " +
    "that comes before its step waits is kept for it. The signature in the URL is the credential.",
  tags: ["hooks"],
  admin: "Whoever completes a step is no user: the signature of the URL decides",
  bodyLimitBytes: MAX_CALLBACK_BYTES,
  responses: { 200: { description: "Taken, now or before", schema: receiptSchema } },
  errors: ["not_found", "run_finished", "invalid_json", "payload_too_large"],
}, async (c, rawBody) => {
  const { env } = c.var.request;
  const place = await readToken(env, c.req.param("token") ?? "");
  // The same answer for a forged signature and for a run that is gone.
  if (place === null) throw notFound("callback");
  const [outcome] = await completeCallbacks(env, [toCall(place, readCallbackData(rawBody))]);
  if (outcome === undefined || outcome.status === "not_found") throw notFound("callback");
  if (outcome.status === "finished") {
    throw new AppError("run_finished", { detail: "The run has ended: nothing waits for this any more" });
  }
  return c.json({ status: outcome.status });
});
