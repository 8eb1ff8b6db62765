import { assertEquals, assertRejects } from "../../tests/helpers/assert.ts";
import { AppError } from "../errors/mod.ts";
import { Gatherer, type GathererOptions } from "./_gatherer.ts";

/** A gatherer whose calls end when they are told to. */
function gatherer(
  options: GathererOptions<number> = {},
  fail: (items: number[]) => Error | undefined = () => undefined,
) {
  const calls: string[] = [];
  const open: (() => void)[] = [];
  const made = new Gatherer<number, string>(async (key, items) => {
    calls.push(`${key}: ${items.join(" ")}`);
    await new Promise<void>((resolve) => open.push(resolve));
    const error = fail(items);
    if (error !== undefined) throw error;
    return items.map((item) => `${key}${item}`);
  }, options);
  /** Ends the calls that are under way and those that follow. */
  const endAll = async () => {
    for (let quiet = 0; quiet < 5; quiet++) {
      if (open.length > 0) quiet = 0;
      open.splice(0).forEach((end) => end());
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  };
  return { made, calls, endAll };
}

Deno.test("Gatherer calls at once for what comes alone, and together for what comes meanwhile", async () => {
  const { made, calls, endAll } = gatherer();
  const answers = Promise.all([made.add("a", 1), made.add("a", 2), made.add("a", 3), made.add("b", 4)]);
  assertEquals(calls, ["a: 1", "b: 4"]);
  await endAll();
  assertEquals(await answers, ["a1", "a2", "a3", "b4"]);
  assertEquals(calls.slice(2), ["a: 2 3"]);
  const later = made.add("a", 5);
  assertEquals(calls.at(-1), "a: 5");
  await endAll();
  assertEquals(await later, "a5");
});

Deno.test("Gatherer makes no call larger than it may be, but for one item that is", async () => {
  const { made, calls, endAll } = gatherer({ maxItems: 3, maxSize: 10, sizeOf: (item) => item });
  const answers = Promise.all([1, 4, 5, 6, 50, 1, 1, 1, 1].map((item) => made.add("a", item)));
  await endAll();
  assertEquals((await answers).length, 9);
  assertEquals(calls, ["a: 1", "a: 4 5", "a: 6", "a: 50", "a: 1 1 1", "a: 1"]);
});

Deno.test("Gatherer lets one that is refused take no other down", async () => {
  const refused = new AppError("invalid_request", { detail: "No" });
  const { made, calls, endAll } = gatherer({}, (items) => items.includes(3) ? refused : undefined);
  const answers = Promise.allSettled([1, 2, 3, 4].map((item) => made.add("a", item)));
  await endAll();
  assertEquals((await answers).map(({ status }) => status), ["fulfilled", "fulfilled", "rejected", "fulfilled"]);
  assertEquals(calls, ["a: 1", "a: 2 3 4", "a: 2", "a: 3", "a: 4"]);
});

Deno.test("Gatherer repeats nothing of which nobody knows whether it happened", async () => {
  const { made, calls, endAll } = gatherer({}, () => new AppError("service_unavailable", {}));
  const all = [1, 2, 3].map((item) => assertRejects(() => made.add("a", item)));
  await endAll();
  await Promise.all(all);
  assertEquals(calls, ["a: 1", "a: 2 3"]);
});

Deno.test("Gatherer fails what waits too when a call has failed after a long time", async () => {
  const { made, calls, endAll } = gatherer({ patienceMs: -1 }, () => new AppError("service_unavailable", {}));
  const all = [1, 2, 3].map((item) => assertRejects(() => made.add("a", item)));
  await endAll();
  await Promise.all(all);
  assertEquals(calls, ["a: 1"]);
});
