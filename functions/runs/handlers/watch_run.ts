import { z } from "zod";
import { invalidRequest } from "../../../shared/errors/mod.ts";
import { defineRoute, idParams, sseStream } from "../../../shared/http/mod.ts";
import { END_ID, type EventPosition, parsePosition, START } from "../event_position.ts";
import { followRun } from "../follow_run.ts";
import { findRunState } from "../../../shared/runs/mod.ts";
import { findProgress } from "../queries.ts";

const headers = z.object({
  "last-event-id": z.string().optional().meta({ description: "The id of the last event that was received" }),
});

/** GET /runs/:id/events */
export const watchRun = defineRoute({
  method: "get",
  path: "/:id/events",
  operationId: "watchRun",
  summary: "Watch a run",
  description: "Server-sent events: the steps so far, then each new one as it is recorded.\n\n" +
    "- `run`: the state has changed; `data` is `{id, status, output, error, started_at, finished_at}`\n" +
    "- `step`: an attempt of a node has ended; `data` is the step\n" +
    "- `waiting`: where the run waits has changed; `data` is `{waiting: [{node_id, scope, kind, name, data, run_id, until}]}`, " +
    "all of it each time\n" +
    "- `end`: nothing more will come; `data` is `{status}`, null when the run was deleted\n\n" +
    "Connect again with the id of the last event that had one in `Last-Event-ID` and nothing is missed. Nothing is " +
    "repeated either, unless hundreds of steps ended while another one ran: then events have no id, and steps since the " +
    "last that had one come again; `data.id` tells them. The stream ends by itself after two minutes; 204 says that you " +
    "have seen the end.",
  tags: ["runs"],
  access: { user: "runs:read" },
  request: { params: idParams, headers },
  responses: {
    200: { description: "The stream", contentType: "text/event-stream" },
    204: { description: "The end was seen already" },
  },
  errors: ["not_found"],
}, async (c, { params, headers }) => {
  const lastEventId = headers["last-event-id"];
  const { db, signal: gone } = c.var.request;
  if (lastEventId === END_ID) {
    await findRunState(db, params.id);
    return c.body(null, 204);
  }
  const position = readPosition(lastEventId);
  // Read before the stream begins, so that a run that is not there is a 404.
  const progress = await findProgress(db, params.id, position, gone);
  return sseStream(c, async (send, signal) => {
    await followRun({ db, runId: params.id, position, progress, send, signal });
  });
});

function readPosition(lastEventId: string | undefined): EventPosition {
  if (lastEventId === undefined || lastEventId === "") return START;
  const position = parsePosition(lastEventId);
  if (position !== undefined) return position;
  throw invalidRequest([{
    path: "headers.last-event-id",
    code: "invalid_value",
    message: "Must be the id of an event of this run",
  }]);
}
