/**
 * Jobs from the API to the worker and back, and a change of a table that becomes a finished run.
 *
 * @module
 */
import { backgroundSettled } from "../../shared/http/mod.ts";
import type { TestApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { draw, saveFlow, set } from "../../tests/helpers/flows.ts";
import { withServedApi } from "../../tests/helpers/served_api.ts";
import { loadRouters } from "./open_api.ts";

const routers = (await loadRouters()).filter(({ name }) => ["runs", "jobs", "worker"].includes(name));

interface Job {
  id: string;
  status: string;
  error: { code: string } | null;
  replay_of: string | null;
}

const WAITS = draw({ t: ["trigger.manual"], w: ["logic.wait", { config: { mode: "approval" } }] }, "t>w");
const CHANGED = draw(
  {
    manual: ["trigger.manual"],
    event: ["trigger.event"],
    a: set({ who: "{{ trigger.actor.email }}", paid: "{{ trigger.record.total }}", was: "{{ trigger.old_record }}" }),
  },
  "event>a",
);

/** Lets a worker do all that is due. */
async function drain(api: TestApi): Promise<void> {
  assertEquals((await api.operator.post("/worker/wake")).status, 202);
  await backgroundSettled();
}

Deno.test("a bulk operation is done by a worker, without the clock", () =>
  withServedApi(routers, async (api) => {
    const ada = await api.createUser();
    const flow_id = await saveFlow(api, ada, WAITS);
    for (let n = 0; n < 3; n++) await ada.post("/runs", { flow_id });
    await backgroundSettled();
    const made = await ada.post<{ id: string }>("/runs/bulk", { action: "cancel", filter: { flow_id } });
    const waiting = await ada.get<{ data: Job[] }>("/jobs?type=runs.bulk");
    assertEquals(waiting.body.data.map(({ status }) => status), ["queued"]);
    await drain(api);
    const { body } = await ada.get<{ status: string; done: number }>(`/runs/bulk/${made.body.id}`);
    assertEquals([body.status, body.done], ["completed", 3]);
    // It says that it keeps failures only.
    assertEquals((await ada.get<{ data: Job[] }>("/jobs")).body.data, []);
  }));

Deno.test("what can not be done becomes a dead letter, with the reason, and may be tried again", () =>
  withServedApi(routers, async (api) => {
    const ada = await api.createUser();
    const list = JSON.stringify([
      { type: "no.such", organization_id: ada.organizationId },
      { type: "runs.bulk", organization_id: ada.organizationId, payload: {} },
    ]);
    await api.db.sql`select engine.enqueue_jobs(${list}::text::jsonb)`;
    await drain(api);
    const { body } = await ada.get<{ data: Job[] }>("/jobs/dead-letters");
    assertEquals(body.data.map(({ error }) => error?.code).toSorted(), ["invalid_payload", "unknown_job_type"]);
    const replay = await ada.post("/jobs/dead-letters/replay", { filter: { code: "unknown_job_type" } });
    assertEquals(replay.body as unknown, { replayed: 1, refused: 0, left: 0, dry_run: false });
    await drain(api);
    const [again] = (await ada.get<{ data: Job[] }>("/jobs/dead-letters?code=unknown_job_type")).body.data;
    assert(body.data.some(({ id }) => id === again?.replay_of));
  }));

Deno.test("a change of a table runs its flow, from its event trigger, as the one who wrote", () =>
  withServedApi(routers, async (api) => {
    const ada = await api.createUser();
    const flow_id = await saveFlow(api, ada, CHANGED);
    await api.db.sql`create table public.shop_orders (id int primary key, total numeric)`;
    await api.db.sql`grant insert on public.shop_orders to authenticated`;
    await api.db.sql`select engine.on_change('public.shop_orders', ${flow_id}, '{"on": ["insert"]}')`;
    const claims = { sub: ada.id, email: ada.email };
    await api.db.as("authenticated", claims, (sql) => sql`insert into public.shop_orders values (1, 12.5)`);
    await drain(api);
    const { body } = await ada.get<{ data: { id: string }[] }>(`/runs?flow_id=${flow_id}&trigger=event`);
    const run = await ada.get<{ status: string; output: unknown }>(`/runs/${body.data[0]?.id}`);
    assertEquals([run.body.status, run.body.output], ["completed", { who: ada.email, paid: 12.5, was: null }]);
  }));
