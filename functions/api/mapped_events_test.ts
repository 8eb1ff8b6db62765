/**
 * The mapping of a webhook endpoint on its way through the functions `webhooks`, `hooks` and `entities`.
 *
 * @module
 */
import { backgroundSettled } from "../../shared/http/mod.ts";
import type { ApiUser, TestApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { draw, saveFlow, set } from "../../tests/helpers/flows.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import { withServedApi } from "../../tests/helpers/served_api.ts";
import { FUNCTIONS } from "./mounts.ts";

const routers = await Promise.all([FUNCTIONS.webhooks(), FUNCTIONS.hooks(), FUNCTIONS.entities()]);

const GRAPH = draw({ t: ["trigger.webhook"], a: set({ amount: "{{ trigger.amount }}" }) }, "t>a");

const MAPPING = {
  entity: {
    type: "customer",
    key: "{{ trigger.body.customer }}",
    name: "{{ trigger.body.name }}",
    data: { last_amount: "{{ trigger.body.amount }}" },
  },
  input: { amount: "{{ trigger.body.amount }}" },
};

interface Webhook {
  id: string;
  url: string;
  mapping: unknown;
}

interface Event {
  id: string;
  run_id: string;
  mapping_error: string | null;
  mapped: unknown;
}

interface Scene {
  api: TestApi;
  ada: ApiUser;
  flowId: string;
  webhook: Webhook;
  /** Delivers a body; gives the event as its owner sees it. */
  deliver(body: unknown): Promise<Event>;
}

function withMapping(mapping: unknown, fn: (scene: Scene) => Promise<void>): Promise<void> {
  return withServedApi(routers, async (api) => {
    const ada = await api.createUser();
    const flowId = await saveFlow(api, ada, GRAPH);
    const { status, body: webhook } = await ada.post<Webhook>("/webhooks", {
      name: "Shop",
      flow_id: flowId,
      provider: "custom",
      config: { signature_header: "x-signature" },
      signature_required: false,
      mapping,
    });
    assertEquals(status, 201, JSON.stringify(webhook));
    const deliver = async (body: unknown) => {
      const url = `http://project.test/functions/v1/hooks/${webhook.url.split("/").at(-1)}`;
      const response = await api.fetch(url, {
        method: "POST",
        body: JSON.stringify(body),
        headers: { "content-type": "application/json" },
      });
      const receipt = await response.json();
      assert([200, 202].includes(response.status), JSON.stringify(receipt));
      await backgroundSettled();
      return (await ada.get<Event>(`/webhooks/events/${receipt.event_id}`)).body;
    };
    await fn({ api, ada, flowId, webhook, deliver });
  });
}

async function entities({ ada }: Scene) {
  const { body } = await ada.get<{ data: Record<string, unknown>[] }>("/entities?sort=created_at");
  return body.data;
}

async function runOf({ api }: Scene, id: string) {
  const [run] = await api.db.sql`select entity_id, input from public.runs where id = ${id}`;
  return run;
}

Deno.test("a mapped event makes the entity, gives the run its input, and both move on together", () =>
  withMapping(MAPPING, async (scene) => {
    const event = await scene.deliver({ customer: 7, name: "Ada", amount: 12, secret: "x" });
    assertEquals(event.mapping_error, null);
    assertEquals(event.mapped, {
      entity: { type: "customer", key: "7", name: "Ada", data: { last_amount: 12 } },
      input: { amount: 12 },
    });
    const [entity] = await entities(scene);
    assertEquals([entity?.external_key, entity?.name, entity?.type], ["7", "Ada", "customer"]);
    assertEquals([entity?.data, entity?.created_by, entity?.run_id], [{ last_amount: 12 }, null, event.run_id]);
    const run = await runOf(scene, event.run_id);
    assertEquals(run?.entity_id, entity?.id);
    assertEquals(Object.keys(run?.input).toSorted(), ["amount", "event_id", "received_at"]);
    const journey = await scene.ada.get<{ data: { to_node: string; reason: string; run_id: string }[] }>(
      `/entities/${entity?.id}/journey`,
    );
    const [first] = journey.body.data;
    assertEquals([first?.to_node, first?.reason, first?.run_id], ["t", "webhook", event.run_id]);

    const later = await scene.deliver({ customer: 7, amount: 15 });
    const [known, ...others] = await entities(scene);
    assertEquals([others, known?.id, known?.name], [[], entity?.id, "Ada"]);
    assertEquals([known?.data, known?.run_id], [{ last_amount: 15 }, later.run_id]);
  }));

Deno.test("an event whose mapping fails is kept and runs, and says why it has no entity", () =>
  withMapping(MAPPING, async (scene) => {
    const event = await scene.deliver({ name: "Nobody", amount: 3 });
    assertEquals(event.mapping_error, "entity: key gave nothing instead of text");
    assertEquals(event.mapped, { input: { amount: 3 } });
    const run = await runOf(scene, event.run_id);
    assertEquals([run?.entity_id, run?.input.amount], [null, 3]);
    assertEquals(await entities(scene), []);

    // What only the database notices: together with what is known it is too much.
    await scene.deliver({ customer: 1, amount: 1 });
    const data = JSON.stringify({ much: "x".repeat(65_500) });
    await scene.api.db.sql`update public.entities set data = ${data}::text::jsonb`;
    const full = await scene.deliver({ customer: 1, amount: "y".repeat(100) });
    assertEquals(full.mapping_error, "entity: The data of an entity may have at most 64 KiB");
    assert((await runOf(scene, full.run_id))?.entity_id !== null);

    // Whatever stands in the column.
    await scene.api.db.sql`update public.webhook_endpoints set mapping = '{"entity": 1}'`;
    const broken = await scene.deliver({ customer: 1 });
    assertEquals(broken.mapping_error, "The mapping of the endpoint is not valid: save it again");
    assertEquals((await runOf(scene, broken.run_id))?.input.body, { customer: 1 });
  }));

Deno.test("a replay takes over what the mapping gave, also of an event that was held", () =>
  withMapping(MAPPING, async (scene) => {
    const first = await scene.deliver({ customer: 7, name: "Ada", amount: 12 });
    const replay = async (id: string) => {
      const { body } = await scene.ada.post<{ event_id: string; run_id: string }>(`/webhooks/events/${id}/replay`);
      return await runOf(scene, body.run_id);
    };
    const again = await replay(first.id);
    const [entity] = await entities(scene);
    assertEquals([again?.entity_id, again?.input.amount], [entity?.id, 12]);

    await scene.api.db
      .sql`update public.webhook_events set mapped = mapped || '{"entity": {"type": "lead", "key": "9"}}'`;
    const other = await replay(first.id);
    const made = await entities(scene);
    assertEquals(made.map(({ external_key, name }) => [external_key, name]), [["7", "Ada"], ["9", "9"]]);
    assertEquals(other?.entity_id, made[1]?.id);

    await scene.api.db.sql`update public.flows set is_active = false`;
    const held = await scene.deliver({ customer: 8, amount: 1 });
    assertEquals([held.run_id, (await entities(scene)).length], [null, 2]);
    await scene.api.db.sql`update public.flows set is_active = true`;
    const late = await replay(held.id);
    assertEquals([late?.input.amount, late?.entity_id], [1, (await entities(scene))[2]?.id]);
  }));

Deno.test("a mapping is checked when it is saved, changed, and taken away", () =>
  withMapping(undefined, async ({ ada, flowId, webhook, deliver }) => {
    assertEquals(webhook.mapping, null);
    assertEquals((await deliver({ customer: 1 })).mapped, null);
    const path = `/webhooks/${webhook.id}`;
    const bad = { entity: { type: "a", key: "{{ 1 + }}", data: { x: "{{ steps.a.output }}" } } };
    const refused = await ada.patch(path, { mapping: bad });
    expectProblem(refused, "invalid_request");
    const found = refused.body.problems?.map(({ path, code }) => [path, code]);
    assertEquals(found, [
      ["body.mapping.entity.key", "expression_invalid"],
      ["body.mapping.entity.data.x", "expression_invalid"],
    ]);
    for (const mapping of [{ entity: {} }, { more: 1 }, [], { input: "text" }, { input: { x: "y".repeat(8000) } }]) {
      expectProblem(await ada.patch(path, { mapping }), "invalid_request");
      const body = { name: "a", flow_id: flowId, provider: "stripe", mapping };
      expectProblem(await ada.post("/webhooks", body), "invalid_request");
    }
    assertEquals((await ada.patch<Webhook>(path, { mapping: MAPPING })).body.mapping, MAPPING);
    assertEquals((await ada.patch<Webhook>(path, { name: "Other" })).body.mapping, MAPPING);
    assertEquals((await ada.patch<Webhook>(path, { mapping: null })).body.mapping, null);
  }));
