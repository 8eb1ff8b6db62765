/**
 * What the main job withstands, over real HTTP: the functions' process killed in the middle of a run, and the database
 * away for ten seconds.
 *
 * @module
 */
import { assert, assertEquals } from "../helpers/assert.ts";
import { startStack, type TestStack, type TestStackOptions } from "../helpers/stack.ts";
import { signStripe } from "../helpers/webhooks.ts";
import { type Frontend, signUp } from "./_frontend.ts";
import {
  checkoutEvent,
  deliver,
  type Outside,
  paymentGraph,
  setUpShop,
  startOutside,
  untilEnded,
  type Webhook,
} from "./_shop.ts";

const SECRET = "whsec_of_the_durable_shop";

/** A shop whose warehouse keeps its answers back until `outside.gate` opens. */
async function withSlowShop(
  options: TestStackOptions,
  fn: (stack: TestStack, outside: Outside, ada: Frontend, webhook: Webhook) => Promise<void>,
): Promise<void> {
  const outside = startOutside();
  const stack = await startStack({ ...options, functionsEnv: outside.env });
  try {
    const ada = await signUp(stack, "ada");
    const graph = paymentGraph(outside, "/slow");
    const { webhook } = await setUpShop(ada, graph, { provider: "stripe", secret: SECRET });
    await fn(stack, outside, ada, webhook);
  } finally {
    outside.gate.resolve();
    await stack.stop();
    await outside.stop();
  }
}

async function pay(webhook: Webhook, id: string) {
  const text = JSON.stringify(checkoutEvent(id));
  return await deliver(webhook.url, text, { "stripe-signature": await signStripe(text, SECRET) });
}

async function untilAsked(outside: Outside, path: string): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (outside.effects.some((effect) => effect.path === path)) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`${path} was never asked`);
}

const OUTPUT = { total: 42, shelf: "B-12", message: "49a3999c-0ce1-4ea6-ab68-afcd6dc2e794" };

Deno.test("kill -9 of the functions in the middle of a step: another worker finishes the run", () =>
  withSlowShop({}, async (stack, outside, ada, webhook) => {
    const { body: { run_id: runId } } = await pay(webhook, "evt_killed");
    await untilAsked(outside, "/slow");
    Deno.kill(await stack.functionsPid(), "SIGKILL");
    outside.gate.resolve();
    // The lease lapses after 30 seconds; the test waits for the clock's next tick only.
    await stack.executor.exec("update private.workers set expires_at = now()");
    const run = await untilEnded(ada, runId);
    assertEquals([run.status, run.output], ["completed", OUTPUT]);
    // What was not recorded is done again, under the same key; what was recorded is not.
    assertEquals(outside.of(runId, "order").length, 2);
    assertEquals(outside.of(runId, "thanks").length, 1);
    assertEquals(run.steps.map(({ node_id, attempt }) => `${node_id} ${attempt}`).toSorted(), [
      "both 1",
      "large 1",
      "later 1",
      "order 2",
      "session 1",
      "summary 1",
      "thanks 1",
    ]);
    const left = await stack.executor.query(
      "select 1 from public.job_queue union all select 1 from private.run_joins",
    );
    assertEquals(left.length, 0);
  }));

Deno.test("the database away for ten seconds: 503 with Retry-After, and the work goes on when it is back", () =>
  withSlowShop({ withLink: true }, async (stack, outside, ada, webhook) => {
    const { body: { run_id: runId } } = await pay(webhook, "evt_before");
    await untilAsked(outside, "/slow");
    stack.link?.cut();
    const cutAt = performance.now();
    // The step ends while nothing can be recorded.
    outside.gate.resolve();

    const refused = await pay(webhook, "evt_during");
    assertEquals([refused.status, refused.body.code], [503, "service_unavailable"]);
    assert(Number(refused.headers.get("retry-after")) > 0);
    for (
      const [method, path] of [["GET", "runs"], ["GET", `runs/${runId}`], ["GET", "flows"], ["POST", "runs"]] as const
    ) {
      const body = method === "POST" ? { flow_id: crypto.randomUUID() } : undefined;
      const answer = await ada.call(method, path, body);
      assertEquals([answer.status, answer.body.code], [503, "service_unavailable"], `${method} ${path}`);
      assert(Number(answer.headers.get("retry-after")) > 0);
    }
    await new Promise((resolve) => setTimeout(resolve, 10_000 - (performance.now() - cutAt)));
    stack.link?.restore();

    const run = await untilEnded(ada, runId);
    assertEquals([run.status, run.output], ["completed", OUTPUT]);
    assertEquals(outside.of(runId, "order").length, 1);
    assertEquals(outside.of(runId, "thanks").length, 1);
    // The provider delivers again what was refused.
    const again = await pay(webhook, "evt_during");
    assertEquals([again.status, again.body.duplicate], [202, false]);
    assertEquals((await untilEnded(ada, again.body.run_id)).status, "completed");
  }));
