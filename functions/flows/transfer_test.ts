import { type ApiUser, withApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals, assertMatch } from "../../tests/helpers/assert.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import type { Graph } from "../../shared/graph/mod.ts";
import { INVALID_GRAPH, VALID_GRAPH } from "./_testing.ts";
import { router } from "./router.ts";
import type { Flow } from "./schemas.ts";
import type { FlowBundle, FlowFile, ImportReport } from "./transfer_schemas.ts";

/** A flow that starts another one. */
function caller(flowId: string, errorFlowId?: string): Graph {
  return {
    nodes: [
      { id: "start", type: "trigger.manual", position: { x: 0, y: 0 } },
      { id: "sub", type: "logic.subflow", position: { x: 9, y: 0 }, data: { config: { flowId } } },
    ],
    edges: [{ id: "e", source: "start", target: "sub" }],
    ...(errorFlowId === undefined ? {} : { settings: { errorFlowId } }),
  };
}

/** A flow that knows secrets. */
const SECRETIVE: Graph = {
  nodes: [
    { id: "start", type: "trigger.manual" },
    {
      id: "call",
      type: "action.http",
      position: { x: 1, y: 2 },
      data: {
        label: "Call",
        config: {
          url: "https://api.example.com/?key=hush&page=1",
          auth: { type: "bearer", token: "hush-hush" },
          headers: { "X-Api-Key": "hush", Cookie: "{{ trigger.cookie }}" },
        },
        undo: {
          type: "action.http",
          config: { url: "https://api.example.com", auth: { type: "bearer", token: "hush" } },
        },
      },
    },
  ],
  edges: [{ id: "e", source: "start", target: "call" }],
};

async function make(user: ApiUser, name: string, graph: Graph): Promise<Flow> {
  const { status, body } = await user.post<Flow>("/flows", { name, graph, is_active: false });
  assertEquals(status, 201);
  return body;
}

Deno.test("GET /flows/:id/export gives a file that POST /flows/import makes the same flow of", () =>
  withApi([router], async (api) => {
    const [ada, bob] = [await api.createUser(), await api.createUser()];
    const graph = { ...VALID_GRAPH, settings: { timeoutSeconds: 60 }, viewport: { x: 1, y: 2, zoom: 3 } };
    const flow = await make(ada, 'Größe: "1" & more', graph);
    const file = await ada.get<FlowFile>(`/flows/${flow.id}/export`);
    assertEquals(file.status, 200);
    assertEquals(file.headers.get("content-disposition"), 'attachment; filename="grosse-1-more.flow.json"');
    assertEquals([file.body.format, file.body.version, file.body.name], ["millrace.flow", 1, flow.name]);
    assertEquals(file.body.settings, { timeoutSeconds: 60 });
    assertEquals([file.body.requires, "settings" in file.body.graph], [[], false]);

    const made = await bob.post<ImportReport>("/flows/import", file.body);
    assertEquals([made.status, made.body.valid, made.body.flows.length], [201, true, 1]);
    const { body: copy } = await bob.get<Flow>(`/flows/${made.body.flows[0]?.flow_id}`);
    assertEquals([copy.name, copy.is_active, copy.organization_id], [flow.name, false, bob.organizationId]);
    assertEquals<unknown>(copy.graph, graph);
    expectProblem(await bob.get(`/flows/${flow.id}/export`), "not_found");
    const again = await bob.post<ImportReport>("/flows/import?is_active=true", file.body);
    assertEquals([again.status, again.body.flows[0]?.is_active], [201, true]);
    assert(again.body.flows[0]?.flow_id !== copy.id);
  }));

Deno.test("secrets never leave: they are left out of the file and listed", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const flow = await make(ada, "Secretive", SECRETIVE);
    const { body: file } = await ada.get<FlowFile>(`/flows/${flow.id}/export`);
    assert(!JSON.stringify(file).includes("hush"), JSON.stringify(file));
    assertEquals(file.requires.map((entry) => entry.kind === "secret" && [entry.node_id, entry.path]), [
      ["call", "nodes[1].data.config.url"],
      ["call", "nodes[1].data.config.auth.token"],
      ["call", 'nodes[1].data.config.headers["X-Api-Key"]'],
      ["call", "nodes[1].data.undo.config.auth.token"],
    ]);
    const made = await ada.post<ImportReport>("/flows/import", file);
    assertEquals([made.status, made.body.valid], [201, false]);
    assert(made.body.flows[0]?.problems.some(({ path }) => path === "nodes[1].data.config.auth.token"));
    expectProblem(await ada.post("/flows/import?is_active=true", file), "flow_invalid");
  }));

Deno.test("flows that start each other stay together, and are found by id or name where they are not in the file", () =>
  withApi([router], async (api) => {
    const [ada, bob] = [await api.createUser(), await api.createUser()];
    const last = await make(ada, "Send receipt", VALID_GRAPH);
    const middle = await make(ada, "Middle", caller(last.id));
    const first = await make(ada, "First", caller(middle.id.toUpperCase(), last.id));

    const { body: file } = await ada.get<FlowFile>(`/flows/${first.id}/export`);
    assertEquals<unknown>(file.requires, [
      { kind: "flow", id: middle.id, name: "Middle", used_by: ["sub"] },
      { kind: "flow", id: last.id, name: "Send receipt", used_by: ["settings"] },
    ]);
    const bundle = await ada.get<FlowBundle>(`/flows/${first.id}/export?subflows=true`);
    assertEquals(bundle.headers.get("content-disposition"), 'attachment; filename="first.flows.json"');
    assertEquals(bundle.body.flows.map(({ name }) => name).toSorted(), ["First", "Middle", "Send receipt"]);

    const made = await bob.post<ImportReport>("/flows/import?is_active=true", bundle.body);
    assertEquals([made.status, made.body.valid], [201, true], JSON.stringify(made.body));
    const ids = new Map(made.body.flows.map(({ name, flow_id }) => [name, flow_id]));
    const copy = (await bob.get<Flow>(`/flows/${ids.get("First")}`)).body;
    assertEquals<unknown>(copy.graph, caller(ids.get("Middle") ?? "", ids.get("Send receipt") ?? ""));
    assertEquals(
      made.body.flows.find(({ name }) => name === "First")?.references.map((
        { found_by, flow_id },
      ) => [found_by, flow_id]),
      [["file", ids.get("Middle")], ["file", ids.get("Send receipt")]],
    );

    const byName = await bob.post<ImportReport>("/flows/import?is_active=true", file);
    assertEquals([byName.status, byName.body.flows[0]?.references.map(({ found_by }) => found_by)], [201, [
      "name",
      "name",
    ]]);
    const second = (await bob.get<Flow>(`/flows/${byName.body.flows[0]?.flow_id}`)).body;
    assertEquals<unknown>(second.graph, copy.graph);
    const byId = await ada.post<ImportReport>("/flows/import", file);
    assertEquals(byId.body.flows[0]?.references.map(({ found_by }) => found_by), ["id", "id"]);

    await make(bob, "Middle", VALID_GRAPH);
    const unclear = await bob.post<ImportReport>("/flows/import", file);
    assertEquals([unclear.status, unclear.body.valid], [201, false]);
    assertEquals(unclear.body.flows[0]?.problems.map(({ code, node_id }) => [code, node_id]), [[
      "unknown_flow",
      "sub",
    ]]);
    expectProblem(await bob.post("/flows/import?is_active=true", file), "flow_invalid");
  }));

Deno.test("POST /flows/import?dry_run=true says everything that is wrong, and stores nothing", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const id = crypto.randomUUID();
    const file = (name: string, graph: unknown) => ({ format: "millrace.flow", version: 1, id, name, graph });
    const nodes = Array.from({ length: 501 }, (_, n) => ({ id: `n${n}`, type: "logic.merge" }));
    const flows = [
      file("Invalid", INVALID_GRAPH),
      file("Many", { nodes, edges: [] }),
      file("Lost", caller(crypto.randomUUID())),
    ];
    const bundle = { format: "millrace.flows", version: 1, flows };
    const dry = await ada.post<ImportReport>("/flows/import?dry_run=true", bundle);
    assertEquals([dry.status, dry.body.dry_run, dry.body.valid], [200, true, false]);
    assertEquals(dry.body.flows.map(({ flow_id }) => flow_id), [null, null, null]);
    const codes = dry.body.flows.map(({ problems }) => problems.map(({ code }) => code));
    assertEquals(codes[0], ["duplicate_flow", "unknown_node_type", "expression_invalid", "dangling_edge"]);
    assertEquals(codes[1]?.slice(0, 2), ["duplicate_flow", "too_many_nodes"]);
    assertEquals(codes[2], ["unknown_flow", "duplicate_flow"]);
    const refused = await ada.post("/flows/import", bundle);
    expectProblem(refused, "flow_invalid");
    assertEquals(refused.body.problems?.map(({ path }) => path).slice(0, 2), [
      "body.flows[0].graph",
      "body.flows[0].graph.nodes[1].type",
    ]);
    assertEquals((await ada.get<{ data: unknown[] }>("/flows")).body.data, []);
  }));

Deno.test("POST /flows/import refuses other files, and all flows or none are made", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const file = { format: "millrace.flow", version: 1, name: "One", graph: VALID_GRAPH };
    for (
      const body of [
        { ...file, version: 2 },
        { ...file, format: "n8n" },
        { ...file, name: "" },
        { ...file, graph: [] },
        { ...file, id: "one" },
        { ...file, more: 1 },
        { format: "millrace.flows", version: 1, flows: [] },
        { format: "millrace.flows", version: 1, flows: [{ ...file, name: " " }] },
      ]
    ) {
      expectProblem(await ada.post("/flows/import", body), "invalid_request");
    }
    const elsewhere = `/flows/import?workspace_id=${crypto.randomUUID()}`;
    expectProblem(await ada.post(elsewhere, file), "not_found");
    await api.db.sql`update public.plans set max_flows = 2 where id = 'free'`;
    const three = { format: "millrace.flows", version: 1, flows: [file, file, file] };
    expectProblem(await ada.post("/flows/import", three), "plan_limit_reached");
    assertEquals((await ada.get<{ data: unknown[] }>("/flows")).body.data, []);
    const key = { "idempotency-key": "once" };
    const two = { ...three, flows: [file, { ...file, name: "Two" }] };
    const [first, again] = [await ada.post("/flows/import", two, key), await ada.post("/flows/import", two, key)];
    assertEquals([first.status, again.status, first.body], [201, 201, again.body]);
    expectProblem(await ada.post("/flows/import", file, key), "idempotency_mismatch");
    assertMatch(JSON.stringify(first.body), /"Two"/);
  }));
