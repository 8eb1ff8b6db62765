/**
 * Calls of a step that are paid by use: reserved before, settled after.
 *
 * @module
 */
import { AppError } from "../errors/mod.ts";
import { NodeError, type NodeLog, type Spend, type SpendUnits } from "../nodes/mod.ts";
import { isUnknown } from "./_step_failure.ts";
import type { EngineClient } from "./client.ts";
import type { StepAttempt } from "./execute_node.ts";
import type { SpendReply } from "./types.ts";

/** What keeps the budgets. */
export type SpendLedger = Pick<EngineClient, "reserveSpend" | "settleSpend" | "releaseSpend">;

/** Milliseconds between attempts to say what a call used: its answer is here, and must not be lost with the count. */
const PATIENCE_MS = [100, 400, 1_500, 5_000];

type Refusal = Extract<SpendReply, { refused: unknown }>["refused"];

/** What a node may call with. */
export function spendOf(
  { position: { node }, job }: Pick<StepAttempt, "position" | "job">,
  ledger: SpendLedger,
  log: NodeLog,
): Spend {
  let number = 0;
  return {
    async call({ model, units }, work) {
      const reserved = await reserve(ledger, {
        organization_id: job.organization_id,
        flow_id: job.flow_id,
        run_id: job.run_id,
        node_id: node.id,
        scope: job.scope ?? "",
        number: ++number,
        job_id: job.job,
        model,
        units,
      });
      const settle = (used: SpendUnits | null) => settleCall(ledger, reserved, used, log);
      try {
        const { value, units: used } = await work();
        await settle(used);
        return value;
      } catch (error) {
        // Who does not know whether it happened counts what it may have cost.
        await settle(!(error instanceof NodeError) || isUnknown(error) ? units : null);
        throw error;
      }
    },
  };
}

/** Reserves; answers the id. */
async function reserve(ledger: SpendLedger, call: Parameters<SpendLedger["reserveSpend"]>[0]): Promise<string> {
  let reply: SpendReply;
  try {
    reply = await ledger.reserveSpend(call);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    // Before the call: it is known that nothing has happened.
    const details = { status: 503 };
    throw new NodeError("Budgets cannot be asked at the moment", {
      code: "service_unavailable",
      retryable: true,
      cause: error,
      details,
    });
  }
  if ("refused" in reply) throw refusal(reply.refused, call.model);
  return reply.id;
}

function refusal({ because, id, name, ...facts }: Refusal, model: string): NodeError {
  if (because === "no_price") {
    return new NodeError(`The model ${model} has no price, and the budget ${name} stops what it cannot count`, {
      code: "price_missing",
      details: { budget: id, model },
    });
  }
  return new NodeError(`The budget ${name} does not allow the call`, {
    code: "budget_spent",
    details: { budget: id, ...facts },
  });
}

async function settleCall(ledger: SpendLedger, id: string, units: SpendUnits | null, log: NodeLog): Promise<void> {
  for (const wait of [...PATIENCE_MS, null]) {
    try {
      return await (units === null ? ledger.releaseSpend(id) : ledger.settleSpend(id, units));
    } catch (error) {
      if (wait === null) {
        // The step has what it wanted; the clock gives the reservation back when it is over.
        log.error("engine.spend_not_counted", { error, reservation: id });
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}
