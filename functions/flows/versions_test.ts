import { withApi } from "../../tests/helpers/api.ts";
import { assertEquals } from "../../tests/helpers/assert.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import { INVALID_GRAPH, OTHER_VALID_GRAPH, VALID_GRAPH } from "./_testing.ts";
import { router } from "./router.ts";
import type { Flow, Version, VersionSummary } from "./schemas.ts";

interface List {
  data: VersionSummary[];
  next_cursor: string | null;
}

Deno.test("GET /flows/:id/versions lists what was saved, the newest first, page by page", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const { body: flow } = await ada.post<Flow>("/flows", { name: "Grown", graph: VALID_GRAPH });
    await ada.patch(`/flows/${flow.id}`, { graph: OTHER_VALID_GRAPH });
    await ada.patch(`/flows/${flow.id}`, { graph: VALID_GRAPH });
    const first = await ada.get<List>(`/flows/${flow.id}/versions?limit=2`);
    assertEquals(first.body.data.map(({ number }) => number), [3, 2]);
    const cursor = first.body.next_cursor;
    const second = await ada.get<List>(`/flows/${flow.id}/versions?limit=2&cursor=${cursor}`);
    assertEquals(second.body.data.map(({ number }) => number), [1]);
    assertEquals(second.body.next_cursor, null);
    const oldest = await ada.get<List>(`/flows/${flow.id}/versions?sort=number&limit=1`);
    assertEquals(oldest.body.data[0]?.id, flow.current_version_id ?? undefined);

    const { body: other } = await ada.post<Flow>("/flows", { name: "Other" });
    expectProblem(await ada.get(`/flows/${other.id}/versions?limit=2&cursor=${cursor}`), "invalid_cursor");
  }));

Deno.test("GET /flows/:id/versions/:versionId gives a version of this flow, and 304 to who has it", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const { body: flow } = await ada.post<Flow>("/flows", { name: "One", graph: VALID_GRAPH });
    const { body: other } = await ada.post<Flow>("/flows", { name: "Other", graph: VALID_GRAPH });
    const path = `/flows/${flow.id}/versions/${flow.current_version_id}`;
    const version = await ada.get<Version>(path);
    assertEquals(version.status, 200);
    assertEquals<unknown>(version.body.graph, VALID_GRAPH);
    assertEquals(version.headers.get("etag"), '"v1"');
    assertEquals((await ada.get(path, { "if-none-match": '"v1"' })).status, 304);
    expectProblem(await ada.get(`/flows/${flow.id}/versions/${other.current_version_id}`), "not_found");
  }));

Deno.test("a flow and its versions say how long their edges are, also after a change of the layout only", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const made = await ada.post<Flow>("/flows", { name: "Drawn", graph: VALID_GRAPH });
    assertEquals([made.status, made.body.edge_lengths], [201, { e: 200 }]);
    const nodes = VALID_GRAPH.nodes.map((node) => node.id === "end" ? { ...node, position: { x: 30, y: 40 } } : node);
    const path = `/flows/${made.body.id}`;
    const moved = await ada.patch<Flow>(path, { graph: { ...VALID_GRAPH, nodes } });
    assertEquals([moved.status, moved.body.edge_lengths], [200, { e: 50 }]);
    assertEquals((await ada.get<Flow>(path)).body.edge_lengths, { e: 50 });
    const lengths = async ({ body }: { body: Flow }) =>
      (await ada.get<Version>(`${path}/versions/${body.current_version_id}`)).body.edge_lengths;
    assertEquals([await lengths(made), await lengths(moved)], [{ e: 200 }, { e: 50 }]);
  }));

Deno.test("POST /flows/:id/versions/:versionId/restore makes an old graph the newest version", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const made = await ada.post<Flow>("/flows", { name: "Restored", graph: VALID_GRAPH });
    const path = `/flows/${made.body.id}`;
    const changed = await ada.patch<Flow>(path, { graph: OTHER_VALID_GRAPH });
    const restore = `${path}/versions/${made.body.current_version_id}/restore`;
    expectProblem(
      await ada.post(restore, undefined, { "if-match": made.headers.get("etag") ?? "" }),
      "version_mismatch",
    );
    const restored = await ada.post<Flow>(restore, undefined, { "if-match": changed.headers.get("etag") ?? "" });
    assertEquals(restored.status, 200);
    assertEquals(restored.body.version_number, 3);
    assertEquals<unknown>(restored.body.graph, VALID_GRAPH);
    const other = await ada.post<Flow>("/flows", { name: "Other", graph: VALID_GRAPH });
    expectProblem(await ada.post(`${path}/versions/${other.body.current_version_id}/restore`), "not_found");
  }));

Deno.test("restoring a draft with errors is refused while the flow is active", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const { body: draft } = await ada.post<Flow>("/flows", { name: "Draft", graph: INVALID_GRAPH, is_active: false });
    const path = `/flows/${draft.id}`;
    await ada.patch(path, { graph: VALID_GRAPH, is_active: true });
    const restore = `${path}/versions/${draft.current_version_id}/restore`;
    expectProblem(await ada.post(restore), "flow_invalid");
    await ada.post(`${path}/deactivate`);
    const restored = await ada.post<Flow>(restore);
    assertEquals([restored.status, restored.body.problems.length > 0], [200, true]);
  }));
