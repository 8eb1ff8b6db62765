import { z } from "zod";
import { invalidRequest } from "../../../shared/errors/mod.ts";
import { defineRoute, idParams, sseStream } from "../../../shared/http/mod.ts";
import { findWebhook } from "../queries.ts";
import { watchArrivals } from "../watch_arrivals.ts";

const query = z.object({
  test: z.enum(["true", "false"]).optional().meta({
    description: "true = only what comes to the test address, false = only what comes to the real one",
  }),
});
const headers = z.object({
  "last-event-id": z.string().optional().meta({ description: "The id of the last one that was received" }),
});

/** GET /webhooks/:id/live */
export const watchWebhook = defineRoute({
  method: "get",
  path: "/:id/live",
  operationId: "watchWebhook",
  summary: "Watch what arrives at a webhook endpoint",
  description: "Server-sent events: each delivery as it arrives from now on, within a second or two.\n\n" +
    "- `event`: it was kept; `data` is as `GET /webhooks/events/:eventId` gives it, headers and body included\n" +
    "- `refusal`: it was refused; `data` is as `GET /webhooks/:id/refusals` gives it, and says why\n\n" +
    "Connect again with the last id in `Last-Event-ID` and nothing is missed; what arrived seconds before may come again, " +
    "`data.id` tells. The stream ends by itself after two minutes.",
  tags: ["webhooks"],
  access: { user: "webhooks:read" },
  request: { params: idParams, query, headers },
  responses: { 200: { description: "The stream", contentType: "text/event-stream" } },
  errors: ["not_found"],
}, async (c, { params, query, headers }) => {
  const lastEventId = headers["last-event-id"];
  if (lastEventId !== undefined && lastEventId !== "" && !z.uuid().safeParse(lastEventId).success) {
    const message = "Must be the id of an event of this stream";
    throw invalidRequest([{ path: "headers.last-event-id", code: "invalid_value", message }]);
  }
  const { request } = c.var;
  // Taken now: the stream itself begins when the client reads.
  const since = Date.now();
  const endpoint = await findWebhook(request, params.id);
  const test = query.test === undefined ? undefined : query.test === "true";
  return sseStream(c, async (send, signal) => {
    await watchArrivals({ db: request.db, endpoint, test, lastEventId: lastEventId || null, since, send, signal });
  });
});
