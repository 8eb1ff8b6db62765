import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import type { Json, JsonObject } from "../graph/mod.ts";
import { run } from "./_test_context.ts";
import { checkNodeConfig } from "./check_config.ts";
import { logicWait } from "./logic_wait.ts";
import type { Resolution } from "./types.ts";

const handles = (config: JsonObject) => logicWait.handles?.(config);
const resolved = (config: JsonObject, by: Resolution["by"], data: Json = null) =>
  run(logicWait, config, { resolution: { by, data } });
const paths = (config: JsonObject) => checkNodeConfig(logicWait, config).map(({ path }) => path.join("."));

Deno.test("wait rests for a duration and goes on with nothing", async () => {
  assertEquals(await run(logicWait, { mode: "duration", durationSeconds: 90 }), {
    output: null,
    wait: { kind: "timer", seconds: 90 },
  });
  assertEquals(await resolved({ mode: "duration", durationSeconds: 90 }, "timeout"), {
    output: null,
    handles: ["out"],
  });
  assertEquals(await run(logicWait, { mode: "duration", durationSeconds: 0 }), { output: null });
});

Deno.test("wait rests until a moment, and not at all for one that has passed", async () => {
  const until = new Date(Date.now() + 3_600_000).toISOString();
  const { wait } = await run(logicWait, { mode: "until", until, title: "Wait an hour" });
  assert(wait?.seconds !== undefined && Math.abs(wait.seconds - 3_600) < 5);
  assertEquals([wait.kind, wait.data], ["timer", { title: "Wait an hour", until }]);
  assertEquals(await run(logicWait, { mode: "until", until: "2020-01-01T00:00:00+01:00" }), { output: null });
  for (const bad of ["tomorrow", "2026-11-20", "2026-11-20T12:00:00"]) {
    assertEquals(paths({ mode: "until", until: bad }), ["until"]);
  }
});

Deno.test("wait takes a signal by its name", async () => {
  const config = { mode: "signal", signal: "order-42.paid", timeoutSeconds: 60 };
  assertEquals((await run(logicWait, config)).wait, { kind: "signal", name: "order-42.paid", seconds: 60 });
  assertEquals(await resolved(config, "signal", { amount: 5 }), { output: { data: { amount: 5 } }, handles: ["out"] });
  assertEquals(await resolved(config, "timeout"), { output: { timed_out: true }, handles: ["timeout"] });
  assertEquals(paths({ mode: "signal", signal: "two words" }), ["signal"]);
});

Deno.test("wait takes a person's decision and whoever made it", async () => {
  const userId = crypto.randomUUID();
  const config = {
    mode: "approval",
    title: "Refund?",
    description: "250",
    approvers: { roles: ["admin"], userIds: [userId] },
  };
  assertEquals((await run(logicWait, config)).wait, {
    kind: "approval",
    data: { title: "Refund?", description: "250", approvers: { roles: ["admin"], user_ids: [userId] } },
  });
  const yes = { decision: "approved", user_id: userId, comment: null, decided_at: "2026-11-20T12:00:00Z" };
  assertEquals(await resolved(config, "approval", yes), { output: yes, handles: ["approved"] });
  const no = { decision: "rejected", user_id: userId, comment: "Too much" };
  assertEquals(await resolved(config, "approval", no), { output: no, handles: ["rejected"] });
  assertEquals((await resolved(config, "approval", { decision: "perhaps" })).handles, ["rejected"]);
});

Deno.test("wait for an approval that names nobody leaves the decision to everybody", async () => {
  assertEquals((await run(logicWait, { mode: "approval" })).wait, { kind: "approval" });
  assertEquals((await run(logicWait, { mode: "approval", approvers: {} })).wait, { kind: "approval" });
});

Deno.test("wait takes a callback", async () => {
  assertEquals((await run(logicWait, { mode: "callback" })).wait, { kind: "callback" });
  assertEquals(await resolved({ mode: "callback" }, "callback", [1]), { output: { data: [1] }, handles: ["out"] });
});

Deno.test("wait has the handles of its mode", () => {
  assertEquals(handles({ mode: "duration", durationSeconds: 1, timeoutSeconds: 5 }), ["out"]);
  assertEquals(handles({ mode: "signal" }), ["out"]);
  assertEquals(handles({ mode: "callback", timeoutSeconds: "{{ trigger.limit }}" }), ["out", "timeout"]);
  assertEquals(handles({ mode: "approval" }), ["approved", "rejected"]);
  assertEquals(handles({ mode: "approval", timeoutSeconds: 5 }), ["approved", "rejected", "timeout"]);
});

Deno.test("wait wants the setting of its mode", () => {
  assertEquals(paths({ mode: "duration" }), ["durationSeconds"]);
  assertEquals(paths({ mode: "until" }), ["until"]);
  assertEquals(paths({ mode: "signal" }), ["signal"]);
  assertEquals(paths({ mode: "approval" }), []);
  assertEquals(paths({}), ["mode"]);
  assertEquals(paths({ mode: "duration", durationSeconds: 2_592_001 }), ["durationSeconds"]);
});
