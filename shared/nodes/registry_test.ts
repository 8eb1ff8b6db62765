import { assert, assertEquals, assertExists } from "../../tests/helpers/assert.ts";
import { compile, type Graph, type JsonObject } from "../graph/mod.ts";
import { testNode } from "./test_node.ts";
import { checkNodeConfig } from "./check_config.ts";
import { nodeSchemas } from "./node_schemas.ts";
import { getNode, listNodes, nodeCatalog } from "./registry.ts";

const TYPES = [
  "trigger.webhook",
  "trigger.manual",
  "trigger.schedule",
  "trigger.flow",
  "trigger.event",
  "trigger.error",
  "action.transform",
  "action.http",
  "communication.email",
  "logic.if",
  "logic.switch",
  "logic.merge",
  "logic.splitter",
  "logic.collector",
  "logic.loop.for",
  "logic.loop.while",
  "logic.loop.foreach",
  "logic.loop.break",
  "logic.boundary",
  "logic.wait",
  "logic.subflow",
  "logic.stop",
];

function nodeOf(type: string) {
  const node = getNode(type);
  assertExists(node, type);
  return node;
}

Deno.test("the registry lists every node type once, in the order of the palette", () => {
  assertEquals(listNodes().map((node) => node.type), TYPES);
  assertEquals(nodeCatalog.types(), TYPES);
  assertEquals(getNode("action.nope"), undefined);
  assertEquals(nodeCatalog.get("toString"), undefined);
});

Deno.test("every file of a node type stands in the registry", async () => {
  const files: string[] = [];
  for await (const entry of Deno.readDir(new URL(".", import.meta.url))) {
    if (/^(trigger|action|logic|communication|ai|data|integration)_\w+(?<!_test)\.ts$/.test(entry.name)) {
      files.push(entry.name.replace(/\.ts$/, ""));
    }
  }
  assertEquals(files.toSorted(), TYPES.map((type) => type.replaceAll(".", "_")).toSorted());
});

Deno.test("every node describes itself as plain JSON", () => {
  for (const info of listNodes()) {
    assertEquals(JSON.parse(JSON.stringify(info)), info);
    assert(info.title !== "" && info.description.endsWith("."), info.type);
    assert(info.type.startsWith(`${info.category}.`), info.type);
  }
});

Deno.test("every node's facts agree with its definition", () => {
  for (const type of TYPES) {
    const facts = nodeCatalog.get(type);
    assertExists(facts);
    const node = nodeOf(type);
    assertEquals([facts.type, facts.kind, facts.joins ?? false], [type, node.kind, node.joins ?? false]);
    assertEquals(
      [facts.region, facts.closes, facts.breaks, facts.defaultOnError],
      [node.region, node.closes, node.breaks, node.defaultOnError],
    );
    assertEquals(facts.need !== undefined, node.need !== undefined, type);
    assertEquals(facts.waits?.(node.exampleConfig), node.waits?.(node.exampleConfig), type);
    assertEquals(facts.handles(node.exampleConfig).length === 0, node.terminal ?? false, type);
    // The compiler calls it with whatever a graph holds.
    const odd: JsonObject[] = [
      {},
      { cases: 5 },
      { cases: [{ name: {} }] },
      { mode: [], timeoutSeconds: {} },
      {
        awaitCallback: 1,
      },
      { awaitCallback: { timeoutSeconds: null } },
      { wait: null },
      { wait: { atLeast: "k" } },
    ];
    for (const config of odd) {
      assert(Array.isArray(facts.handles(config)));
      facts.waits?.(config);
      const need = facts.need?.(config) ?? "all";
      assert(need === "all" || need >= 1, type);
    }
  }
});

Deno.test("only effects and triggers are more than pure", () => {
  assertEquals(listNodes().filter((node) => node.kind === "effect").map((node) => node.type), [
    "action.http",
    "communication.email",
    "logic.wait",
    "logic.subflow",
  ]);
  assertEquals(
    listNodes().filter((node) => node.kind === "trigger").map((node) => node.type),
    TYPES.filter((type) => type.startsWith("trigger.")),
  );
});

Deno.test("every node has JSON Schemas for forms", () => {
  for (const type of TYPES) {
    const { config, output } = nodeSchemas(nodeOf(type));
    assertEquals(config["type"], "object", type);
    assertEquals(config["additionalProperties"], false, type);
    assertEquals(config["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assertExists(output);
    for (const property of Object.keys(nodeOf(type).exampleConfig)) {
      assert(property in (config["properties"] as JsonObject), `${type}: ${property}`);
    }
  }
});

Deno.test("defaults are not required by the schema of a config", () => {
  assertEquals(nodeSchemas(nodeOf("action.http")).config["required"], ["url"]);
  assertEquals(nodeSchemas(nodeOf("logic.if")).config["required"], undefined);
});

/** The least flow that a node of this type can stand in. */
function flowWith(type: string): Graph {
  const node = nodeOf(type);
  const it = { id: "it", type, data: { config: node.exampleConfig } };
  if (node.kind === "trigger") return { nodes: [it], edges: [] };
  const nodes: Graph["nodes"] = [{ id: "start", type: "trigger.manual" }, it];
  const edges: Graph["edges"] = [];
  const join = (source: string, target: string, sourceHandle?: string) => {
    edges.push({ id: `${source}-${target}`, source, target, ...(sourceHandle === undefined ? {} : { sourceHandle }) });
  };
  if (node.closes === true) {
    nodes.push({ id: "splitter", type: "logic.splitter", data: { config: { items: [1] } } });
    join("start", "splitter");
    join("splitter", "it");
  } else if (node.breaks === true) {
    nodes.push({ id: "loop", type: "logic.loop.foreach", data: { config: { items: [1] } } });
    join("start", "loop");
    join("loop", "it", "body");
  } else {
    join("start", "it");
  }
  if (node.region === "splitter") {
    nodes.push({ id: "collector", type: "logic.collector" });
    join("it", "collector");
  }
  return { nodes, edges };
}

Deno.test("every example compiles into a flow", () => {
  for (const type of TYPES) {
    const compiled = compile(flowWith(type), nodeCatalog);
    assertEquals(compiled.ok ? [] : compiled.problems, [], type);
  }
});

Deno.test("every pure example runs with its sample", async () => {
  for (const type of TYPES) {
    const node = nodeOf(type);
    if (node.kind === "effect") continue;
    const result = await testNode(type, node.exampleConfig, node.exampleInput ?? {});
    const opens = node.region !== undefined && node.exampleInput?.region === undefined;
    assertEquals([result.status, result.error], [opens ? "waiting" : "completed", null], type);
    if (opens) continue;
    const output = node.outputSchema.safeParse(result.output);
    assertEquals(output.success ? [] : output.error.issues, [], type);
  }
});

Deno.test("unknown settings are faults, at their path", () => {
  for (const type of TYPES) {
    const issues = checkNodeConfig(nodeOf(type), { ...nodeOf(type).exampleConfig, surprise: 1 });
    assert(issues.some((issue) => issue.path.join() === "surprise" && issue.code === "unrecognized_key"), type);
  }
});
