import { listNodes } from "../../shared/nodes/mod.ts";
import { withApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import { router } from "./router.ts";
import { type NodeTestReply, nodeTestSchema, type NodeType } from "./schemas.ts";

interface Schemas {
  type: string;
  config: { type?: string; properties?: Record<string, unknown> };
  output: Record<string, unknown>;
}

Deno.test("GET /nodes lists every type in the order of the palette, by category and kind", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const all = await ada.get<{ data: NodeType[]; next_cursor: null }>("/nodes");
    assertEquals(all.status, 200);
    assertEquals(all.body.data.map(({ type }) => type), listNodes().map(({ type }) => type));
    const logic = await ada.get<{ data: NodeType[] }>("/nodes?category=logic&kind=pure");
    assert(logic.body.data.length > 0 && logic.body.data.every(({ type }) => type.startsWith("logic.")));
    expectProblem(await ada.get("/nodes?category=magic"), "invalid_request");
  }));

Deno.test("GET /nodes/:type and its schema describe each type", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    for (const { type } of listNodes()) {
      const node = await ada.get<NodeType>(`/nodes/${type}`);
      assertEquals([node.status, node.body.type], [200, type]);
      const schema = await ada.get<Schemas>(`/nodes/${type}/schema`);
      assertEquals(schema.status, 200);
      assertEquals(schema.body.type, type);
      for (const name of Object.keys(node.body.example_config)) {
        assert(schema.body.config.properties === undefined || name in schema.body.config.properties, `${type} ${name}`);
      }
    }
  }));

Deno.test("POST /nodes/:type/test runs a pure node with the sample, and says where a run would go on", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const reply = await ada.post<NodeTestReply>("/nodes/logic.if/test", {
      config: { condition: "{{ trigger.amount > steps.limit.output.value }}" },
      input: { trigger: { amount: 250 }, steps: { limit: { value: 100 } } },
    });
    assertEquals(reply.status, 200);
    assertEquals([reply.body.status, reply.body.output, reply.body.handles], ["completed", { result: true }, ["true"]]);
    assertEquals(reply.body.config.condition, true);
    const stop = await ada.post<NodeTestReply>("/nodes/logic.stop/test", {
      config: { status: "failed", message: "No stock left" },
    });
    assertEquals(stop.body.stop, { status: "failed", message: "No stock left" });
  }));

Deno.test("POST /nodes/:type/test does what its documented example says, and what each type's own example says", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const [example] = nodeTestSchema.meta()?.examples as unknown[];
    const documented = await ada.post<NodeTestReply>("/nodes/action.transform/test", example);
    assertEquals<unknown>(documented.body.output, [{ name: "Lamp", price: 40 }], JSON.stringify(documented.body));
    for (const node of listNodes().filter(({ kind }) => kind !== "effect")) {
      const input = node.exampleInput ?? {};
      const reply = await ada.post<NodeTestReply>(`/nodes/${node.type}/test`, { config: node.exampleConfig, input });
      const opens = node.region !== null && node.exampleInput?.region === undefined;
      assertEquals(
        [reply.status, reply.body.status, reply.body.open !== null],
        [200, opens ? "waiting" : "completed", opens],
        `${node.type}: ${JSON.stringify(reply.body)}`,
      );
    }
  }));

Deno.test("POST /nodes/:type/test tells what a run would wait for, start or open, and does none of it", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const test = async (type: string, config: unknown, input: unknown = {}) => {
      const reply = await ada.post<NodeTestReply>(`/nodes/${type}/test`, { config, input });
      assertEquals(reply.status, 200, JSON.stringify(reply.body));
      return reply.body;
    };
    const signal = { mode: "signal", signal: "paid", timeoutSeconds: 60 };
    const waiting = await test("logic.wait", signal);
    assertEquals([waiting.status, waiting.handles], ["waiting", []]);
    assertEquals(waiting.wait, { kind: "signal", name: "paid", seconds: 60, data: null });
    const resumed = await test("logic.wait", signal, { resolution: { by: "signal", data: { ok: true } } });
    assertEquals([resumed.status, resumed.output, resumed.handles, resumed.wait], [
      "completed",
      { data: { ok: true } },
      ["out"],
      null,
    ]);
    const flowId = crypto.randomUUID();
    const sub = await test("logic.subflow", { flowId, input: "{{ trigger }}" }, { trigger: { a: 1 } });
    assertEquals([sub.status, sub.start], ["waiting", { flow_id: flowId, input: { a: 1 }, wait: true }]);
    const split = await test("logic.splitter", { items: "{{ trigger }}" }, { trigger: new Array(30).fill(1) });
    assertEquals([split.open?.total, split.open?.items.length, split.open?.window], [30, 20, 10]);
    const collected = await test("logic.collector", {}, {
      region: { total: 2, items: [{ index: 1, status: "completed", value: "b" }, { index: 0, status: "skipped" }] },
    });
    assertEquals(collected.output, ["b"]);
    assertEquals((await test("logic.loop.break", {})).break, true);
    expectProblem(
      await ada.post("/nodes/logic.wait/test", { config: signal, input: { resolution: { by: "magic" } } }),
      "invalid_request",
    );
  }));

Deno.test("POST /nodes/:type/test names what is wrong with the configuration", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const config = { method: "NOPE", url: "https://example.com", colour: "red" };
    const bad = await ada.post("/nodes/action.http/test", { config });
    expectProblem(bad, "node_config_invalid");
    assertEquals(bad.body.problems?.map(({ path }) => path).toSorted(), ["body.config.colour", "body.config.method"]);
    const expression = await ada.post("/nodes/logic.if/test", { config: { condition: "{{ trigger. }}" } });
    expectProblem(expression, "expression_invalid");
    assertEquals(expression.body.problems?.[0]?.path, "body.config.condition");
    assert(expression.body.problems?.[0]?.position !== undefined);
    for (const timeout_seconds of [0, 31, "5"]) {
      expectProblem(await ada.post("/nodes/logic.if/test", { config: {}, timeout_seconds }), "invalid_request");
    }
  }));

Deno.test("POST /nodes/:type/test lets nothing through to addresses inside", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const urls = [
      "http://127.0.0.1/",
      "http://2130706433/",
      "http://0x7f.1/",
      "http://[::1]/",
      "http://[::ffff:10.0.0.1]/",
      "http://169.254.169.254/latest/meta-data/",
      "http://localhost./",
      "http://user@127.0.0.1/",
      "file:///etc/passwd",
      "gopher://127.0.0.1:6379/",
      "data:text/plain,x",
      "ftp://127.0.0.1/",
    ];
    for (const url of urls) {
      const reply = await ada.post("/nodes/action.http/test", { config: { method: "GET", url } });
      assertEquals(reply.status, 422, url);
      assertEquals(reply.body.code, "blocked_address", url);
    }
  }));

Deno.test("POST /nodes/:type/test sends a real request to an address that is allowed, and fails as a step would", async () => {
  let calls = 0;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    calls++;
    const { pathname } = new URL(request.url);
    if (pathname === "/slow") await new Promise((resolve) => setTimeout(resolve, 400));
    return pathname === "/broken" ? new Response("no", { status: 503 }) : Response.json({ got: await request.text() });
  });
  const { port } = server.addr;
  const at = (path: string) => ({
    method: "POST",
    url: `http://127.0.0.1:${port}${path}`,
    body: { type: "text", value: "hi" },
  });
  try {
    await withApi([router], async (api) => {
      const ada = await api.createUser();
      const sent = await ada.post<NodeTestReply>("/nodes/action.http/test", { config: at("/ok") });
      assertEquals([sent.status, sent.body.status, calls], [200, "completed", 1], JSON.stringify(sent.body));
      const broken = await ada.post<NodeTestReply>("/nodes/action.http/test", { config: at("/broken") });
      assertEquals([broken.status, broken.body.status, broken.body.error?.code], [200, "failed", "http_error"]);
      const slow = await ada.post<NodeTestReply>("/nodes/action.http/test", {
        config: at("/slow"),
        timeout_seconds: 0.1,
      });
      assertEquals([slow.status, slow.body.status, slow.body.error?.code], [200, "failed", "step_timeout"]);
      const email = await ada.post<NodeTestReply>("/nodes/communication.email/test", {
        config: { to: ["ada@example.com"], subject: "Hi", text: "Hello" },
      });
      assertEquals([email.status, email.body.error?.code], [200, "provider_error"], JSON.stringify(email.body));
    }, { env: { EGRESS_ALLOW: `127.0.0.1:${port}` } });
  } finally {
    await server.shutdown();
  }
});
