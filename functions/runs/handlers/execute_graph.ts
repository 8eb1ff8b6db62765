import { z } from "zod";
import { flowInvalid } from "../../../shared/errors/mod.ts";
import { compile } from "../../../shared/graph/mod.ts";
import { defineRoute, idempotencyHeaders, jsonSchema } from "../../../shared/http/mod.ts";
import { nodeCatalog } from "../../../shared/nodes/mod.ts";
import { dryRunSchema, startGraph, startRunResponses, waitQuery } from "../../../shared/runs/mod.ts";

const body = z.strictObject({
  graph: z.record(z.string(), jsonSchema).meta({ description: "In React Flow's JSON shape" }),
  flow_id: z.uuid().optional().meta({ description: "The flow among whose runs it appears; absent = none" }),
  input: jsonSchema.optional().meta({ description: "What the trigger gives to the steps; {} when absent" }),
  trigger_node: z.string().min(1).max(64).optional(),
  dry_run: dryRunSchema.optional(),
}).meta({
  id: "ExecuteGraph",
  examples: [{ graph: { nodes: [{ id: "start", type: "trigger.manual" }], edges: [] }, dry_run: { pins: {} } }],
});

/** POST /runs/execute */
export const executeGraph = defineRoute({
  method: "post",
  path: "/execute",
  operationId: "executeGraph",
  summary: "Run a graph that is not saved",
  description: "Compiles the graph and runs it, without making a version of any flow: what is on the canvas is tried " +
    "before it is saved. With `dry_run` nothing is done to the outside. Needs `flows:write` besides, since whoever runs " +
    "a graph of their own could as well save it. Answers like `POST /runs`.",
  tags: ["runs"],
  access: { user: "runs:execute" },
  rateLimit: "run",
  request: { body, query: waitQuery, headers: idempotencyHeaders },
  responses: startRunResponses,
  errors: ["not_found", "flow_invalid", "run_limit_reached", "idempotency_mismatch", "payload_too_large"],
}, (c, { body, query }) => {
  const compiled = compile(body.graph, nodeCatalog);
  if (!compiled.ok) throw flowInvalid(compiled.problems);
  return startGraph(c, {
    graph: body.graph,
    flowId: body.flow_id,
    input: body.input,
    triggerNode: body.trigger_node,
    dryRun: body.dry_run,
    waitSeconds: query.wait,
  });
});
