/**
 * The main job, end to end, over real HTTP: a signed webhook of Stripe or Typeform starts a flow of a tenant, the flow
 * runs durably through its nodes, and its owner watches it finish. On both databases of the local stack.
 *
 * @module
 */
import { assert, assertEquals, assertNotEquals } from "../helpers/assert.ts";
import { draw, set } from "../helpers/flows.ts";
import { startStack, type TestStack, type TestStackOptions } from "../helpers/stack.ts";
import { signStripe, signTypeform } from "../helpers/webhooks.ts";
import { type Frontend, signUp } from "./_frontend.ts";
import {
  checkoutEvent,
  deliver,
  type Outside,
  paymentGraph,
  type RunDetails,
  setUpShop,
  startOutside,
  untilEnded,
  type Webhook,
} from "./_shop.ts";

const STRIPE_SECRET = "whsec_5WbX5kEWLlfzsGNjH64I8lOOqUB6e8FH";

async function withShop(
  options: TestStackOptions,
  fn: (stack: TestStack, outside: Outside, ada: Frontend) => Promise<void>,
): Promise<void> {
  const outside = startOutside();
  const stack = await startStack({ ...options, functionsEnv: outside.env });
  try {
    await fn(stack, outside, await signUp(stack, "ada"));
  } finally {
    outside.gate.resolve();
    await stack.stop();
    await outside.stop();
  }
}

async function deliverCheckout(webhook: Webhook, event: ReturnType<typeof checkoutEvent>, secret = STRIPE_SECRET) {
  const text = JSON.stringify(event);
  return await deliver(webhook.url, text, { "stripe-signature": await signStripe(text, secret) });
}

for (const database of ["postgres", "pglite"] as const) {
  Deno.test(`the main job: Stripe and Typeform start flows, their owner watches them finish (${database})`, () =>
    withShop({ database }, async (stack, outside, ada) => {
      const { webhook } = await setUpShop(ada, paymentGraph(outside), { provider: "stripe", secret: STRIPE_SECRET });

      // Four deliveries of one event at once: one event, one run.
      const event = checkoutEvent("evt_main_1");
      const receipts = await Promise.all([1, 2, 3, 4].map(() => deliverCheckout(webhook, event)));
      assertEquals(receipts.map(({ status }) => status).toSorted(), [200, 200, 200, 202]);
      assertEquals(new Set(receipts.map(({ body }) => `${body.event_id} ${body.run_id}`)).size, 1);
      const { run_id: runId, event_id: eventId } = receipts[0]!.body;

      // Its owner watches.
      const events = await ada.watch(runId);
      assertEquals(events.at(-1)?.event, "end");
      const told = events.filter(({ event }) => event === "step").map(({ data }) => `${data.node_id} ${data.status}`);
      const run = await untilEnded(ada, runId);
      assertEquals(run.status, "completed", JSON.stringify(run.error));
      const steps = run.steps.map(({ node_id, status }) => `${node_id} ${status}`);
      assertEquals(steps.toSorted(), [
        "both completed",
        "large completed",
        "later skipped",
        "order completed",
        "session completed",
        "summary completed",
        "thanks completed",
      ]);
      assertEquals(told.toSorted(), steps.toSorted());
      assertEquals(run.output, { total: 42, shelf: "B-12", message: "49a3999c-0ce1-4ea6-ab68-afcd6dc2e794" });
      checkEffects(outside, runId, eventId);
      const list = await ada.call<{ data: RunDetails[] }>("GET", "runs");
      assertEquals(list.body.data.map(({ id }) => id), [runId]);

      // The event log.
      const log = await ada.call<{ data: { id: string; deliveries: number; verdict: string }[] }>(
        "GET",
        `webhooks/${webhook.id}/events`,
      );
      assertEquals(log.body.data.map(({ id, deliveries, verdict }) => [id, deliveries, verdict]), [
        [eventId, 4, "verified"],
      ]);

      // A stale or a forged signature: 401, nothing kept.
      const text = JSON.stringify(checkoutEvent("evt_forged"));
      const old = Math.floor(Date.now() / 1000) - 600;
      for (const signature of [await signStripe(text, "whsec_guess"), await signStripe(text, STRIPE_SECRET, old)]) {
        const refused = await deliver(webhook.url, text, { "stripe-signature": signature });
        assertEquals([refused.status, refused.body.code], [401, "invalid_signature"]);
      }
      const after = await ada.call<{ rejected_count: number; last_rejection: string }>("GET", `webhooks/${webhook.id}`);
      assertEquals([after.body.rejected_count, after.body.last_rejection], [2, "stale_timestamp"]);
      const [kept] = await stack.executor.query<{ n: number }>("select count(*)::int as n from public.webhook_events");
      assertEquals(kept?.n, 1);

      await checkTypeform(ada);
      await checkStranger(stack, { runId, eventId, webhookId: webhook.id });
    }));
}

/** The warehouse and the email service were each asked once, rightly. */
function checkEffects(outside: Outside, runId: string, eventId: string): void {
  const [order, ...more] = outside.effects.filter(({ path }) => path === "/orders");
  assertEquals([more.length, order?.method, order?.key], [0, "POST", `${runId}:order`]);
  assertEquals(order?.headers.get("authorization"), "Bearer warehouse-token");
  assertEquals(JSON.parse(order?.text ?? ""), { session: "cs_evt_main_1", event: eventId });
  const [email, ...others] = outside.effects.filter(({ path }) => path === "/emails");
  assertEquals([others.length, email?.method, email?.key], [0, "POST", `${runId}:thanks`]);
  assertEquals(email?.headers.get("authorization"), "Bearer re_test_0001");
  const { to, subject, text, from } = JSON.parse(email?.text ?? "");
  assertEquals({ to, subject, text }, { to: ["ada@example.com"], subject: "Order 7", text: "Thank you for 42 €" });
  assert(from.includes("@"));
}

async function checkTypeform(ada: Frontend): Promise<void> {
  const graph = draw({
    form: ["trigger.webhook"],
    lead: set({ kind: "{{ trigger.type }}", answer: "{{ trigger.body.form_response.answers[0].text }}" }),
  }, "form>lead");
  const { webhook } = await setUpShop(ada, graph, { provider: "typeform" });
  const text = JSON.stringify({
    event_id: "01JD7X",
    event_type: "form_response",
    form_response: { form_id: "lT4Z3j", answers: [{ type: "text", text: "a million, please" }] },
  });
  const headers = { "typeform-signature": await signTypeform(text, webhook.secret) };
  const receipts = await Promise.all([1, 2, 3, 4].map(() => deliver(webhook.url, text, headers)));
  assertEquals(receipts.map(({ status }) => status).toSorted(), [200, 200, 200, 202]);
  const run = await untilEnded(ada, receipts[0]!.body.run_id);
  assertEquals(run.output, { kind: "form_response", answer: "a million, please" });
  const forged = await deliver(webhook.url, text.replace("a million", "two"), headers);
  assertEquals(forged.status, 401);
}

/** Tenant B: the same 404 as for what is not there, empty lists, also straight through the Data API. */
async function checkStranger(
  stack: TestStack,
  { runId, eventId, webhookId }: { runId: string; eventId: string; webhookId: string },
): Promise<void> {
  const bob = await signUp(stack, "bob");
  const [row] = await stack.executor.query<{ flow_id: string; organization_id: string }>(
    "select flow_id, organization_id from public.runs where id = $1",
    [runId],
  );
  const { flow_id: flowId, organization_id: organizationId } = row!;
  const routes: [Parameters<Frontend["call"]>[0], (id: string) => string, string, Record<string, unknown>?][] = [
    ["GET", (id) => `runs/${id}`, runId],
    ["GET", (id) => `runs/${id}/status`, runId],
    ["GET", (id) => `runs/${id}/steps`, runId],
    ["GET", (id) => `runs/${id}/events`, runId],
    ["POST", (id) => `runs/${id}/cancel`, runId],
    ["POST", (id) => `runs/${id}/retry`, runId],
    ["DELETE", (id) => `runs/${id}`, runId],
    ["POST", () => "runs", "", { flow_id: flowId }],
    ["GET", (id) => `flows/${id}`, flowId],
    ["GET", (id) => `flows/${id}/versions`, flowId],
    ["PATCH", (id) => `flows/${id}`, flowId, { name: "Bob's" }],
    ["POST", (id) => `flows/${id}/run`, flowId, {}],
    ["POST", (id) => `flows/${id}/duplicate`, flowId],
    ["DELETE", (id) => `flows/${id}`, flowId],
    ["GET", (id) => `webhooks/${id}`, webhookId],
    ["GET", (id) => `webhooks/${id}/events`, webhookId],
    ["PATCH", (id) => `webhooks/${id}`, webhookId, { name: "Bob's" }],
    ["POST", (id) => `webhooks/${id}/rotate`, webhookId, {}],
    ["DELETE", (id) => `webhooks/${id}`, webhookId],
    ["GET", (id) => `webhooks/events/${id}`, eventId],
    ["POST", (id) => `webhooks/events/${id}/replay`, eventId],
  ];
  for (const [method, path, id, body] of routes) {
    const real = await bob.call(method, path(id), body);
    assertEquals([real.status, real.body.code], [404, "not_found"], `${method} ${path(id)}`);
    const missing = await bob.call(
      method,
      path(crypto.randomUUID()),
      body && { ...body, ...(body.flow_id !== undefined && { flow_id: crypto.randomUUID() }) },
    );
    assertEquals({ ...real.body, request_id: "" }, { ...missing.body, request_id: "" });
  }
  for (const list of ["runs", "flows", "webhooks", `runs?flow_id=${flowId}`]) {
    assertEquals((await bob.call<{ data: unknown[] }>("GET", list)).body.data, [], list);
  }
  const elsewhere = await bob.call("GET", "runs", undefined, { "x-organization-id": organizationId });
  assertEquals(elsewhere.status, 404);

  // Past the functions, with the same token.
  const tables = ["runs", "run_steps", "job_queue", "flows", "flow_versions", "webhook_endpoints", "webhook_events"];
  for (const table of tables) {
    const read = await bob.supabase.from(table).select("*");
    assertEquals([read.error, read.data], [null, []], table);
    const write = await bob.supabase.from(table).update({ organization_id: organizationId }).eq(
      "organization_id",
      organizationId,
    ).select();
    assertNotEquals(write.error, null, `update ${table}`);
    assertNotEquals(
      (await bob.supabase.from(table).delete().neq("organization_id", crypto.randomUUID())).error,
      null,
      `delete ${table}`,
    );
  }
  for (const name of ["get_run", "list_run_steps", "get_run_progress"]) {
    assertEquals((await bob.supabase.rpc(name, { p_run_id: runId })).data, null, name);
  }
  for (const name of ["cancel_run", "retry_run", "delete_run"]) {
    assertEquals((await bob.supabase.rpc(name, { p_run_id: runId })).error?.code, "not_found", name);
  }
  for (const [name, args] of [["tick", {}], ["claim_jobs", { p_worker_id: crypto.randomUUID() }]] as const) {
    assertNotEquals((await bob.supabase.schema("engine").rpc(name, args)).error, null, name);
  }
}
