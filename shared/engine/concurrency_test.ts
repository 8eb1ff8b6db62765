import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { ConcurrencyController, type ConcurrencyOptions } from "./concurrency.ts";

/** Periods of a world in which `world` says what is measured at a limit. */
function simulate(
  periods: number,
  world: (controller: ConcurrencyController, limit: number, period: number) => void,
  options: ConcurrencyOptions | number = {},
): number[] {
  let now = 0;
  const controller = new ConcurrencyController(options, now);
  const limits: number[] = [];
  for (let period = 0; period < periods; period++) {
    world(controller, controller.limit, period);
    now += 250;
    limits.push(controller.decide(now));
  }
  return limits;
}

const last = (limits: number[]): number => limits.at(-1) ?? 0;

Deno.test("the limit grows while it is in the way and nothing suffers, up to its bound", () => {
  const limits = simulate(60, (controller, limit) => {
    controller.observeRunning(limit);
    controller.observeCall("claim", 16, 3);
    controller.observeLoop(1, 20);
  });
  assert(limits.every((limit, index) => limit >= (limits[index - 1] ?? 16)));
  assertEquals(last(limits), 256);
});

Deno.test("the limit stays where it is when less is running anyway", () => {
  assertEquals(last(simulate(40, (controller) => controller.observeRunning(5))), 16);
});

Deno.test("the limit falls when the event loop lags or the isolate is busy, and not below its bound", () => {
  for (const [lag, busy] of [[80, 0], [0, 240]] as const) {
    const limits = simulate(20, (controller, limit) => {
      controller.observeRunning(limit);
      controller.observeLoop(lag, busy);
    }, { initial: 100, min: 4 });
    assertEquals([limits[0], last(limits)], [70, 4]);
  }
});

Deno.test("the limit falls when Postgres slows down under it, and settles around what Postgres can bear", () => {
  // Up to 60 at once a call takes 5 ms, beyond it queues.
  const limits = simulate(200, (controller, limit) => {
    controller.observeRunning(limit);
    for (let calls = 0; calls < 10; calls++) {
      controller.observeCall("settle", 8, limit <= 60 ? 5 : 5 + (limit - 60) * 10);
    }
  });
  const settled = limits.slice(50);
  assert(settled.every((limit) => limit >= 35 && limit <= 70), settled.join());
});

Deno.test("large calls are compared with large ones, and small figures that jump mean nothing", () => {
  const limits = simulate(40, (controller, limit, period) => {
    controller.observeRunning(limit);
    controller.observeCall("claim", 1, period % 2 === 0 ? 1 : 9);
    controller.observeCall("claim", 500, 40);
  }, { max: 64 });
  assertEquals(last(limits), 64);
});

Deno.test("a call that takes longer for good becomes the usual", () => {
  const limits = simulate(400, (controller, limit, period) => {
    controller.observeRunning(limit);
    for (let calls = 0; calls < 5; calls++) controller.observeCall("settle", 8, period < 20 ? 5 : 80);
  }, { max: 64 });
  assert(Math.min(...limits.slice(20, 40)) <= 8);
  assertEquals(last(limits), 64);
});

Deno.test("a fixed number is kept whatever is measured", () => {
  const limits = simulate(10, (controller, limit, period) => {
    controller.observeRunning(limit);
    controller.observeLoop(period % 2 === 0 ? 500 : 0, 0);
  }, 3);
  assertEquals(new Set(limits), new Set([3]));
});

Deno.test("nothing is decided before a period is over", () => {
  const controller = new ConcurrencyController({}, 0);
  controller.observeRunning(16);
  assertEquals([controller.decide(100), controller.decide(249), controller.decide(250)], [16, 16, 18]);
});
