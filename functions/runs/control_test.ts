/**
 * Runs under the hands of people, over HTTP: paused, resumed, signalled, decided.
 *
 * @module
 */
import type { Json, JsonObject } from "../../shared/graph/mod.ts";
import type { ApiUser, TestApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { draw, saveFlow, set } from "../../tests/helpers/flows.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import { begin as beginRun, type Page, post, read, type RunBody, withRuns } from "../../tests/helpers/runs_api.ts";
import { router } from "./router.ts";

interface WaitingRow {
  id: string;
  run_id: string;
  node_id: string;
  kind: string;
  data: Json;
  until: string | null;
  may_decide: boolean;
}
/** A flow that waits at `w`, then says what it got. */
const waitFlow = (config: JsonObject) =>
  draw(
    {
      t: ["trigger.manual"],
      w: ["logic.wait", { config }],
      a: set({ got: "{{ steps.w.output }}" }),
    },
    config["mode"] === "approval" ? "w/approved>a" : "w>a",
    "t>w",
  );

/** A run that waits. */
const begin = (api: TestApi, ada: ApiUser, config: JsonObject) => beginRun(api, ada, waitFlow(config));

Deno.test("POST /runs/:id/pause keeps a run where it is until /resume; each again gives the same answer", () =>
  withRuns(router, async (api, ada) => {
    const run = await begin(api, ada, { mode: "signal", signal: "go" });
    for (let n = 0; n < 2; n++) {
      const paused = await post<RunBody>(ada, `/runs/${run}/pause`);
      assertEquals([paused.status, paused.body.status], [200, "paused"]);
    }
    const sent = await post<{ delivered: boolean }>(ada, `/runs/${run}/signals`, { name: "go", data: 1 });
    assertEquals([sent.status, sent.body.delivered], [202, true]);
    const held = await read(ada, run);
    assertEquals([held.status, held.waiting_for?.reason], ["paused", "paused"]);
    const resumed = await post<RunBody>(ada, `/runs/${run}/resume`);
    assertEquals([resumed.status, resumed.body.status], [200, "running"]);
    const ended = await read(ada, run);
    assertEquals([ended.status, ended.output], ["completed", { got: { data: 1 } }]);
    expectProblem(await post(ada, `/runs/${run}/resume`), "run_finished");
    expectProblem(await post(ada, `/runs/${run}/pause`), "run_finished");
  }));

Deno.test("POST /runs/:id/signals keeps a signal that comes first, and refuses what is none", () =>
  withRuns(router, async (api, ada) => {
    const run = await begin(api, ada, { mode: "signal", signal: "second" });
    assertEquals((await read(ada, run)).waiting_for, { reason: "signal", node_ids: ["w"], until: null });
    const kept = await post<{ delivered: boolean }>(ada, `/runs/${run}/signals`, { name: "first" });
    assertEquals([kept.status, kept.body.delivered], [202, false]);
    for (const body of [{}, { name: "" }, { name: "a b" }, { name: "x".repeat(201) }, { name: "a", other: 1 }]) {
      expectProblem(await post(ada, `/runs/${run}/signals`, body), "invalid_request");
    }
    const large = { name: "second", data: "x".repeat(262_145) };
    expectProblem(await post(ada, `/runs/${run}/signals`, large), "payload_too_large");
    await post(ada, `/runs/${run}/signals`, { name: "second" });
    assertEquals((await read(ada, run)).output, { got: { data: null } });
    expectProblem(await post(ada, `/runs/${run}/signals`, { name: "second" }), "run_finished");
  }));

Deno.test("POST /runs/:id/steps/:node_id/decide: the first decision counts, by one of those who may", () =>
  withRuns(router, async (api, ada) => {
    const config = { mode: "approval", title: "Refund?", approvers: { roles: ["admin"] }, timeoutSeconds: 3600 };
    const run = await begin(api, ada, config);
    const admin = await api.createMember(ada.organizationId, "admin");
    const path = `/runs/${run}/steps/w/decide`;
    expectProblem(await post(ada, path, { decision: "approved" }), "forbidden");
    const wrong = [{}, { decision: "maybe" }, { outcome: "completed" }, { decision: "approved", outcome: "failed" }];
    for (const body of wrong) expectProblem(await post(admin, path, body), "invalid_request");
    expectProblem(await post(admin, `/runs/${run}/steps/a/decide`, { decision: "approved" }), "conflict");
    expectProblem(await post(admin, path, { decision: "approved", scope: "split.1" }), "conflict");
    const decided = await post<{ decision: string; user_id: string }>(admin, path, {
      decision: "approved",
      comment: "Fine",
    });
    assertEquals([decided.status, decided.body.decision, decided.body.user_id], [200, "approved", admin.id]);
    const { got } = (await read(ada, run)).output as { got: { decision: string; comment: string } };
    assertEquals([got.decision, got.comment], ["approved", "Fine"]);
    expectProblem(await post(admin, path, { decision: "rejected" }), "run_finished");
  }));

Deno.test("GET /runs/waiting lists what waits for people, in pages, and who may decide it", () =>
  withRuns(router, async (api, ada) => {
    const approval = { mode: "approval", title: "Refund?", approvers: { roles: ["admin"] }, timeoutSeconds: 3600 };
    const runs = [
      await begin(api, ada, approval),
      await begin(api, ada, { mode: "approval" }),
      await begin(api, ada, { mode: "signal", signal: "go" }),
    ];
    const first = (await ada.get<Page<WaitingRow>>("/runs/waiting?limit=1")).body;
    const second = (await ada.get<Page<WaitingRow>>(`/runs/waiting?limit=1&cursor=${first.next_cursor}`)).body;
    const rows = [...first.data, ...second.data];
    assertEquals(rows.map((row) => [row.run_id, row.node_id, row.kind, row.may_decide]), [
      [runs[0], "w", "approval", false],
      [runs[1], "w", "approval", true],
    ]);
    assertEquals(second.next_cursor, null);
    assertEquals(rows[0]?.data, { title: "Refund?", approvers: { roles: ["admin"], user_ids: [] } });
    assert(rows[0]?.until !== null && rows[1]?.until === null);
    const signals = (await ada.get<Page<WaitingRow>>("/runs/waiting?kind=signal")).body.data;
    assertEquals(signals.map(({ run_id }) => run_id), [runs[2]]);
    const viewer = await api.createMember(ada.organizationId, "viewer");
    const seen = (await viewer.get<Page<WaitingRow>>("/runs/waiting")).body.data;
    assertEquals(seen.map(({ may_decide }) => may_decide), [false, false]);
    const stranger = await api.createUser();
    assertEquals((await stranger.get<Page<WaitingRow>>("/runs/waiting")).body.data, []);
    expectProblem(await ada.get("/runs/waiting?kind=nothing"), "invalid_request");
    await post(ada, `/runs/${runs[1]}/steps/w/decide`, { decision: "rejected" });
    assertEquals((await ada.get<Page<WaitingRow>>("/runs/waiting")).body.data.length, 1);
  }));

Deno.test("GET /runs filters by several states and kinds of triggers, and by what a run belongs to", () =>
  withRuns(router, async (api, ada) => {
    const run = await begin(api, ada, { mode: "signal", signal: "go" });
    await post(ada, `/runs/${run}/pause`);
    const count = async (query: string) => (await ada.get<Page<RunBody>>(`/runs?${query}`)).body.data.length;
    assertEquals(await count("status=paused,compensating"), 1);
    assertEquals(await count("status=running"), 0);
    assertEquals(await count("trigger=schedule,manual"), 1);
    assertEquals(await count("trigger=schedule"), 0);
    for (const name of ["entity_id", "parent_run_id", "schedule_id", "flow_version_id"]) {
      assertEquals(await count(`${name}=${crypto.randomUUID()}`), 0);
    }
    expectProblem(await ada.get("/runs?status=stuck"), "invalid_request");
  }));

Deno.test("POST /runs takes an entity of the flow along, and refuses with run_limit_reached when the flow says so", () =>
  withRuns(router, async (api, ada) => {
    const graph = {
      ...draw({ t: ["trigger.manual"], w: ["logic.wait", { config: { mode: "approval" } }] }, "t>w"),
      settings: { maxConcurrentRuns: 1, whenFull: "refuse" as const },
    };
    const flow_id = await saveFlow(api, ada, graph);
    const other = await saveFlow(api, ada, graph);
    const entityOf = async (flow: string) => {
      const [row] = await api.db.as(
        "authenticated",
        { sub: ada.id },
        (sql) => sql`select public.create_entity(${flow}, 'lead') ->> 'id' as id`,
      );
      return row?.id as string;
    };
    const entity_id = await entityOf(flow_id);
    expectProblem(await post(ada, "/runs", { flow_id, entity_id: await entityOf(other) }), "not_found");
    expectProblem(await post(ada, "/runs", { flow_id, entity_id: crypto.randomUUID() }), "not_found");
    const started = await post<RunBody>(ada, "/runs", { flow_id, entity_id });
    assertEquals([started.status, started.body.entity_id], [202, entity_id]);
    const listed = await ada.get<Page<RunBody>>(`/runs?entity_id=${entity_id}`);
    assertEquals(listed.body.data.map(({ id }) => id), [started.body.id]);
    expectProblem(await post(ada, "/runs", { flow_id }), "run_limit_reached");
    await post(ada, `/runs/${started.body.id}/cancel`);
    const again = await post<RunBody>(ada, `/runs/${started.body.id}/retry`);
    assertEquals([again.status, again.body.entity_id], [202, entity_id]);
  }));
