/**
 * Bulk operations over HTTP.
 *
 * @module
 */
import { assertEquals } from "../../tests/helpers/assert.ts";
import { draw, saveFlow } from "../../tests/helpers/flows.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import { type Page, post, type RunBody, tick, withRuns } from "../../tests/helpers/runs_api.ts";
import { router } from "./router.ts";

interface Operation {
  id: string;
  status: string;
  total: number;
  done: number;
  failed: number;
}

const WAITS = draw({ t: ["trigger.manual"], w: ["logic.wait", { config: { mode: "approval" } }] }, "t>w");

Deno.test("POST /runs/bulk counts, works in the background, and tells how far it is", () =>
  withRuns(router, async (api, ada) => {
    const flow_id = await saveFlow(api, ada, WAITS);
    for (let n = 0; n < 3; n++) await post<RunBody>(ada, "/runs", { flow_id });
    const filter = { flow_id, status: ["running"] };
    const dry = await post<{ total: number }>(ada, "/runs/bulk", { action: "cancel", filter, dry_run: true });
    assertEquals([dry.status, dry.body], [200, { total: 3 } as typeof dry.body]);
    const made = await post<Operation>(ada, "/runs/bulk", { action: "cancel", filter });
    assertEquals([made.status, made.body.status, made.body.total], [202, "queued", 3]);
    assertEquals(new URL(made.headers.get("location")!).pathname, `/functions/v1/runs/bulk/${made.body.id}`);
    await tick(api);
    const { body } = await ada.get<Operation>(`/runs/bulk/${made.body.id}`);
    assertEquals([body.status, body.total, body.done, body.failed], ["completed", 3, 3, 0]);
    assertEquals((await ada.get<Page<RunBody>>(`/runs?status=cancelled`)).body.data.length, 3);
    assertEquals((await ada.get<Page<Operation>>("/runs/bulk")).body.data.map(({ id }) => id), [made.body.id]);
    expectProblem(await post(ada, `/runs/bulk/${made.body.id}/cancel`), "conflict");
    const stopped = await post<Operation>(ada, "/runs/bulk", { action: "delete", filter: { flow_id } });
    assertEquals((await post<Operation>(ada, `/runs/bulk/${stopped.body.id}/cancel`)).body.status, "cancelled");
    const stranger = await api.createUser();
    expectProblem(await stranger.get(`/runs/bulk/${made.body.id}`), "not_found");
    const wrong = [{}, { action: "cancel", filter: {} }, { action: "cancel" }, { action: "cancel", filter: { id: 1 } }];
    for (const body of wrong) expectProblem(await post(ada, "/runs/bulk", body), "invalid_request");
  }));
