import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import type { JsonObject } from "../graph/mod.ts";
import { checkNodeConfig } from "./check_config.ts";
import { OPERATORS } from "./comparison.ts";
import { getNode, listNodes } from "./registry.ts";
import { operationSchema } from "./transform/mod.ts";

const text = await Deno.readTextFile(new URL("../../docs/nodes.md", import.meta.url));

Deno.test("docs/nodes.md names every node type, operation, operator and handle", () => {
  for (const { type, handles } of listNodes()) {
    assert(text.includes(`| \`${type}\``), type);
    for (const handle of handles) assert(type === "logic.switch" || text.includes(`\`${handle}\``), handle);
  }
  for (const option of operationSchema.options) {
    const [op] = option.shape.op.values;
    assert(text.includes(`| \`${op}\``), op);
  }
  for (const operator of OPERATORS) assert(new RegExp(`[\\s\`]${operator}[\\s\`]`).test(text), operator);
});

Deno.test("docs/nodes.md has an example for every node type that is no trigger, and each fits its type", () => {
  const shown = new Set<string>();
  let here: string[] = [];
  for (const part of text.split(/^(?=#|```json\n)/m)) {
    const heading = /^#+ .*/.exec(part)?.[0];
    const types = heading?.match(/\b(?:action|communication|logic)(?:\.\w+)+/g) ?? [];
    if (types.length > 0 || heading?.startsWith("## ")) here = types;
    const example = /^```json\n([\s\S]*?)```/.exec(part)?.[1];
    if (example === undefined || here.length === 0) continue;
    const config = JSON.parse(example) as JsonObject;
    const fitting = here.filter((type) => fits(type, config));
    assert(fitting.length > 0, `${here}: ${example}`);
    for (const type of fitting) shown.add(type);
  }
  assertEquals(listNodes().filter(({ type, kind }) => kind !== "trigger" && !shown.has(type)), []);
});

/** Expressions stand for values that fit. */
function fits(type: string, config: JsonObject): boolean {
  const node = getNode(type);
  assert(node, type);
  return checkNodeConfig(node, config).every(({ path }) => {
    const value = path.reduce<unknown>((part, key) => (part as JsonObject | undefined)?.[key], config);
    return typeof value === "string" && value.startsWith("{{");
  });
}
