import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { ExpressionError } from "../graph/mod.ts";
import { NodeError } from "../nodes/mod.ts";
import { redactionFor } from "../secrets/mod.ts";
import { errorWithoutSecrets, withoutSecrets } from "./_step_secrets.ts";
import type { StepAttempt } from "./execute_node.ts";

const redactor = redactionFor(["timeout", "3600", "hunter22"]);
const step = { secrets: { values: new Map(), redactor } } as unknown as StepAttempt;

Deno.test("withoutSecrets() takes values out of what is recorded, and leaves what tells the engine how to go on", () => {
  const wait = { kind: "signal" as const, name: "hunter22", seconds: 3600, data: { key: "hunter22" } };
  const clean = withoutSecrets({
    output: { a: "hunter22", n: 3600 },
    handles: ["timeout"],
    wait,
    start: { flowId: "hunter22-flow", input: ["hunter22"], wait: true },
    open: { items: ["hunter22"], window: 3600, tolerate: 0 },
    stop: { status: "failed", message: "hunter22" },
  }, step);
  assertEquals(clean, {
    output: { a: "[redacted]", n: "[redacted]" },
    handles: ["timeout"],
    wait: { kind: "signal", name: "[redacted]", seconds: 3600, data: { key: "[redacted]" } },
    start: { flowId: "hunter22-flow", input: ["[redacted]"], wait: true },
    open: { items: ["[redacted]"], window: 3600, tolerate: 0 },
    stop: { status: "failed", message: "[redacted]" },
  });
  const same = { output: { a: "hunter22" } };
  assert(withoutSecrets(same, { ...step, secrets: undefined } as unknown as StepAttempt) === same);
});

Deno.test("errorWithoutSecrets() keeps what a retry needs to know, and nothing of a value", () => {
  const error = new NodeError("Cannot send hunter22", {
    code: "http_error",
    retryable: true,
    retryAfterSeconds: 5,
    details: { status: 503, body: "hunter22" },
    cause: new TypeError("hunter22"),
  });
  const clean = errorWithoutSecrets(error, redactor) as NodeError;
  assert(clean instanceof NodeError);
  assertEquals([clean.code, clean.message, clean.retryable, clean.retryAfterSeconds], [
    "http_error",
    "Cannot send [redacted]",
    true,
    5,
  ]);
  assertEquals(clean.details, { status: 503, body: "[redacted]" });
  assert(!Deno.inspect(clean).includes("hunter22"));
  const refused = new Deno.errors.ConnectionRefused("refused");
  const unsent = errorWithoutSecrets(new NodeError("x", { code: "provider_error", cause: refused }), redactor);
  assert((unsent as NodeError).cause instanceof Deno.errors.ConnectionRefused);
  const expression = errorWithoutSecrets(new ExpressionError("hunter22 is no number", 3, ["a"]), redactor);
  assert(expression instanceof ExpressionError);
  assertEquals([expression.message, expression.position, expression.path], ["[redacted] is no number", 3, ["a"]]);
  assert(!Deno.inspect(errorWithoutSecrets(new TypeError("hunter22"), redactor)).includes("hunter22"));
});
