/**
 * Secrets of a step: read before it runs, and taken out of all that is known of it afterwards.
 *
 * @module
 */
import { ExpressionError, secretsOf } from "../graph/mod.ts";
import { NodeError, type NodeResult } from "../nodes/mod.ts";
import { redactionFor, type Redactor, SecretError } from "../secrets/mod.ts";
import type { StepAttempt, StepSurroundings } from "./execute_node.ts";

/**
 * A step with the secrets that its config names; the same one when it names none.
 *
 * @throws {NodeError} One of them cannot be read.
 */
export async function withStepSecrets(step: StepAttempt, { secrets }: StepSurroundings): Promise<StepAttempt> {
  const { position: { node }, job } = step;
  const names = secretsOf(node.config);
  // Of a dry run: what was written for the node stands in for it.
  if (names.length === 0 || (job.pins !== undefined && Object.hasOwn(job.pins, node.id))) return step;
  if (secrets === undefined) {
    throw new NodeError("Secrets are not set up here", { code: "secrets_not_set_up" });
  }
  try {
    const user = { organizationId: job.organization_id, runId: job.run_id, nodeId: node.id };
    const values = await secrets.read(user, names);
    return { ...step, secrets: { values, redactor: redactionFor(values.values()) } };
  } catch (error) {
    if (!(error instanceof SecretError)) throw error;
    const isAway = error.code === "service_unavailable";
    throw new NodeError(error.message, {
      code: error.code,
      retryable: isAway,
      cause: error,
      // Before the effect: it is known that nothing has happened.
      ...(isAway && { details: { status: 503 } }),
    });
  }
}

/** What a node gave, without the secrets. What tells the engine how to go on stays as it is: handles, kinds, seconds. */
export function withoutSecrets(result: NodeResult, { secrets }: StepAttempt): NodeResult {
  if (secrets === undefined) return result;
  const { redactor } = secrets;
  const { output, stop, wait, start, open } = result;
  return {
    ...result,
    output: redactor.value(output),
    ...(stop?.message !== undefined && { stop: { ...stop, message: redactor.text(stop.message) } }),
    ...(wait !== undefined && {
      wait: {
        ...wait,
        ...(wait.name !== undefined && { name: redactor.text(wait.name) }),
        ...(wait.data !== undefined && { data: redactor.value(wait.data) }),
      },
    }),
    ...(start !== undefined && { start: { ...start, input: redactor.value(start.input) } }),
    ...(open !== undefined && { open: { ...open, items: redactor.value(open.items) } }),
  };
}

/** What a node threw, without the secrets: message, details and everything underneath. */
export function errorWithoutSecrets(error: unknown, redactor: Redactor): unknown {
  if (error instanceof ExpressionError) {
    return new ExpressionError(redactor.text(error.message), error.position, error.path.map((part) => part));
  }
  if (!(error instanceof NodeError)) return redactor.value(error);
  const { code, message, retryable, retryAfterSeconds, details, cause } = error;
  const clean = new NodeError(redactor.text(message), {
    code,
    retryable,
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    ...(details !== undefined && { details: redactor.value(details) }),
    // Errors of the platform say by their class whether something was sent.
    ...(cause !== undefined && { cause: isPlain(cause) ? redactor.value(cause) : cause }),
  });
  return clean;
}

function isPlain(cause: unknown): boolean {
  return !(cause instanceof Deno.errors.ConnectionRefused || cause instanceof Deno.errors.NotFound);
}
