import { withApi } from "../../tests/helpers/api.ts";
import { assertEquals } from "../../tests/helpers/assert.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import { VALID_GRAPH } from "./_testing.ts";
import type { VersionComparison } from "./compare_schemas.ts";
import { router } from "./router.ts";
import type { Flow } from "./schemas.ts";

const [START, END] = VALID_GRAPH.nodes;

Deno.test("GET /flows/:id/versions/compare says what was added, removed and changed, with its path", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const first = (await ada.post<Flow>("/flows", { name: "Compared", graph: VALID_GRAPH })).body;
    const path = `/flows/${first.id}`;
    const alone = await ada.get<VersionComparison>(`${path}/versions/compare`);
    assertEquals([alone.status, alone.body.from, alone.body.nodes.added], [200, null, ["start", "end"]]);

    const moved = { ...VALID_GRAPH, nodes: [START, { ...END, position: { x: 200, y: 90 } }] };
    const second = (await ada.patch<Flow>(path, { graph: moved })).body;
    const looks = (await ada.get<VersionComparison>(`${path}/versions/compare`)).body;
    assertEquals([looks.layout_only, looks.from?.number, looks.to.number], [true, 1, 2]);
    assertEquals(looks.nodes.changed, [{
      id: "end",
      layout_only: true,
      changes: [{ path: "position.y", before: 0, after: 90, layout: true }],
    }]);

    const changed = {
      nodes: [START, { ...END, data: { label: "End", config: { message: "Over" } } }, {
        id: "more",
        type: "logic.stop",
      }],
      edges: [{ id: "f", source: "start", target: "end" }, { id: "g", source: "start", target: "more" }],
      settings: { timeoutSeconds: 60 },
    };
    await ada.patch<Flow>(path, { graph: changed });
    const byNumber = await ada.get<VersionComparison>(`${path}/versions/compare?from=1&to=3`);
    assertEquals(byNumber.status, 200);
    const { nodes, edges, settings, layout_only } = byNumber.body;
    assertEquals([layout_only, nodes.added, nodes.removed], [false, ["more"], []]);
    assertEquals(nodes.changed, [{
      id: "end",
      layout_only: false,
      changes: [{ path: "data.config", after: { message: "Over" }, layout: false }],
    }]);
    assertEquals([edges.added, edges.removed, edges.reordered], [["f", "g"], ["e"], false]);
    assertEquals(settings.map((change) => [change.path, change.after]), [["timeoutSeconds", 60]]);
    const byId = await ada.get<VersionComparison>(
      `${path}/versions/compare?from=${second.current_version_id}&to=${first.current_version_id}`,
    );
    assertEquals([byId.body.from?.number, byId.body.to.number, byId.body.layout_only], [2, 1, true]);
    const before = await ada.get<VersionComparison>(`${path}/versions/compare?to=2`);
    assertEquals([before.body.from?.number, before.body.to.number], [1, 2]);
  }));

Deno.test("GET /flows/:id/versions/compare knows only versions of this flow and this tenant", () =>
  withApi([router], async (api) => {
    const [ada, bob] = [await api.createUser(), await api.createUser()];
    const { body: flow } = await ada.post<Flow>("/flows", { name: "One", graph: VALID_GRAPH });
    const { body: other } = await ada.post<Flow>("/flows", { name: "Other", graph: VALID_GRAPH });
    const path = `/flows/${flow.id}/versions/compare`;
    expectProblem(await ada.get(`${path}?from=${other.current_version_id}`), "not_found");
    expectProblem(await ada.get(`${path}?to=2`), "not_found");
    expectProblem(await bob.get(path), "not_found");
    for (const query of ["from=0", "to=-1", "from=one", "to=1e3", "from=99999999999"]) {
      expectProblem(await ada.get(`${path}?${query}`), "invalid_request");
    }
  }));
