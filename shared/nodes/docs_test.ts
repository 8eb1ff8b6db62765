import { assert } from "../../tests/helpers/assert.ts";
import { OPERATORS } from "./comparison.ts";
import { listNodes } from "./registry.ts";
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
