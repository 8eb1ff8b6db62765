import { assert, assertEquals, assertMatch } from "../../tests/helpers/assert.ts";
import { compile, type Json } from "../graph/mod.ts";
import { nodeCatalog, takeSecretsOut } from "../nodes/mod.ts";
import { getTemplate, listTemplates } from "./mod.ts";

/** Those that users of the first version know. */
const KNOWN = ["simple-webhook", "conditional-processing", "ai-text-generation", "scheduled-task", "data-loop"];

Deno.test("listTemplates() has every template once, and those that people know", () => {
  const ids = listTemplates().map(({ id }) => id);
  assertEquals(new Set(ids).size, ids.length);
  for (const id of [...KNOWN, "stripe-payment-to-email", "typeform-lead-to-crm"]) assert(ids.includes(id), id);
  assertEquals(getTemplate("simple-webhook")?.name, "Simple webhook");
  assertEquals(getTemplate("no-such-template"), undefined);
});

for (const template of listTemplates()) {
  Deno.test(`the template ${template.id} compiles without a problem, is drawn well, and says what to fill in`, () => {
    const { graph, configure, sample_outputs: outputs } = template;
    const compiled = compile(graph, nodeCatalog);
    assertEquals(compiled.ok ? compiled.warnings : compiled.problems, []);

    assertMatch(template.id, /^[a-z0-9]+(-[a-z0-9]+)*$/);
    assertMatch(template.icon, /^[a-z0-9]+(-[a-z0-9]+)*$/);
    assert(template.name.length <= 60 && template.description.length >= 60 && template.tags.length > 0);
    const places = graph.nodes.map(({ position }) => JSON.stringify(position));
    assertEquals(new Set(places).size, places.length, "two nodes lie on each other");
    for (const { data } of graph.nodes) assert((data?.label ?? "").length > 0);
    const edges = graph.edges.map(({ id }) => id);
    assertEquals(new Set(edges).size, edges.length);

    assert(configure.length > 0);
    for (const { node_id, setting, what } of configure) {
      assertMatch(what, /^[A-Z].*[.]$/);
      const node = graph.nodes.find(({ id }) => id === node_id);
      assert(node_id === null || node !== undefined, `no node ${node_id}`);
      if (setting !== null) {
        assert(at(node?.data?.config ?? null, setting) !== undefined, `no ${setting} in ${node_id}`);
      }
    }
    // Every effect has something to stand in for it, and nothing else does but what people decide.
    const effects = graph.nodes.filter(({ type }) => nodeCatalog.get(type)?.kind === "effect").map(({ id }) => id);
    for (const id of Object.keys(outputs)) assert(effects.includes(id), `${id} is no effect`);
    // What it says of secrets is placeholders.
    for (const { data, type } of graph.nodes) {
      for (const path of takeSecretsOut(type, data?.config ?? {}).removed) {
        assertMatch(String(at(data?.config ?? null, path.join("."))), /^YOUR_/);
      }
    }
  });
}

function at(value: Json, path: string): Json | undefined {
  let found: Json | undefined = value;
  for (const part of path.split(".")) {
    found = typeof found === "object" && found !== null && !Array.isArray(found) ? found[part] : undefined;
  }
  return found;
}
