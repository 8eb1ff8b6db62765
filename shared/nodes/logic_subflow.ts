import { z } from "zod";
import type { Json } from "../graph/mod.ts";
import { NodeError } from "../providers/mod.ts";
import { defineNode } from "./define_node.ts";
import { isObject, json } from "./json_values.ts";

/** Starts a run of another flow. */
export const logicSubflow = defineNode({
  type: "logic.subflow",
  title: "Sub-flow",
  description: "Starts another flow and waits for its output, or starts it and goes on. Flows nest 10 levels deep.",
  category: "logic",
  kind: "effect",
  configSchema: z.strictObject({
    flowId: z.guid().describe("The flow to start"),
    input: json.default({}).describe("What its trigger gives"),
    mode: z.enum(["wait", "forget"]).default("wait").describe("Wait until it has ended, or go on at once"),
  }),
  outputSchema: z.object({
    run_id: z.string().nullable().describe("Id of the run that was started"),
    status: z.string().describe("completed; queued when it was not waited for"),
    output: json.describe("What that run gave; null when it was not waited for"),
  }),
  waits: () => "run",
  defaultRetry: { maxAttempts: 1, backoff: "fixed", delaySeconds: 0, maxDelaySeconds: 0, jitter: false },
  exampleConfig: {
    flowId: "0193a000-0000-7000-8000-000000000002",
    input: { order: "{{ trigger.body.order }}" },
    mode: "wait",
  },
  exampleInput: { trigger: { body: { order: 42 } } },
  execute({ flowId, input, mode }, { resolution }) {
    if (resolution === null) return { output: null, start: { flowId, input, wait: mode === "wait" } };
    const end = readEnd(resolution.data);
    const { run_id, status, error } = end;
    if (status === "completed" || (mode === "forget" && status === "queued")) {
      return { output: { run_id, status, output: end.output } };
    }
    if (status === "refused") {
      throw new NodeError(textOf(error) ?? "The flow could not be started", {
        code: "subflow_refused",
        details: { flow_id: flowId, error },
      });
    }
    const why = textOf(error);
    throw new NodeError(`The flow ended as ${status}${why === null ? "" : `: ${why}`}`, {
      code: "subflow_failed",
      details: { flow_id: flowId, run_id, status, error },
    });
  },
});

function readEnd(data: Json): { run_id: string | null; status: string; output: Json; error: Json } {
  const { run_id = null, status = "unknown", output = null, error = null } = isObject(data) ? data : {};
  return { run_id: typeof run_id === "string" ? run_id : null, status: String(status), output, error };
}

function textOf(error: Json): string | null {
  const message = isObject(error) ? error["message"] : null;
  return typeof message === "string" && message !== "" ? message : null;
}
