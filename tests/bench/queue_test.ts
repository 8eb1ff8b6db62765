/**
 * The benchmark of the queue at tiny sizes: whether it still runs, and does every job once. No time is asserted.
 *
 * @module
 */
import { assert, assertEquals } from "../helpers/assert.ts";
import { runSections } from "./queue.ts";
import { CONTESTANTS, QUICK } from "./queue/_bench.ts";
import type { Table } from "./queue/_table.ts";

/** Ours and the peer that has been measured longest: each costs a process and a database. */
const SOME = CONTESTANTS.filter(({ mode, name }) => mode === "failures" || name === "graphile-worker, batched");

async function run(names: string[]): Promise<Table[]> {
  const options = { sizes: QUICK, contestants: SOME, note: () => {} };
  return await runSections(names, options, () => {});
}

// Each section throws when a job was not done, or done twice.
Deno.test("the queue's benchmark: every job is done once, and ratios are printed", async () => {
  const tables = await run(["peers", "flat", "fair", "scale"]);
  assertEquals(tables.map(({ title }) => title), [
    "Beside its peers",
    "What a job costs",
    "Drain at depth",
    "Our claim at depth",
    "Fair between tenants",
    "More worker processes",
  ]);
  for (const { title, rows, columns } of tables) {
    assert(rows.length > 0, title);
    for (const row of rows) assertEquals(row.length, columns.length, title);
  }
  const [speed] = tables;
  for (const row of speed!.rows) {
    for (const cell of row.slice(1, 4)) assert(/^[\d,.]+ \([\d,.]+×\)$/.test(cell), cell);
  }
});

Deno.test("the queue's benchmark: webhooks sent several times become one run each", async () => {
  const [burst] = await run(["webhooks"]);
  assertEquals(burst!.rows[0], ["runs, all completed", "10 of 10"]);
  assertEquals(burst!.rows[1], ["acknowledged as repetitions", "10"]);
});
