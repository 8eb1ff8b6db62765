import { withApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals, assertNotEquals } from "../../tests/helpers/assert.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import { INVALID_GRAPH, OTHER_VALID_GRAPH, VALID_GRAPH } from "./_testing.ts";
import { router } from "./router.ts";
import type { Flow, FlowSummary } from "./schemas.ts";

interface List {
  data: FlowSummary[];
  next_cursor: string | null;
}

Deno.test("POST /flows makes a flow that can be read, with address and version", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const made = await ada.post<Flow>("/flows", { name: "  Greet  ", description: "Says hello", graph: VALID_GRAPH });
    assertEquals(made.status, 201);
    assertEquals(made.body.name, "Greet");
    assertEquals(made.body.is_active, true);
    assertEquals(made.body.version_number, 1);
    assertEquals(made.body.problems, []);
    assertEquals(made.body.created_by, ada.id);
    assertEquals(made.body.organization_id, ada.organizationId);
    assertEquals(made.headers.get("location"), `http://project.test/functions/v1/flows/${made.body.id}`);
    assertEquals(made.headers.get("etag"), `"v${made.body.version}"`);

    const read = await ada.get<Flow>(`/flows/${made.body.id}`);
    assertEquals(read.status, 200);
    assertEquals(read.body, made.body);
    assertEquals(read.headers.get("etag"), made.headers.get("etag"));
  }));

Deno.test("POST /flows refuses a graph with errors and lists them all, each with its node", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const refused = await ada.post("/flows", { name: "Broken", graph: INVALID_GRAPH });
    expectProblem(refused, "flow_invalid");
    const found = refused.body.problems?.map(({ code, node_id, edge_id }) => [code, node_id ?? edge_id]);
    assertEquals(found, [["unknown_node_type", "what"], ["expression_invalid", "end"], ["dangling_edge", "c"]]);
    assertEquals((await ada.get<List>("/flows")).body.data, []);
  }));

Deno.test("POST /flows keeps a draft with its errors, but none that no editor could open", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const draft = await ada.post<Flow>("/flows", { name: "Draft", graph: INVALID_GRAPH, is_active: false });
    assertEquals(draft.status, 201);
    assertEquals(draft.body.problems.filter(({ severity }) => severity === "error").length, 3);

    const empty = await ada.post<Flow>("/flows", { name: "Empty" });
    assertEquals(empty.status, 201);
    assertEquals(empty.body.is_active, false);
    assertEquals(empty.body.problems.map(({ code }) => code), ["no_trigger"]);
    expectProblem(await ada.post("/flows", { name: "Empty", is_active: true }), "flow_invalid");

    for (const graph of [{}, { nodes: {}, edges: [] }, { nodes: [], edges: 1 }]) {
      expectProblem(await ada.post("/flows", { name: "No graph", graph, is_active: false }), "flow_invalid");
    }
    const nodes = Array.from({ length: 501 }, (_, n) => ({ id: `n${n}`, type: "logic.merge" }));
    const many = await ada.post("/flows", { name: "Many", graph: { nodes, edges: [] }, is_active: false });
    expectProblem(many, "flow_invalid");
    assertEquals(many.body.problems?.[0]?.code, "too_many_nodes");
  }));

Deno.test("POST /flows says everything that is wrong with its body", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const refused = await ada.post("/flows", { name: " ", graph: [], workspace_id: "x", is_active: 1, nmae: "a" });
    expectProblem(refused, "invalid_request");
    assertEquals(refused.body.problems?.map(({ path }) => path).toSorted(), [
      "body.graph",
      "body.is_active",
      "body.name",
      "body.nmae",
      "body.workspace_id",
    ]);
    const name = "x".repeat(201);
    expectProblem(await ada.post("/flows", { name, graph: VALID_GRAPH }), "invalid_request");
    const elsewhere = await ada.post("/flows", { name: "a", graph: VALID_GRAPH, workspace_id: crypto.randomUUID() });
    expectProblem(elsewhere, "not_found");
  }));

Deno.test("POST /flows gives the same answer to the same Idempotency-Key, and no second flow", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const key = { "idempotency-key": "once" };
    const body = { name: "Once", graph: VALID_GRAPH };
    const [first, second] = await Promise.all([
      ada.post<Flow>("/flows", body, key),
      ada.post<Flow>("/flows", body, key),
    ]);
    assertEquals(first.status, 201);
    assertEquals(second.status, 201);
    assertEquals(first.body, second.body);
    assertEquals((await ada.get<List>("/flows")).body.data.length, 1);
    expectProblem(await ada.post("/flows", { ...body, name: "Twice" }, key), "idempotency_mismatch");
    expectProblem(await ada.post("/flows", body, { "idempotency-key": 'a"b' }), "invalid_request");
    const bob = await api.createUser();
    assertNotEquals((await bob.post<Flow>("/flows", body, key)).body.id, first.body.id);
  }));

Deno.test("POST /flows stops at the plan's number of flows", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    await api.db.sql`update public.plans set max_flows = 1 where id = 'free'`;
    assertEquals((await ada.post("/flows", { name: "One" })).status, 201);
    expectProblem(await ada.post("/flows", { name: "Two" }), "plan_limit_reached");
  }));

Deno.test("GET /flows pages through every flow once, in each order", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const names = ["delta", "alpha", "char,lie.(1)", "bravo *%", "élan"];
    for (const name of names) await ada.post("/flows", { name });
    for (const sort of ["created_at", "-created_at", "name", "-name", "updated_at"]) {
      const seen: string[] = [];
      let cursor: string | null = "";
      for (let page = 0; page < 5 && cursor !== null; page++) {
        const query: string = cursor === "" ? "" : `&cursor=${cursor}`;
        const { status, body }: { status: number; body: List } = await ada.get(`/flows?limit=2&sort=${sort}${query}`);
        assertEquals(status, 200);
        seen.push(...body.data.map(({ name }) => name));
        cursor = body.next_cursor;
      }
      assertEquals(seen.toSorted(), names.toSorted(), sort);
      if (sort === "-created_at") assertEquals(seen, names.toReversed());
    }
  }));

Deno.test("GET /flows refuses a cursor of another order, filter or organization", () =>
  withApi([router], async (api) => {
    const [ada, bob] = [await api.createUser(), await api.createUser()];
    for (const name of ["a", "b"]) await ada.post("/flows", { name });
    for (const name of ["a", "b"]) await bob.post("/flows", { name });
    const { body } = await ada.get<List>("/flows?limit=1");
    const cursor = body.next_cursor ?? "";
    assertEquals((await ada.get(`/flows?limit=1&cursor=${cursor}`)).status, 200);
    assertEquals((await ada.get(`/flows?limit=1&cursor=${cursor}&fields=name`)).status, 200);
    expectProblem(await ada.get(`/flows?limit=1&cursor=${cursor}&sort=name`), "invalid_cursor");
    expectProblem(await ada.get(`/flows?limit=1&cursor=${cursor}&q=a`), "invalid_cursor");
    // The first letter of the signature: the last one has bits that mean nothing, so another may stand for the same bytes.
    const edited = cursor.replace(/\.(.)/, (_, letter) => `.${letter === "A" ? "B" : "A"}`);
    expectProblem(await ada.get(`/flows?limit=1&cursor=${edited}`), "invalid_cursor");
    expectProblem(await bob.get(`/flows?limit=1&cursor=${cursor}`), "invalid_cursor");
  }));

Deno.test("GET /flows filters by state, workspace and text, in which no character is special", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const on = await ada.post<Flow>("/flows", { name: "100% (Live)", graph: VALID_GRAPH });
    await ada.post("/flows", { name: "100 drafts_*" });
    const found = async (query: string) => {
      const { status, body } = await ada.get<List>(`/flows?${query}`);
      assertEquals(status, 200, query);
      return body.data.map(({ name }) => name).toSorted();
    };
    assertEquals(await found("is_active=true"), ["100% (Live)"]);
    assertEquals(await found("is_active=false"), ["100 drafts_*"]);
    assertEquals(await found(`workspace_id=${on.body.workspace_id}`), ["100 drafts_*", "100% (Live)"]);
    assertEquals(await found(`workspace_id=${crypto.randomUUID()}`), []);
    assertEquals(await found("q=100"), ["100 drafts_*", "100% (Live)"]);
    assertEquals(await found("q=%28LIVE%29"), ["100% (Live)"]);
    for (const [text, expected] of [["%", "100% (Live)"], ["_", "100 drafts_*"], ["*", "100 drafts_*"]] as const) {
      assertEquals(await found(`q=${encodeURIComponent(text)}`), [expected], text);
    }
    for (const text of [".*", "100.", "\\", "[", "a|b", ",", '"', "(", "^1"]) {
      const expected = text === "(" ? ["100% (Live)"] : [];
      assertEquals(await found(`q=${encodeURIComponent(text)}`), expected, text);
    }
    for (
      const query of [
        "is_active=yes",
        "workspace_id=1",
        "q=",
        "q=%00",
        "fields=secret",
        "fields=",
        "is_active=true&is_active=false",
      ]
    ) {
      expectProblem(await ada.get(`/flows?${query}`), "invalid_request");
    }
  }));

Deno.test("GET /flows answers with the fields that were asked for, and the id", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const { body: flow } = await ada.post<Flow>("/flows", { name: "Sparse" });
    const { body } = await ada.get<List>("/flows?fields=name,is_active&sort=updated_at");
    assertEquals<unknown>(body.data, [{ id: flow.id, name: "Sparse", is_active: false }]);
  }));

Deno.test("GET /flows/:id answers 304 to who has it already", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const made = await ada.post<Flow>("/flows", { name: "Known", graph: VALID_GRAPH });
    const tag = made.headers.get("etag") ?? "";
    for (const header of [tag, `W/${tag}`, `"v0", ${tag}`, "*"]) {
      const known = await ada.get(`/flows/${made.body.id}`, { "if-none-match": header });
      assertEquals(known.status, 304, header);
      assertEquals(known.headers.get("etag"), tag);
    }
    assertEquals((await ada.get(`/flows/${made.body.id}`, { "if-none-match": '"v0"' })).status, 200);
  }));

Deno.test("PATCH /flows/:id changes what is named, makes versions of graphs, and refuses a stale If-Match", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const made = await ada.post<Flow>("/flows", { name: "Before", description: "Kept", graph: VALID_GRAPH });
    const path = `/flows/${made.body.id}`;
    const renamed = await ada.patch<Flow>(path, { name: "After" }, { "if-match": made.headers.get("etag") ?? "" });
    assertEquals(renamed.status, 200);
    assertEquals(renamed.body.name, "After");
    assertEquals(renamed.body.description, "Kept");
    assertEquals(renamed.body.version_number, 1);
    assertNotEquals(renamed.headers.get("etag"), made.headers.get("etag"));

    const same = await ada.patch<Flow>(path, { graph: VALID_GRAPH });
    assertEquals(same.body.version_number, 1);
    const drawn = await ada.patch<Flow>(path, { graph: OTHER_VALID_GRAPH });
    assertEquals(drawn.body.version_number, 2);
    assertEquals<unknown>(drawn.body.graph, OTHER_VALID_GRAPH);

    const stale = await ada.patch(path, { name: "Late" }, { "if-match": made.headers.get("etag") ?? "" });
    expectProblem(stale, "version_mismatch");
    expectProblem(await ada.patch(path, { name: "Late" }, { "if-match": '"another"' }), "version_mismatch");
    expectProblem(await ada.patch(path, {}), "invalid_request");
    assertEquals((await ada.get<Flow>(path)).body.name, "After");
  }));

Deno.test("PATCH /flows/:id keeps an active flow free of errors, and lets a draft have them", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const made = await ada.post<Flow>("/flows", { name: "Live", graph: VALID_GRAPH });
    const path = `/flows/${made.body.id}`;
    expectProblem(await ada.patch(path, { graph: INVALID_GRAPH }), "flow_invalid");
    expectProblem(await ada.patch(path, { graph: INVALID_GRAPH, is_active: true }), "flow_invalid");
    assertEquals((await ada.get<Flow>(path)).body.version_number, 1);

    const draft = await ada.patch<Flow>(path, { graph: INVALID_GRAPH, is_active: false });
    assertEquals(draft.status, 200);
    assertEquals(draft.body.version_number, 2);
    assertEquals(draft.body.problems.length > 2, true);
    const again = { ...INVALID_GRAPH, nodes: INVALID_GRAPH.nodes.slice(1) };
    assertEquals((await ada.patch<Flow>(path, { graph: again })).body.version_number, 3);
    const stale = await ada.patch(path, { graph: INVALID_GRAPH }, { "if-match": '"v1"' });
    expectProblem(stale, "version_mismatch");

    expectProblem(await ada.patch(path, { is_active: true }), "flow_invalid");
    expectProblem(await ada.post(`${path}/activate`), "flow_invalid");
    const fixed = await ada.patch<Flow>(path, { graph: VALID_GRAPH, is_active: true });
    assertEquals(fixed.body.is_active, true);
  }));

Deno.test("POST /flows/:id/activate and /deactivate switch a flow, whatever it was before", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const made = await ada.post<Flow>("/flows", { name: "Switched", graph: VALID_GRAPH, is_active: false });
    const path = `/flows/${made.body.id}`;
    const on = await ada.post<Flow>(`${path}/activate`);
    assertEquals([on.status, on.body.is_active], [200, true]);
    const still = await ada.post<Flow>(`${path}/activate`);
    assertEquals(still.headers.get("etag"), on.headers.get("etag"));
    expectProblem(await ada.post(`${path}/deactivate`, undefined, { "if-match": '"v1"' }), "version_mismatch");
    expectProblem(await ada.post(`${path}/activate`, undefined, { "if-match": '"v1"' }), "version_mismatch");
    const off = await ada.post<Flow>(`${path}/deactivate`, undefined, { "if-match": on.headers.get("etag") ?? "" });
    assertEquals([off.status, off.body.is_active], [200, false]);
  }));

Deno.test("a flow never becomes active with errors, also when its graph changes at the same moment", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const made = await ada.post<Flow>("/flows", { name: "Raced", graph: VALID_GRAPH, is_active: false });
    const activate = ada.post(`/flows/${made.body.id}/activate`);
    const replies = await Promise.all([activate, ada.patch(`/flows/${made.body.id}`, { graph: INVALID_GRAPH })]);
    const { body } = await ada.get<Flow>(`/flows/${made.body.id}`);
    const broken = body.problems.some(({ severity }) => severity === "error");
    assert(!(body.is_active && broken), JSON.stringify(replies.map(({ status }) => status)));
  }));

Deno.test("POST /flows/:id/duplicate copies a flow as a draft", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const made = await ada.post<Flow>("/flows", { name: "Original", description: "d", graph: VALID_GRAPH });
    const copy = await ada.post<Flow>(`/flows/${made.body.id}/duplicate`);
    assertEquals(copy.status, 201);
    assertEquals(copy.body.name, "Original (Copy)");
    assertEquals(copy.body.is_active, false);
    assertEquals(copy.body.graph, made.body.graph);
    assertEquals(copy.headers.get("location"), `http://project.test/functions/v1/flows/${copy.body.id}`);
    const named = await ada.post<Flow>(`/flows/${made.body.id}/duplicate`, { name: "Named" });
    assertEquals(named.body.name, "Named");
  }));

Deno.test("DELETE /flows/:id makes a flow and its versions vanish", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const made = await ada.post<Flow>("/flows", { name: "Gone", graph: VALID_GRAPH });
    const path = `/flows/${made.body.id}`;
    expectProblem(await ada.delete(path, { "if-match": '"v99"' }), "version_mismatch");
    const gone = await ada.delete(path, { "if-match": made.headers.get("etag") ?? "" });
    assertEquals([gone.status, gone.body as unknown], [204, ""]);
    expectProblem(await ada.get(path), "not_found");
    expectProblem(await ada.get(`${path}/versions`), "not_found");
    expectProblem(await ada.delete(path), "not_found");
    assertEquals((await ada.get<List>("/flows")).body.data, []);
  }));

Deno.test("POST /flows/validate gives the verdict without storing anything", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const good = await ada.post("/flows/validate", { graph: VALID_GRAPH });
    assertEquals<unknown>([good.status, good.body], [200, { valid: true, problems: [] }]);
    const bad = await ada.post("/flows/validate", { graph: INVALID_GRAPH });
    assertEquals([bad.status, bad.body.valid, bad.body.problems?.length], [200, false, 3]);
    assertEquals((await ada.post("/flows/validate", { graph: {} })).body.valid, false);
    expectProblem(await ada.post("/flows/validate", {}), "invalid_request");
    assertEquals((await ada.get<List>("/flows")).body.data, []);
  }));

Deno.test("a flow of another tenant is as if it were not there, for reading and writing", () =>
  withApi([router], async (api) => {
    const [ada, eve] = [await api.createUser(), await api.createUser()];
    const made = await ada.post<Flow>("/flows", { name: "Private", graph: VALID_GRAPH });
    const version = made.body.current_version_id;
    const path = `/flows/${made.body.id}`;
    const missing = `/flows/${crypto.randomUUID()}`;
    const attempts: [string, string, unknown][] = [
      ["GET", "", undefined],
      ["PATCH", "", { name: "Mine" }],
      ["PATCH", "", { is_active: true }],
      ["DELETE", "", undefined],
      ["POST", "/activate", undefined],
      ["POST", "/deactivate", undefined],
      ["POST", "/duplicate", undefined],
      ["POST", "/run", {}],
      ["GET", "/versions", undefined],
      ["GET", `/versions/${version}`, undefined],
      ["POST", `/versions/${version}/restore`, undefined],
    ];
    for (const [method, rest, body] of attempts) {
      const [theirs, none] = [await eve.send(method, path + rest, body), await eve.send(method, missing + rest, body)];
      expectProblem(theirs, "not_found");
      assertEquals({ ...theirs.body, request_id: "" }, { ...none.body, request_id: "" });
    }
    assertEquals((await eve.get<List>("/flows")).body.data, []);
    assertEquals((await ada.get<Flow>(path)).body, made.body);
  }));

Deno.test("a viewer reads flows and changes none; X-Organization-Id chooses among one's organizations", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const viewer = await api.createMember(ada.organizationId, "viewer");
    const made = await ada.post<Flow>("/flows", { name: "Shared", graph: VALID_GRAPH });
    assertEquals((await viewer.get(`/flows/${made.body.id}`)).status, 200);
    expectProblem(await viewer.patch(`/flows/${made.body.id}`, { name: "No" }), "forbidden");
    expectProblem(await viewer.post(`/flows/${made.body.id}/run`), "forbidden");

    const bob = await api.createUser();
    await api.db.sql`
      insert into public.organization_members (organization_id, user_id, role)
      values (${ada.organizationId}, ${bob.id}, 'developer')`;
    const inAdas = { "x-organization-id": ada.organizationId };
    assertEquals((await bob.get<List>("/flows")).body.data, []);
    assertEquals((await bob.get<List>("/flows", inAdas)).body.data.map(({ id }) => id), [made.body.id]);
    const { body } = await bob.post<Flow>("/flows", { name: "Bob's" }, inAdas);
    assertEquals(body.organization_id, ada.organizationId);
  }));

Deno.test("whatever a graph holds, saving it as a draft is an answer, and reading it back too", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const node = { id: "a", type: "trigger.manual" };
    const deep = (levels: number): unknown => levels === 0 ? 1 : { a: deep(levels - 1) };
    const graphs = [
      { nodes: [null, 1, "x", [], {}], edges: [null, 1, "x", [], {}] },
      { nodes: [{ id: 1, type: [] }, { id: "", type: "" }, { id: "x".repeat(10_000), type: "logic.if" }], edges: [] },
      {
        nodes: [{ ...node, data: [] }, { ...node, data: { config: 1, retry: "often", timeoutSeconds: -1 } }],
        edges: [],
      },
      { nodes: [{ ...node, id: "constructor" }, { ...node, id: "toString" }, { ...node, id: "__proto__" }], edges: [] },
      { nodes: [node], edges: [{ id: "e", source: "a", target: "a", sourceHandle: 1, data: { condition: "{{" } }] },
      { nodes: [{ ...node, data: { config: deep(50) } }], edges: [], viewport: deep(50) },
      { nodes: [node], edges: [], settings: { timeoutSeconds: 1e308 } },
      { nodes: [node], edges: [], settings: "none", "": { "\u{1f984}": "\u202e" } },
      { nodes: [{ ...node, data: { config: { text: "{{".repeat(5_000) } } }], edges: [] },
      { nodes: [{ ...node, data: { label: "x".repeat(600_000) } }], edges: [] },
      { nodes: Array.from({ length: 500 }, (_, n) => ({ id: `n${n}`, type: "nothing.known" })), edges: [] },
    ];
    for (const graph of graphs) {
      const what = JSON.stringify(graph).slice(0, 100);
      const saved = await ada.post<Flow>("/flows", { name: "Hostile", graph, is_active: false });
      assert([201, 422].includes(saved.status), `${saved.status} ${what}`);
      assertEquals((await ada.post("/flows/validate", { graph })).status, 200, what);
      if (saved.status === 422) continue;
      const read = await ada.get<Flow>(`/flows/${saved.body.id}`);
      assertEquals<unknown>([read.status, read.body.graph], [200, graph], what);
      const broken = read.body.problems.some(({ severity }) => severity === "error");
      assertEquals((await ada.post(`/flows/${saved.body.id}/activate`)).status, broken ? 422 : 200, what);
    }
  }));
