/**
 * Failures of steps: what is stored of them, and whether anybody knows what they have done.
 *
 * @module
 */
import { ExpressionError, isObject, type PlanNode } from "../graph/mod.ts";
import { NodeError, type NodeLog } from "../nodes/mod.ts";
import { toStorable } from "./storable.ts";
import type { StepError } from "./types.ts";

/** Characters of a failure's message that are kept. */
const MAX_MESSAGE = 10_000;

/** Codes of failures that may come after the effect. */
const FAR = new Set(["http_error", "provider_error", "step_timeout", "timeout", "service_unavailable", "internal"]);

/** Answers of somebody on the way who does not know what became of the request. */
const GATEWAY = new Set([502, 504]);

/** Whatever a node threw, as a failure of the step. */
export function toNodeError(error: unknown, node: PlanNode, log: NodeLog): NodeError {
  if (error instanceof NodeError) return error;
  if (error instanceof ExpressionError) {
    return new NodeError(error.message, { code: "expression_invalid", cause: error });
  }
  log.error("engine.node_fault", { error, node: node.id, type: node.type });
  return new NodeError("The node failed for a reason of its own", { code: "internal", cause: error });
}

/** A failure as it is stored; without its details when they are more than a step may keep. */
export function storableError({ code, message, details }: NodeError, node: PlanNode): StepError {
  const error: StepError = { code, message: toStorable(message.slice(0, MAX_MESSAGE)) as string, node_id: node.id };
  if (details === undefined) return error;
  try {
    return { ...error, details: toStorable(details) };
  } catch {
    return error;
  }
}

/**
 * Whether nobody knows if the effect happened. Known are failures before anything was sent (the config, the address, no
 * such host, a refused connection, a certificate that does not fit) and those of which an answer tells. Unknown are a
 * time-out, a connection that broke off, an answer that could not be understood, 502 and 504 of a gateway, and a fault of
 * the node itself.
 */
export function isUnknown({ code, retryable, details, cause }: NodeError): boolean {
  if (code === "step_timeout" || code === "internal") return true;
  if (!FAR.has(code)) return false;
  const status = isObject(details) ? details["status"] : undefined;
  if (typeof status === "number") return GATEWAY.has(status);
  if (status === null) return true;
  if (cause instanceof Deno.errors.ConnectionRefused || cause instanceof Deno.errors.NotFound) return false;
  return retryable;
}
