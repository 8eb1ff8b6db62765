import { type ApiUser, type TestApi, withApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { draw, saveFlow } from "../../tests/helpers/flows.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import { router } from "./router.ts";
import type { EdgeStats, Entity, Journey } from "./schemas.ts";

interface List {
  data: Entity[];
  next_cursor: string | null;
}

const STEP: [string] = ["action.transform"];
const GRAPH = draw({ start: ["trigger.manual"], a: STEP, b: STEP }, "start>a", "a>b");

function flowOf(api: TestApi, user: ApiUser): Promise<string> {
  return saveFlow(api, user, GRAPH);
}

Deno.test("POST /entities puts a thing on the canvas, with address and version", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const flow_id = await flowOf(api, ada);
    const body = { flow_id, type: "customer", name: " Grace ", external_key: "cus_1", data: { vip: true } };
    const made = await ada.post<Entity>("/entities", { ...body, node_id: "a" });
    assertEquals(made.status, 201);
    assertEquals([made.body.name, made.body.node_id, made.body.move_count], ["Grace", "a", 1]);
    assertEquals([made.body.created_by, made.body.organization_id], [ada.id, ada.organizationId]);
    assertEquals(made.headers.get("location"), `http://project.test/functions/v1/entities/${made.body.id}`);
    const read = await ada.get<Entity>(`/entities/${made.body.id}`);
    assertEquals(read.body, made.body);
    const tag = read.headers.get("etag") ?? "";
    assertEquals(tag, made.headers.get("etag"));
    assertEquals((await ada.get(`/entities/${made.body.id}`, { "if-none-match": tag })).status, 304);

    expectProblem(await ada.post("/entities", body), "conflict");
    const again = await ada.post<Entity>("/entities", { ...body, data: { seen: 2 }, upsert: true });
    assertEquals([again.status, again.body.id], [200, made.body.id]);
    assertEquals(again.body.data, { vip: true, seen: 2 });
    assertEquals(again.headers.get("location"), null);
  }));

Deno.test("POST /entities says everything that is wrong with its body", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const wrong = { flow_id: "x", type: " ", name: "", external_key: "", data: [], node_id: "", upsert: 1, more: 1 };
    const refused = await ada.post("/entities", wrong);
    expectProblem(refused, "invalid_request");
    assertEquals(
      refused.body.problems?.map(({ path }) => path).toSorted(),
      Object.keys(wrong).map((name) => `body.${name}`).toSorted(),
    );
    const flow_id = await flowOf(api, ada);
    const keyless = await ada.post("/entities", { flow_id, type: "a", upsert: true });
    expectProblem(keyless, "invalid_request");
    assertEquals(keyless.body.problems?.[0]?.path, "body.external_key");
    const nowhere = await ada.post("/entities", { flow_id, type: "a", node_id: "zzz" });
    expectProblem(nowhere, "unknown_node");
    assertEquals(nowhere.body.problems?.[0]?.node_id, "zzz");
    const large = { flow_id, type: "a", data: { text: "x".repeat(65_536) } };
    expectProblem(await ada.post("/entities", large), "payload_too_large");
    assertEquals((await ada.get<List>("/entities")).body.data, []);
  }));

Deno.test("POST /entities gives the same answer to the same Idempotency-Key, and no second entity", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const body = { flow_id: await flowOf(api, ada), type: "lead" };
    const key = { "idempotency-key": "once" };
    const [first, second] = await Promise.all([
      ada.post<Entity>("/entities", body, key),
      ada.post<Entity>("/entities", body, key),
    ]);
    assertEquals([first.status, second.status], [201, 201]);
    assertEquals(first.body, second.body);
    expectProblem(await ada.post("/entities", { ...body, type: "other" }, key), "idempotency_mismatch");
  }));

Deno.test("GET /entities filters, sorts, pages and gives the fields that were asked for", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const [flow_id, other] = [await flowOf(api, ada), await flowOf(api, ada)];
    const make = async (body: Record<string, unknown>) =>
      (await ada.post<Entity>("/entities", { flow_id, type: "lead", ...body })).body.id;
    await make({ name: "Ada", node_id: "a" });
    await make({ name: "Bob 100%", external_key: "k,1", node_id: "b" });
    await make({ name: "Cy", type: "customer" });
    await make({ name: "Dee", flow_id: other });
    const names = async (query: string) => {
      const { status, body } = await ada.get<List>(`/entities?${query}`);
      assertEquals(status, 200, query);
      return body.data.map(({ name }) => name);
    };
    assertEquals(await names(""), ["Dee", "Cy", "Bob 100%", "Ada"]);
    assertEquals(await names("sort=name"), ["Ada", "Bob 100%", "Cy", "Dee"]);
    assertEquals(await names("sort=-updated_at"), ["Dee", "Cy", "Bob 100%", "Ada"]);
    assertEquals(await names(`flow_id=${flow_id}&type=lead`), ["Bob 100%", "Ada"]);
    assertEquals(await names("node_id=a"), ["Ada"]);
    assertEquals(await names("external_key=k,1"), ["Bob 100%"]);
    assertEquals(await names("q=00%25"), ["Bob 100%"]);
    assertEquals(await names(`run_id=${crypto.randomUUID()}`), []);
    for (const sort of ["created_at", "-created_at", "name", "-name", "updated_at"]) {
      const seen: string[] = [];
      let cursor: string | null = "";
      while (cursor !== null) {
        const query: string = cursor === "" ? "" : `&cursor=${cursor}`;
        const { body }: { body: List } = await ada.get(`/entities?limit=3&sort=${sort}${query}`);
        seen.push(...body.data.map(({ name }) => name));
        cursor = body.next_cursor;
      }
      assertEquals(seen.toSorted(), ["Ada", "Bob 100%", "Cy", "Dee"], sort);
    }
    const { body } = await ada.get<List>("/entities?fields=name,node_id&q=ada");
    assertEquals(body.data.map(({ id: _, ...rest }) => rest) as unknown[], [{ name: "Ada", node_id: "a" }]);
    for (const query of ["flow_id=1", "type=", "node_id=", "fields=deleted_at", "sort=entered_at", "q="]) {
      expectProblem(await ada.get(`/entities?${query}`), "invalid_request");
    }
  }));

Deno.test("PATCH and DELETE /entities/:id keep to the version that was read", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const body = { flow_id: await flowOf(api, ada), type: "lead", external_key: "k" };
    const made = await ada.post<Entity>("/entities", body);
    const path = `/entities/${made.body.id}`;
    const tag = { "if-match": made.headers.get("etag") ?? "" };
    const changed = await ada.patch<Entity>(path, { name: "New", external_key: null, data: { a: 1 } }, tag);
    assertEquals([changed.status, changed.body.name, changed.body.external_key], [200, "New", null]);
    expectProblem(await ada.patch(path, { name: "Late" }, tag), "version_mismatch");
    expectProblem(await ada.patch(path, {}), "invalid_request");
    expectProblem(await ada.patch(path, { type: "other" }), "invalid_request");
    await ada.post("/entities", body);
    expectProblem(await ada.patch(path, { external_key: "k" }), "conflict");
    expectProblem(await ada.delete(path, tag), "version_mismatch");
    assertEquals((await ada.delete(path)).status, 204);
    for (const gone of [path, `${path}/journey`]) expectProblem(await ada.get(gone), "not_found");
    expectProblem(await ada.post(`${path}/move`, { node_id: "a" }), "not_found");
  }));

Deno.test("POST /entities/:id/move goes to nodes of the flow, and the journey and the edges tell of it", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const flow_id = await flowOf(api, ada);
    const { body: entity } = await ada.post<Entity>("/entities", { flow_id, type: "lead", node_id: "start" });
    const move = (node_id: string, headers = {}) =>
      ada.post<Entity>(`/entities/${entity.id}/move`, { node_id }, headers);
    for (const node of ["a", "b", "start"]) assertEquals((await move(node)).body.node_id, node);
    const refused = await ada.post(`/entities/${entity.id}/move`, { node_id: "c" });
    expectProblem(refused, "unknown_node");
    assertEquals(refused.body.detail, 'The flow has no node "c"');
    assertEquals(refused.body.problems?.map(({ path, node_id }) => [path, node_id]), [["body.node_id", "c"]]);
    expectProblem(
      await ada.post(`/entities/${entity.id}/move`, { node_id: "a" }, { "if-match": '"v1"' }),
      "version_mismatch",
    );

    const seen: (string | null)[][] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const query: string = cursor === "" ? "" : `&cursor=${cursor}`;
      const { body }: { body: Journey } = await ada.get(`/entities/${entity.id}/journey?limit=3${query}`);
      assertEquals(body.durations.map(({ node_id }) => node_id).toSorted(), ["a", "b", "start"]);
      assertEquals(body.durations.filter(({ since }) => since !== null).map(({ node_id }) => node_id), ["start"]);
      seen.push(...body.data.map(({ from_node, to_node, edge_id, reason }) => [from_node, to_node, edge_id, reason]));
      cursor = body.next_cursor;
    }
    assertEquals(seen, [
      [null, "start", null, "created"],
      ["start", "a", "e0", "manual"],
      ["a", "b", "e1", "manual"],
      ["b", "start", null, "manual"],
    ]);
    const newest = await ada.get<Journey>(`/entities/${entity.id}/journey?limit=1&sort=-moved_at`);
    assertEquals(newest.body.data.map(({ number }) => number), [4]);
    const elsewhere = await ada.post<Entity>("/entities", { flow_id, type: "lead" });
    expectProblem(
      await ada.get(`/entities/${elsewhere.body.id}/journey?limit=1&sort=-moved_at&cursor=${newest.body.next_cursor}`),
      "invalid_cursor",
    );

    const stats = await ada.get<{ data: EdgeStats[] }>(`/entities/edge-stats?flow_id=${flow_id}`);
    assertEquals(stats.body.data.map(({ edge_ids, moves }) => [edge_ids, moves]), [[["e0"], 1], [["e1"], 1]]);
    assert(stats.body.data.every(({ average_seconds }) => average_seconds > 0));
    expectProblem(await ada.get("/entities/edge-stats"), "invalid_request");
    expectProblem(await ada.get(`/entities/edge-stats?flow_id=${crypto.randomUUID()}`), "not_found");
  }));

Deno.test("entities of another organization are missing ones, to every route", () =>
  withApi([router], async (api) => {
    const [ada, eve] = [await api.createUser(), await api.createUser()];
    const flow_id = await flowOf(api, ada);
    const { body: entity } = await ada.post<Entity>("/entities", { flow_id, type: "lead", node_id: "a" });
    const path = `/entities/${entity.id}`;
    for (const read of [path, `${path}/journey`, `/entities/edge-stats?flow_id=${flow_id}`]) {
      expectProblem(await eve.get(read), "not_found");
    }
    expectProblem(await eve.patch(path, { name: "Eve" }), "not_found");
    expectProblem(await eve.post(`${path}/move`, { node_id: "b" }), "not_found");
    expectProblem(await eve.delete(path), "not_found");
    expectProblem(await eve.post("/entities", { flow_id, type: "lead" }), "not_found");
    assertEquals((await eve.get<List>("/entities")).body.data, []);
    const viewer = await api.createMember(ada.organizationId, "viewer");
    const own = { "x-organization-id": ada.organizationId };
    assertEquals((await viewer.get<Entity>(path, own)).status, 200);
    expectProblem(await viewer.post(`${path}/move`, { node_id: "b" }, own), "forbidden");
  }));
