import { assertEquals, assertRejects } from "../../tests/helpers/assert.ts";
import type { DatabaseClient } from "../db/mod.ts";
import { NonRetryable } from "./job_error.ts";
import { applyRetention, type RetentionStep } from "./retention_apply.ts";

/** A database whose retention takes these steps, one a call, the last again and again. */
function steps(list: RetentionStep[]): { db: DatabaseClient; calls: () => number } {
  let calls = 0;
  const reply = () => {
    const data = list[Math.min(calls++, list.length - 1)];
    return { abortSignal: () => Promise.resolve({ data, error: null, status: 200 }) };
  };
  const client = { schema: () => client, rpc: reply };
  return { db: client as unknown as DatabaseClient, calls: () => calls };
}

const signal = new AbortController().signal;

Deno.test("retention takes steps until there is nothing more to do, and adds up what they did", async () => {
  const { db, calls } = steps([
    { more: true, webhook_events: 3, began: {} },
    { more: true, copied: { rows: 100 } },
    { more: true, copied: { rows: 20 } },
    { more: true, swapped: {} },
    { more: true, deleted: { rows: 5 } },
    { more: false },
  ]);
  assertEquals(await applyRetention(db, signal), { steps: 6, swapped: 1, copied: 120, deleted: 8, more: false });
  assertEquals(calls(), 6);
});

Deno.test("retention stops when its time is up or somebody asks it to: the next hour goes on", async () => {
  assertEquals((await applyRetention(steps([{ more: true }]).db, signal, { budgetMs: 0 })).steps, 0);
  assertEquals((await applyRetention(steps([{ more: true }]).db, AbortSignal.abort())).more, true);
});

Deno.test("retention fails after everything else was done when a rewriting failed or archives do not succeed", async () => {
  const broken = steps([{ more: true, failed: { error: "no such column" } }, { more: false }]);
  const error = await assertRejects(() => applyRetention(broken.db, signal), NonRetryable);
  assertEquals([error.code, error.message, broken.calls()], [
    "retention_failed",
    "A partition could not be rewritten: no such column",
    2,
  ]);
  const stuck = steps([{ more: true, archives_failing: 2 }, { more: false, archives_failing: 2 }]);
  assertEquals((await assertRejects(() => applyRetention(stuck.db, signal), NonRetryable)).code, "archives_failing");
  assertEquals(stuck.calls(), 2);
});

Deno.test("retention waits a little for who is in the way, and leaves the rest to the next hour", async () => {
  const away = { more: false, gave_way: {} };
  const short = steps([away, away, { more: true, swapped: {} }, { more: false }]);
  assertEquals((await applyRetention(short.db, signal, { pauseMs: 0 })).swapped, 1);
  assertEquals(short.calls(), 4);
  const long = steps([away]);
  await applyRetention(long.db, signal, { pauseMs: 0 });
  assertEquals(long.calls(), 6);
});
