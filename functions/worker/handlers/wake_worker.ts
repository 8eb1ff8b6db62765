import { z } from "zod";
import { unauthorized } from "../../../shared/errors/mod.ts";
import { defineRoute, waitUntil } from "../../../shared/http/mod.ts";
import { drainOnce } from "../drain_once.ts";
import { redeemWake } from "../queries.ts";
import { wakeReplySchema } from "../schemas.ts";

const TICKET = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const headers = z.object({
  "x-millrace-wake": z.string().optional().meta({ description: "The ticket of the call that Postgres makes" }),
});

/** POST /worker/wake */
export const wakeWorker = defineRoute({
  method: "post",
  path: "/wake",
  operationId: "wakeWorker",
  summary: "Wake a worker",
  description:
    "Called by Postgres when there is work, with a ticket that is good for one call within a minute and for " +
    "nothing else; operators may call it with a secret key. Answers at once; the worker drains the queue afterwards. " +
    "There is one worker at a time in an isolate.",
  tags: ["worker"],
  access: { public: true },
  request: { headers },
  responses: { 202: { description: "A worker is awake", schema: wakeReplySchema } },
  errors: ["unauthorized"],
}, async (c, { headers }) => {
  const { caller, env } = c.var.request;
  if (caller !== "secret") await requireTicket(headers["x-millrace-wake"], (ticket) => redeemWake(env, ticket));
  const drain = drainOnce(env);
  if (drain !== undefined) waitUntil(drain);
  return { already_running: drain === undefined };
});

async function requireTicket(
  ticket: string | undefined,
  redeem: (ticket: string) => Promise<boolean>,
): Promise<void> {
  if (ticket === undefined || !TICKET.test(ticket) || !await redeem(ticket)) {
    throw unauthorized("Send a fresh wake ticket or a secret key");
  }
}
