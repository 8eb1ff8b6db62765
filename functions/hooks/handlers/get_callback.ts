import { z } from "zod";
import { notFound } from "../../../shared/errors/mod.ts";
import { defineRawRoute } from "../../../shared/http/mod.ts";
import { findCallback } from "../queries.ts";
import { readToken } from "../read_callback.ts";

const statusSchema = z.object({
  status: z.enum(["open", "done", "finished"]).meta({
    description: "open = it may be answered; done = it was, or its step is over; finished = its run is",
  }),
}).meta({ id: "CallbackStatus", description: "Whether a callback may still be sent" });

/** GET /hooks/callbacks/:token */
export const getCallback = defineRawRoute({
  methods: ["GET"],
  path: "/callbacks/:token",
  operationId: "getCallback",
  summary: "Look at a callback",
  description: "Whether the callback may still be sent. Completes nothing: previews of links do no harm.",
  tags: ["hooks"],
  admin: "Whoever completes a step is no user: the signature of the URL decides",
  responses: { 200: { description: "Its state", schema: statusSchema } },
  errors: ["not_found"],
}, async (c) => {
  const { env } = c.var.request;
  const place = await readToken(env, c.req.param("token") ?? "");
  const status = place === null ? null : await findCallback(env, place);
  if (status === null) throw notFound("callback");
  return c.json({ status }, 200, { "cache-control": "no-store" });
});
