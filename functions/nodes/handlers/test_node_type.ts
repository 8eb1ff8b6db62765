import {
  AppError,
  blockedAddress,
  formatPath,
  isAppError,
  nodeConfigInvalid,
  type Problem,
} from "../../../shared/errors/mod.ts";
import type { z } from "zod";
import type { Json } from "../../../shared/graph/mod.ts";
import { defineRoute } from "../../../shared/http/mod.ts";
import { type NodeSample, type NodeTestResult, testNode } from "../../../shared/nodes/mod.ts";
import { createProviders } from "../../../shared/providers/mod.ts";
import { findNode } from "../find_node.ts";
import { type NodeTestReply, nodeTestResultSchema, nodeTestSchema, typeParams } from "../schemas.ts";

/** POST /nodes/:type/test */
export const testNodeType = defineRoute({
  method: "post",
  path: "/:type/test",
  operationId: "testNodeType",
  summary: "Test a node",
  description: "Runs a node once with a configuration and sample input, outside any flow. Effects are real: an HTTP " +
    "request is sent, an e-mail goes out. What a run would wait for, start or send through a region is told and not " +
    "done. A node that fails is a result (`status` is `failed`); a configuration that does not fit, an expression that cannot be evaluated and an address that must not be called are errors.",
  tags: ["nodes"],
  access: { user: "flows:write" },
  rateLimit: "run",
  request: { params: typeParams, body: nodeTestSchema },
  responses: { 200: { description: "What came of it", schema: nodeTestResultSchema } },
  errors: ["node_config_invalid", "expression_invalid", "blocked_address"],
}, async (c, { params, body }) => {
  const { type } = findNode(params.type);
  const { env, log, signal, organizationId } = c.var.request;
  const options = {
    providers: createProviders(env),
    organizationId,
    log,
    signal,
    timeoutSeconds: body.timeout_seconds,
  };
  let result: NodeTestResult;
  try {
    result = await testNode(type, body.config, toSample(body.input), options);
  } catch (error) {
    if (isAppError(error)) throw error;
    // As in a run: a fault of the node itself is the node's failure, and for us to look at.
    log.error("nodes.test.fault", { error, type });
    return faulty();
  }
  if (result.error !== null) refuseBadConfig(result.error);
  return toReply(result);
});

/**
 * Throws for what is wrong with the request and not with the world.
 *
 * @throws {AppError} `node_config_invalid`, `expression_invalid`, `blocked_address`.
 */
function refuseBadConfig({ code, message, details }: NonNullable<NodeTestResult["error"]>): void {
  if (code === "node_config_invalid") throw nodeConfigInvalid(configProblems(message, details));
  if (code === "blocked_address") throw blockedAddress(message);
  if (code === "expression_invalid") {
    const { path, position } = (details ?? {}) as { path?: (string | number)[]; position?: number };
    const problem = { path: configPath(path), code, message, ...(position === undefined ? {} : { position }) };
    throw new AppError("expression_invalid", { detail: `${problem.path}: ${message}`, problems: [problem] });
  }
}

function configProblems(message: string, details: Json): Problem[] {
  const { issues } = (details ?? {}) as { issues?: { path: (string | number)[]; code: string; message: string }[] };
  if (issues === undefined) return [{ path: "body.config", code: "node_config_invalid", message }];
  return issues.map((issue) => ({ path: configPath(issue.path), code: issue.code, message: issue.message }));
}

/** Without the fields that were not sent: they mean something when they are there. */
function toSample(input: z.output<typeof nodeTestSchema>["input"]): NodeSample {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)) as NodeSample;
}

function configPath(path: readonly (string | number)[] = []): string {
  return formatPath(["body", "config", ...path]);
}

function toReply({ durationMs, config, wait, start, error, stop, ...same }: NodeTestResult): NodeTestReply {
  return {
    ...same,
    config: config ?? {},
    stop: stop ?? null,
    wait: wait === null || wait === undefined ? null : {
      kind: wait.kind,
      name: wait.name ?? null,
      seconds: wait.seconds ?? null,
      data: wait.data ?? null,
    },
    start: start === null || start === undefined ? null : {
      flow_id: start.flowId,
      input: start.input,
      wait: start.wait,
    },
    error: error === null ? null : {
      code: error.code,
      message: error.message,
      retryable: error.retryable,
      retry_after_seconds: error.retryAfterSeconds,
      details: error.details,
    },
    duration_ms: durationMs,
  };
}

function faulty(): NodeTestReply {
  const message = "The node failed for a reason of its own";
  return {
    status: "failed",
    config: {},
    output: null,
    handles: [],
    stop: null,
    wait: null,
    start: null,
    open: null,
    break: false,
    error: { code: "internal", message, retryable: false, retry_after_seconds: null, details: null },
    duration_ms: 0,
  };
}
