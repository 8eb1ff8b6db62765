/**
 * The log of webhooks in, over HTTP through the function `hooks`: what was refused, figures, the live view, many replays.
 *
 * @module
 */
import { backgroundSettled } from "../../shared/http/mod.ts";
import type { ApiUser, TestApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { readEvents } from "../../tests/helpers/events.ts";
import { draw, saveFlow, set } from "../../tests/helpers/flows.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import { withServedApi } from "../../tests/helpers/served_api.ts";
import { FUNCTIONS } from "./mounts.ts";

const [router, hooks, runs] = await Promise.all([FUNCTIONS.webhooks(), FUNCTIONS.hooks(), FUNCTIONS.runs()]);

const GRAPH = draw({ t: ["trigger.webhook"], a: set({ type: "{{ trigger.type }}" }) }, "t>a");

interface Webhook {
  id: string;
  url: string;
  test_url: string;
}

function withWebhook(
  fn: (api: TestApi, ada: ApiUser, webhook: Webhook, flowId: string) => Promise<void>,
): Promise<void> {
  return withServedApi([router, hooks, runs], async (api) => {
    const ada = await api.createUser();
    const flowId = await saveFlow(api, ada, GRAPH);
    const { body } = await ada.post<Webhook>("/webhooks", { name: "Repo", flow_id: flowId, provider: "github" });
    await fn(api, ada, body, flowId);
  });
}

async function forge(api: TestApi, url: string, body: BodyInit = '{"forged":true}'): Promise<void> {
  const response = await api.fetch(url, {
    method: "POST",
    headers: { "x-hub-signature-256": `sha256=${"0".repeat(64)}`, "x-github-event": "push", cookie: "a=b" },
    body,
  });
  assertEquals(response.status, 401);
  await response.body?.cancel();
}

Deno.test("GET /webhooks/:id/refusals shows what was refused and why, without signatures", () =>
  withWebhook(async (api, ada, webhook) => {
    await forge(api, webhook.url);
    await backgroundSettled();
    await forge(api, webhook.test_url, new Uint8Array([0xff, 0xfe]));
    await backgroundSettled();
    type Refusal = Record<string, unknown> & { headers: Record<string, string> };
    const { status, body } = await ada.get<{ data: Refusal[] }>(`/webhooks/${webhook.id}/refusals`);
    assertEquals(status, 200);
    assertEquals(
      body.data.map(({ reason, body, body_encoding, body_bytes, is_test }) => [
        reason,
        body,
        body_encoding,
        body_bytes,
        is_test,
      ]),
      [
        ["signature_mismatch", "//4=", "base64", 2, true],
        ["signature_mismatch", '{"forged":true}', "utf-8", 15, false],
      ],
    );
    assertEquals(body.data[1]?.headers["x-github-event"], "push");
    assert(!("x-hub-signature-256" in (body.data[1]?.headers ?? {})) && !("cookie" in (body.data[1]?.headers ?? {})));
    const { body: tests } = await ada.get<{ data: unknown[] }>(`/webhooks/${webhook.id}/refusals?test=true`);
    assertEquals(tests.data.length, 1);
    const eve = await api.createUser();
    expectProblem(await eve.get(`/webhooks/${webhook.id}/refusals`), "not_found");
  }));

Deno.test("GET /webhooks/:id/stats tells the success rates", () =>
  withWebhook(async (api, ada, webhook) => {
    await ada.post(`/webhooks/${webhook.id}/test`, {});
    await forge(api, webhook.url);
    await backgroundSettled();
    const { body } = await ada.get<Record<string, unknown>>(`/webhooks/${webhook.id}/stats?days=1`);
    assertEquals([body.events, body.tests, body.refused, body.acceptance_rate, body.success_rate], [0, 1, 1, 0, null]);
    expectProblem(await ada.get(`/webhooks/${webhook.id}/stats?days=32`), "invalid_request");
  }));

Deno.test("POST /webhooks/events/replay sends many events through their flows again", () =>
  withWebhook(async (api, ada, webhook) => {
    for (let n = 0; n < 2; n++) await ada.post(`/webhooks/${webhook.id}/test`, {});
    await backgroundSettled();
    const filter = { endpoint_id: webhook.id, test: true };
    const count = await ada.post("/webhooks/events/replay", { filter, dry_run: true });
    assertEquals([count.status, count.body as unknown], [200, { total: 2 }]);
    const made = await ada.post<{ id: string; action: string }>("/webhooks/events/replay", { filter });
    assertEquals([made.status, made.body.action], [202, "replay_events"]);
    assert(made.headers.get("location")?.endsWith(`/runs/bulk/${made.body.id}`));
    await api.db.sql`select private.work_bulk_operations()`;
    const { body } = await ada.get<{ status: string; done: number }>(`/runs/bulk/${made.body.id}`);
    assertEquals([body.status, body.done], ["completed", 2]);
    expectProblem(await ada.post("/webhooks/events/replay", { filter: {} }), "invalid_request");
  }));

Deno.test("GET /webhooks/:id/live shows what arrives, kept and refused, and goes on where the client left", () =>
  withWebhook(async (api, ada, webhook) => {
    const watch = (lastEventId = "", query = "?test=true") =>
      api.fetch(`http://project.test/functions/v1/webhooks/${webhook.id}/live${query}`, {
        headers: { authorization: `Bearer ${ada.token}`, ...(lastEventId !== "" && { "last-event-id": lastEventId }) },
      });
    const response = await watch();
    assertEquals(response.headers.get("content-type"), "text/event-stream; charset=utf-8");
    await forge(api, webhook.url);
    await ada.post(`/webhooks/${webhook.id}/test`, { event_type: "issues" });
    await forge(api, webhook.test_url);
    const told: string[] = [];
    let first = "";
    for await (const { event, id, data } of readEvents(response)) {
      const { is_test, body } = data as { is_test: boolean; body: string };
      assert(is_test && body !== "", JSON.stringify(data));
      told.push(event);
      first ||= id;
      if (told.length === 2) break;
    }
    assertEquals(told, ["event", "refusal"]);
    for await (const { event } of readEvents(await watch(first))) {
      assertEquals(event, "refusal", "the event itself is not told again");
      break;
    }
    expectProblem(await ada.get(`/webhooks/${webhook.id}/live`, { "last-event-id": "x" }), "invalid_request");
    expectProblem(await (await api.createUser()).get(`/webhooks/${webhook.id}/live`), "not_found");
  }));
