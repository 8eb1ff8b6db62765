import { assert, assertEquals, assertRejects } from "../../tests/helpers/assert.ts";
import { type BreakerFacts, type BreakerOptions, type CallVerdict, CircuitBreaker } from "./breaker.ts";
import { NodeError } from "./node_error.ts";

/** A breaker under a clock of the test's own. */
function breakerOf(options: BreakerOptions = {}, random = 0) {
  const changes: BreakerFacts[] = [];
  const clock = { now: 0 };
  const surroundings = {
    now: () => clock.now,
    random: () => random,
    onChange: (facts: BreakerFacts) => void changes.push(facts),
  };
  const breaker = new CircuitBreaker("http:org:api.example.com", surroundings, options);
  const call = (verdict: CallVerdict) => breaker.run(() => Promise.resolve(verdict), (result) => result);
  const calls = async (count: number, verdict: CallVerdict) => {
    for (let each = 0; each < count; each++) await call(verdict);
  };
  return { breaker, changes, clock, call, calls, states: () => changes.map(({ state }) => state) };
}

async function refusal(work: Promise<unknown>): Promise<NodeError> {
  const error = await assertRejects(() => work, NodeError);
  assertEquals(error.code, "provider_unavailable");
  return error;
}

Deno.test("a breaker opens when half of enough calls fail, and not for fewer or rarer failures", async () => {
  const few = breakerOf();
  await few.calls(9, "failure");
  assertEquals(few.breaker.facts.state, "closed");
  const rare = breakerOf();
  for (let round = 0; round < 20; round++) {
    await rare.calls(6, "success");
    await rare.calls(4, "failure");
  }
  assertEquals(rare.breaker.facts.state, "closed");
  const half = breakerOf();
  await half.calls(5, "success");
  await half.calls(5, "failure");
  assertEquals(half.breaker.facts, {
    key: "http:org:api.example.com",
    state: "open",
    openMs: 5_000,
    calls: 10,
    failures: 5,
  });
});

Deno.test("what is longer ago than the window does not count", async () => {
  const { breaker, clock, calls } = breakerOf();
  await calls(9, "failure");
  clock.now = 36_000;
  await calls(5, "failure");
  assertEquals(breaker.facts.state, "closed");
  clock.now = 40_000;
  await calls(5, "failure");
  assertEquals(breaker.facts.state, "open");
});

Deno.test("while it is open nothing is sent, and whoever asks is told when to come back", async () => {
  const { breaker, clock, calls } = breakerOf();
  await calls(10, "failure");
  clock.now = 2_000;
  let sent = false;
  const error = await refusal(breaker.run(() => Promise.resolve(sent = true)));
  assertEquals([sent, error.retryable, error.retryAfterSeconds], [false, true, 3]);
  assertEquals(error.message, "api.example.com is not available at the moment");
});

Deno.test("half open, one call tries; it closes with its success", async () => {
  const { breaker, clock, call, calls, states } = breakerOf();
  await calls(10, "failure");
  clock.now = 5_000;
  const gate = Promise.withResolvers<void>();
  const probe = breaker.run(() => gate.promise);
  await refusal(call("success"));
  gate.resolve();
  await probe;
  assertEquals(states(), ["open", "half_open", "closed"]);
  // Old failures are forgotten.
  await calls(9, "failure");
  assertEquals(breaker.facts.state, "closed");
});

Deno.test("half open, a failure opens it for twice as long, up to the longest time", async () => {
  const { breaker, clock, call, calls } = breakerOf({ maxOpenMs: 30_000 });
  await calls(10, "failure");
  const times: number[] = [];
  for (let round = 0; round < 5; round++) {
    times.push(breaker.waitMs);
    clock.now += breaker.waitMs;
    await call("failure");
  }
  assertEquals(times, [5_000, 10_000, 20_000, 30_000, 30_000]);
});

Deno.test("one that opens soon after it closed was closed too early; after a rest it begins anew", async () => {
  const { breaker, clock, call, calls } = breakerOf();
  await calls(10, "failure");
  clock.now = 5_000;
  await call("success");
  await calls(10, "failure");
  assertEquals(breaker.waitMs, 10_000);
  clock.now = 15_000;
  await call("success");
  clock.now = 60_000;
  await calls(10, "failure");
  assertEquals(breaker.waitMs, 5_000);
});

Deno.test("a call that says nothing of the service changes nothing, half open neither", async () => {
  const { breaker, clock, calls, call } = breakerOf();
  await calls(50, "neutral");
  assertEquals(breaker.facts.state, "closed");
  await calls(10, "failure");
  clock.now = 5_000;
  await call("neutral");
  assertEquals([breaker.facts.state, breaker.waitMs], ["half_open", 0]);
  await call("success");
  assertEquals(breaker.facts.state, "closed");
});

Deno.test("a service that asks for a pause gets it, at once and no longer than the longest time", async () => {
  const { breaker, clock, call } = breakerOf();
  await call({ pauseSeconds: 20 });
  assertEquals(breaker.waitMs, 20_000);
  clock.now = 20_000;
  await call("success");
  await call({ pauseSeconds: 86_400 });
  assertEquals(breaker.waitMs, 300_000);
});

Deno.test("answers to calls from before it opened change nothing", async () => {
  const { breaker, calls } = breakerOf();
  const gate = Promise.withResolvers<void>();
  const late = breaker.run(() => gate.promise);
  await calls(10, "failure");
  gate.resolve();
  await late;
  assertEquals(breaker.facts.state, "open");
});

Deno.test("those who leave a service alone come back at different times", async () => {
  const waits: number[] = [];
  for (const random of [0, 0.5, 0.99]) {
    const { breaker, calls } = breakerOf({}, random);
    await calls(10, "failure");
    waits.push(breaker.waitMs);
  }
  assertEquals(waits.map(Math.round), [5_000, 5_625, 6_238]);
});

Deno.test("what others have found out opens one that is closed, and no other", async () => {
  const { breaker, calls, states } = breakerOf();
  breaker.learn(3_000);
  assertEquals([breaker.facts.state, breaker.waitMs], ["open", 3_000]);
  breaker.learn(60_000);
  assertEquals(breaker.waitMs, 3_000);
  assertEquals(states(), ["open"]);
  await refusal(calls(1, "success"));
});

Deno.test("what a call throws is thrown", async () => {
  const { breaker } = breakerOf();
  const error = await assertRejects(() => breaker.run(() => Promise.reject(new Error("mine"))), Error);
  assert(error.message === "mine");
});
