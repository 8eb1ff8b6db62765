import { assertEquals, assertRejects } from "../../tests/helpers/assert.ts";
import type { JsonObject } from "../graph/mod.ts";
import { NodeError } from "../providers/mod.ts";
import { run } from "./_test_context.ts";
import { checkNodeConfig } from "./check_config.ts";
import { logicSubflow } from "./logic_subflow.ts";

const flowId = "0193a000-0000-7000-8000-000000000002";
const ended = (data: JsonObject, config: JsonObject = {}) =>
  run(logicSubflow, { flowId, ...config }, { resolution: { by: "run", data } });

Deno.test("subflow starts a run, to wait for it or not", async () => {
  assertEquals(await run(logicSubflow, { flowId, input: [1] }), {
    output: null,
    start: { flowId, input: [1], wait: true },
  });
  assertEquals((await run(logicSubflow, { flowId, mode: "forget" })).start, { flowId, input: {}, wait: false });
  assertEquals(checkNodeConfig(logicSubflow, { flowId: "my flow" }).length, 1);
});

Deno.test("subflow gives the output of the run that it waited for, or the run that it left alone", async () => {
  assertEquals(await ended({ run_id: "r", status: "completed", output: { a: 1 }, error: null }), {
    output: { run_id: "r", status: "completed", output: { a: 1 } },
  });
  assertEquals((await ended({ run_id: "r", status: "queued" }, { mode: "forget" })).output, {
    run_id: "r",
    status: "queued",
    output: null,
  });
});

Deno.test("subflow fails as its run did, for good", async () => {
  for (const status of ["failed", "cancelled", "compensated", "compensation_failed"]) {
    const error = { code: "http_error", message: "No answer", node_id: "call" };
    const fault = await assertRejects(() => ended({ run_id: "r", status, output: null, error }), NodeError);
    assertEquals([fault.code, fault.retryable], ["subflow_failed", false]);
    assertEquals(fault.message, `The flow ended as ${status}: No answer`);
    assertEquals(fault.details, { flow_id: flowId, run_id: "r", status, error });
  }
  const silent = await assertRejects(() => ended({ run_id: "r", status: "cancelled" }), NodeError);
  assertEquals(silent.message, "The flow ended as cancelled");
});

Deno.test("subflow says why a start was refused", async () => {
  const error = { code: "too_deep", message: "Flows may call flows ten levels deep" };
  for (const mode of ["wait", "forget"]) {
    const fault = await assertRejects(() => ended({ status: "refused", error }, { mode }), NodeError);
    assertEquals([fault.code, fault.message], ["subflow_refused", error.message]);
    assertEquals(fault.details, { flow_id: flowId, error });
  }
});
