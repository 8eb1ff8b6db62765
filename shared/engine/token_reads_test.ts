import { draw, set } from "../../tests/helpers/flows.ts";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { compile } from "../graph/mod.ts";
import { nodeCatalog } from "../nodes/mod.ts";
import { tokenReads } from "./token_reads.ts";

/** A node that reads the outputs of these steps. */
function reading(...ids: string[]) {
  return set(Object.fromEntries(ids.map((id) => [id, `{{ steps.${id}.output }}`])));
}

Deno.test("tokenReads() brings what later steps of the same walk read, and not what the walk gives itself", () => {
  const compiled = compile(
    draw(
      {
        t: ["trigger.manual"],
        a: set({ n: 1 }),
        left: reading("a"),
        right: set({}),
        both: ["logic.merge", {}],
        c: reading("a", "both"),
        d: reading("c", "left"),
        other: reading("right"),
        last: reading("d", "right"),
      },
      "t>a",
      "a>left",
      "a>right",
      "right>other",
      "left>both",
      "right>both",
      "both>c",
      "c>d",
      "d>last",
      "other>last",
    ),
    nodeCatalog,
  );
  assert(compiled.ok);
  const { plan } = compiled;
  const readsAt = (id: string) => tokenReads(plan, plan.nodes.find((node) => node.id === id)!).toSorted();
  // c and d are run by the walk that begins at the merge; last waits for another way and has a walk of its own.
  assertEquals(readsAt("both"), ["a", "left", "right"]);
  assertEquals(readsAt("d"), ["c", "left"]);
  assertEquals(readsAt("last"), ["d", "right"]);
  assertEquals(readsAt("left"), ["a"]);
  assertEquals(readsAt("a"), []);
});
