/**
 * Loops on a real Postgres.
 *
 * @module
 */
import type { GraphNodeData, Json } from "../../shared/graph/mod.ts";
import { assertEquals } from "../helpers/assert.ts";
import { draw, set } from "../helpers/flows.ts";
import { brief, mail, mailing, play, withEngine } from "./_play.ts";

const START: [string] = ["trigger.manual"];
const foreach = (items: Json): [string, GraphNodeData] => ["logic.loop.foreach", { config: { items } }];
const when = (condition: string): [string, GraphNodeData] => ["logic.if", { config: { condition } }];

Deno.test("a for loop counts, a foreach takes one after the other, both give what the iterations gave", () =>
  withEngine(async (db, client) => {
    const counting = draw(
      {
        t: START,
        l: ["logic.loop.for", { config: { from: 2, to: "{{ trigger.to }}", step: 2 } }],
        a: set({ n: "{{ item }}", i: "{{ index }}" }),
        e: set({ all: "{{ steps.l.output.items }}", count: "{{ steps.l.output.count }}" }),
      },
      "t>l",
      "l/body>a",
      "a>l",
      "l>e",
    );
    const { run, steps } = await play(db, client, counting, { to: 6 });
    assertEquals(run.output, { all: [{ n: 2, i: 0 }, { n: 4, i: 1 }, { n: 6, i: 2 }], count: 3 });
    assertEquals(brief(steps), ["a@l.0 completed", "a@l.1 completed", "a@l.2 completed", "l completed", "e completed"]);
    assertEquals((await play(db, client, counting, { to: 1 })).run.output, { all: [], count: 0 });

    const order: string[] = [];
    const providers = mailing(({ text }) => (order.push(String(text)), Promise.resolve({ id: String(text) })));
    const taking = draw({ t: START, l: foreach(["x", "y", "z"]), a: mail({}, "{{ item }}") }, "t>l", "l/body>a");
    const second = await play(db, client, taking, {}, providers);
    assertEquals(order, ["x", "y", "z"]);
    // No exit is drawn: what is last gives the value.
    const last = second.run.output as { last: { id: string }; items: Json[] };
    assertEquals([last.last.id, last.items.length], ["z", 3]);
  }));

Deno.test("a while loop looks at what the iteration before gave", () =>
  withEngine(async (db, client) => {
    const graph = draw(
      {
        t: START,
        l: ["logic.loop.while", { config: { condition: "{{ (item.n ?? 1) < trigger.limit }}", maxIterations: 20 } }],
        a: set({ n: "{{ (item.n ?? 1) * 2 }}" }),
        e: set({ got: "{{ steps.l.output.last.n }}", count: "{{ steps.l.output.count }}" }),
      },
      "t>l",
      "l/body>a",
      "a>l",
      "l>e",
    );
    const { run, steps } = await play(db, client, graph, { limit: 20 });
    assertEquals(run.output, { got: 32, count: 5 });
    assertEquals(brief(steps).at(-2), "l completed");
    assertEquals((await play(db, client, graph, { limit: 1 })).run.output, { got: null, count: 0 });
    const endless = await play(db, client, graph, { limit: 1e300 });
    assertEquals([endless.run.status, endless.run.error?.code], ["failed", "loop_limit"]);
  }));

Deno.test("a break ends its loop after the iteration, from inside a boundary too", () =>
  withEngine(async (db, client) => {
    const plain = draw(
      {
        t: START,
        l: foreach([1, 2, 3, 4]),
        i: when("{{ item == 3 }}"),
        b: ["logic.loop.break"],
        a: set({ n: "{{ item }}" }),
      },
      "t>l",
      "l/body>i",
      "i/true>b",
      "i/false>a",
      "a>l",
    );
    const first = await play(db, client, plain);
    assertEquals(first.run.output, { count: 3, items: [{ n: 1 }, { n: 2 }], last: { n: 2 } });

    const inside = draw(
      {
        t: START,
        l: foreach([1, 2, 3]),
        e: ["logic.boundary", { config: {} }],
        i: when("{{ steps.l.output.item == 2 }}"),
        b: ["logic.loop.break"],
        a: set({ n: "{{ steps.l.output.item }}" }),
        z: set({ v: "{{ steps.e.output.n }}" }),
      },
      "t>l",
      "l/body>e",
      "e/body>i",
      "i/true>b",
      "i/false>a",
      "a>e",
      "e>z",
      "z>l",
    );
    const second = await play(db, client, inside);
    assertEquals(second.run.output, { count: 2, items: [{ v: 1 }, { v: null }], last: { v: null } });
  }));
