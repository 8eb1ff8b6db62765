import { defineRoute } from "../../../shared/http/mod.ts";
import { turnClock } from "../queries.ts";
import { tickReportSchema } from "../schemas.ts";

/** POST /worker/tick */
export const tick = defineRoute({
  method: "post",
  path: "/tick",
  operationId: "tick",
  summary: "Turn the clock",
  description:
    "What pg_cron does every ten seconds, by hand: gives away the jobs of lost workers, ends runs past their " +
    "deadline, wakes as many workers as the backlog needs.",
  tags: ["worker"],
  access: { secret: true },
  responses: { 200: { description: "What was done", schema: tickReportSchema } },
}, (c) => turnClock(c.var.request.env));
