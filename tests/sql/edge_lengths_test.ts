import type { Json } from "../../shared/graph/mod.ts";
import { assert, assertEquals, assertNotEquals } from "../helpers/assert.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { changed, create, type Flow, save } from "./_flows.ts";
import { scenarios } from "./_scenarios.ts";
import { createTenant, rpc } from "./_world.ts";

/** What the database works out. */
async function lengths(db: TestDatabase, graph: Json): Promise<Json> {
  const [row] = await db.sql`select private.edge_lengths(${JSON.stringify(graph)}::text::jsonb) as lengths`;
  return row?.lengths;
}

/** A node that stands here. */
function at(id: string, x: Json, y: Json, rest: { [key: string]: Json } = {}): Json {
  return { id, type: "logic.merge", position: { x, y }, ...rest };
}

/** An edge named after its ends. */
function edge(source: string, target: string): Json {
  return { id: `${source}>${target}`, source, target };
}

/** What is stored with each version of a flow. */
async function stored(db: TestDatabase, flowId: string) {
  const rows = await db.sql`
    select edge_lengths, encode(plan_hash, 'hex') as plan_hash from public.flow_versions where flow_id = ${flowId} order by number`;
  return rows.map(({ edge_lengths, plan_hash }) => ({ edge_lengths, plan_hash }));
}

scenarios("edge lengths", {
  "private.edge_lengths()": {
    "measures between positions, to two decimals": async (db) => {
      const nodes = [at("a", 0, 0), at("b", 30, -40), at("c", 1, 1), at("d", 0.5, 0)];
      const edges = [edge("a", "b"), edge("a", "c"), edge("d", "a"), edge("a", "a")];
      assertEquals(await lengths(db, { nodes, edges }), { "a>b": 50, "a>c": 1.41, "d>a": 0.5, "a>a": 0 });
    },
    "goes from centre to centre where sizes are known, the measured one first": async (db) => {
      const nodes = [
        at("a", 0, 0, { measured: { width: 100, height: 40 }, width: 7, height: 7 }),
        at("b", 300, 0, { width: 200, height: 40 }),
        at("c", 50, 120),
        at("d", 0, 0, { measured: { width: 100 }, width: "auto", height: 40 }),
      ];
      const edges = [edge("a", "b"), edge("a", "c"), edge("a", "d")];
      assertEquals(await lengths(db, { nodes, edges }), { "a>b": 350, "a>c": 100, "a>d": 0 });
    },
    "adds up the positions of the groups around a node": async (db) => {
      const nodes = [
        at("outer", 1000, 0, { width: 500, height: 500 }),
        at("inner", 100, 50, { parentId: "outer" }),
        at("a", 10, 20, { parentId: "inner", width: 20 }),
        at("b", 10, 20, { parentNode: "outer", width: 20 }),
        at("c", 0, 0, { parentId: "", parentNode: null }),
      ];
      assertEquals(await lengths(db, { nodes, edges: [edge("a", "b"), edge("outer", "c")] }), {
        "a>b": 111.8,
        "outer>c": 1274.75,
      });
    },
    "leaves out what has no place: no position, no parent, parents in a circle or too deep": async (db) => {
      const chain = Array.from({ length: 20 }, (_, n) => at(`n${n}`, 1, 0, n === 0 ? {} : { parentId: `n${n - 1}` }));
      const nodes = [
        at("a", 0, 0),
        { id: "bare", type: "logic.merge" },
        at("text", "1", "2"),
        at("half", 1, null),
        at("orphan", 1, 1, { parentId: "nobody" }),
        at("x", 1, 1, { parentId: "y" }),
        at("y", 1, 1, { parentId: "x" }),
        at("self", 1, 1, { parentId: "self" }),
        ...chain,
      ];
      const ends = ["bare", "text", "half", "orphan", "x", "self", "n19", "nobody"];
      const edges = [...ends.map((id) => edge("a", id)), edge("bare", "a"), edge("a", "n15")];
      assertEquals(await lengths(db, { nodes, edges }), { "a>n15": 16 });
    },
    "takes any JSON": async (db) => {
      const odd: Json[] = [null, 1, "x", true, [], {}, [[]], { a: [] }, -1, 1e300, ""];
      const graphs: Json[] = [
        ...odd,
        ...odd.map((value) => ({ nodes: value, edges: value })),
        ...odd.map((value) => ({
          nodes: [value, at("a", 0, 0)],
          edges: [value, { id: value, source: "a", target: "a" }],
        })),
        ...odd.map((value) => ({ nodes: [at("a", 0, 0)], edges: [{ id: "e", source: value, target: value }] })),
        ...odd.map((value) => ({ nodes: [{ id: "a", position: value }], edges: [edge("a", "a")] })),
        ...odd.map((value) => ({ nodes: [{ id: value, position: { x: 0, y: 0 } }], edges: [edge("a", "a")] })),
      ];
      for (const graph of graphs) assert(typeof await lengths(db, graph) === "object", JSON.stringify(graph));
      const placed = await Promise.all(odd.flatMap((value) => [
        lengths(db, { nodes: [at("a", 3, value), at("b", 0, 0)], edges: [edge("a", "b")] }),
        lengths(db, {
          nodes: [at("a", 3, 4, { measured: value, width: value, height: value }), at("b", 0, 0)],
          edges: [edge("a", "b")],
        }),
      ]));
      // Numbers that double precision cannot hold are numbers in jsonb.
      for (const number of ["1e400", "-1e5000", "1e-400"]) {
        const [row] = await db.sql`
          select private.edge_lengths(${`{"nodes": [{"id": "a", "position": {"x": ${number}, "y": ${number}}, "width": ${number}}],
            "edges": [{"id": "e", "source": "a", "target": "a"}]}`}::text::jsonb) as lengths`;
        placed.push(row?.lengths);
      }
      for (const found of placed) assert(found !== null && typeof found === "object" && !Array.isArray(found));
      assertEquals(
        await lengths(db, { nodes: [at("a", 3, 4, { width: -9 }), at("b", 0, 0)], edges: [edge("a", "b")] }),
        {
          "a>b": 5,
        },
      );
    },
    "is done quickly with the largest graph, and with one made to be slow": async (db) => {
      const nodes = Array.from({ length: 500 }, (_, n) => at(`n${n}`, n, 0, { measured: { width: 150, height: 40 } }));
      const edges = Array.from(
        { length: 2000 },
        (_, n) => ({ id: `e${n}`, source: `n${n % 500}`, target: `n${n % 499}` }),
      );
      // The same id thousands of times, each its own parent: a join would multiply them.
      const twins = Array.from({ length: 9_000 }, () => at("t", 1, 1, { parentId: "t" }));
      const between = Array.from({ length: 9_000 }, (_, n) => ({ id: `e${n}`, source: "t", target: "t" }));
      const started = performance.now();
      assertEquals(Object.keys(await lengths(db, { nodes, edges }) ?? {}).length, 2000);
      assertEquals(await lengths(db, { nodes: twins, edges: between }), {});
      assert(performance.now() - started < 5_000);
    },
  },
  "flow_versions.edge_lengths": {
    "follows the layout, without another plan": async (db) => {
      const tenant = await createTenant(db);
      const flow = await create(db, tenant);
      assertEquals(flow.edge_lengths, { e1: 100 });
      const p_graph = changed((graph) => void (graph.nodes[1]!.position = { x: 0, y: 250 }));
      assertEquals((await save(db, tenant, flow.id, { p_graph })).edge_lengths, { e1: 250 });
      const [before, after] = await stored(db, flow.id);
      assertEquals([before?.edge_lengths, after?.edge_lengths], [{ e1: 100 }, { e1: 250 }]);
      assertEquals(before?.plan_hash, after?.plan_hash);
      const args = { p_flow_id: flow.id, p_version_id: flow.current_version_id };
      const restored = await rpc<Flow>(db, tenant.user, "restore_flow_version", args);
      assertNotEquals(restored.current_version_id, flow.current_version_id);
      assertEquals(restored.edge_lengths, { e1: 100 });
      assertEquals((await rpc<Flow>(db, tenant.user, "duplicate_flow", { p_flow_id: flow.id })).edge_lengths, {
        e1: 100,
      });
    },
    "is filled in for versions from before it was there, as often as one likes": async (db) => {
      const tenant = await createTenant(db);
      const flow = await create(db, tenant);
      await db.sql`update public.flow_versions set edge_lengths = '{}' where flow_id = ${flow.id}`;
      const seed = await Deno.readTextFile(new URL("../../sql/30_flows/045_edge_lengths_seed.sql", import.meta.url));
      for (let times = 0; times < 2; times++) {
        await db.sql.unsafe(seed);
        assertEquals((await stored(db, flow.id))[0]?.edge_lengths, { e1: 100 });
      }
    },
  },
});
