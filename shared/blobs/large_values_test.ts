import { assert, assertEquals, assertRejects } from "../../tests/helpers/assert.ts";
import { AppError } from "../errors/mod.ts";
import type { Json } from "../graph/mod.ts";
import { LargeValues, type LargeValuesOptions } from "./large_values.ts";
import { MemoryBlobStore } from "./memory_blob_store.ts";
import { type BlobReference, INLINE_BYTES, readReference } from "./reference.ts";

const ADA = "0193a000-0000-7000-8000-000000000001";
const BOB = "0193a000-0000-7000-8000-000000000002";

/** A value whose JSON has this many bytes. */
function sized(bytes: number): Json {
  return { text: "x".repeat(bytes - 11) };
}

function setUp(options: LargeValuesOptions = {}) {
  const store = new MemoryBlobStore();
  return { store, values: new LargeValues(store, { patienceMs: 0, shortPatienceMs: 0, ...options }) };
}

function referenceOf(kept: Json): BlobReference {
  const reference = readReference(kept);
  assert(reference !== null, JSON.stringify(kept).slice(0, 100));
  return reference;
}

Deno.test("keep() leaves what is small where it is, up to 128 KiB in UTF-8", async () => {
  const { store, values } = setUp();
  assertEquals(await values.keep(ADA, sized(INLINE_BYTES)), sized(INLINE_BYTES));
  assertEquals(store.calls, []);
  const { bytes } = referenceOf(await values.keep(ADA, sized(INLINE_BYTES + 1)));
  assertEquals(bytes, INLINE_BYTES + 1);
  referenceOf(await values.keep(ADA, "ü".repeat(INLINE_BYTES / 2)));
});

Deno.test("keep() names a blob by its organization and its content", async () => {
  const { store, values } = setUp();
  const first = await values.keep(ADA, sized(200_000));
  assertEquals(await values.keep(ADA, sized(200_000)), first);
  assertEquals(store.blobs.size, 1);
  await values.keep(BOB, sized(200_000));
  const { sha256, preview } = referenceOf(first);
  assertEquals([...store.blobs.keys()], [`${ADA}/${sha256}.json`, `${BOB}/${sha256}.json`]);
  assertEquals(preview.length, 1_000);
});

Deno.test("keep() stores what could be taken for a reference, however small", async () => {
  const { values } = setUp();
  const forged = { $blob: { sha256: "a".repeat(64), bytes: 5, preview: "" } };
  for (const value of [forged, [forged]]) {
    const reference = referenceOf(await values.keep(ADA, value));
    assertEquals(await values.load(ADA, reference), value);
  }
});

Deno.test("load() reads each blob once, also for those who ask at the same time, and gives it frozen", async () => {
  const { store, values } = setUp();
  const reference = referenceOf(await values.keep(ADA, sized(200_000)));
  const reader = new LargeValues(store);
  const [one, other] = await Promise.all([reader.load(ADA, reference), reader.load(ADA, reference)]);
  assertEquals(one, sized(200_000));
  assert(one === other && Object.isFrozen(one) && await reader.load(ADA, reference) === one);
  assertEquals(store.calls.filter((call) => call.startsWith("get")).length, 1);
});

Deno.test("load() keeps as many values as fit and forgets those unused for the longest time", async () => {
  const { store, values } = setUp();
  const references = [];
  for (const bytes of [200_000, 200_001, 200_002]) {
    references.push(referenceOf(await values.keep(ADA, sized(bytes))));
  }
  const [a, b, c] = references;
  assert(a !== undefined && b !== undefined && c !== undefined);
  const reader = new LargeValues(store, { cacheBytes: 400_010 });
  store.calls.length = 0;
  for (const reference of [a, b, a, c, a, b]) await reader.load(ADA, reference);
  assertEquals(store.calls.map((call) => [a, b, c].findIndex(({ sha256 }) => call.includes(sha256))), [0, 1, 2, 1]);
});

Deno.test("load() never reads the blob of another organization", async () => {
  const { values } = setUp();
  const reference = referenceOf(await values.keep(ADA, sized(200_000)));
  const error = await assertRejects(() => values.load(BOB, reference), AppError);
  assertEquals(error.code, "internal");
});

Deno.test("load() refuses a blob that is not what its name says", async () => {
  const { store, values } = setUp();
  const reference = referenceOf(await values.keep(ADA, sized(200_000)));
  store.blobs.set(`${ADA}/${reference.sha256}.json`, new TextEncoder().encode("{}"));
  await assertRejects(() => new LargeValues(store).load(ADA, reference), AppError, "not what it was");
});

Deno.test("keep() and load() go on trying while the store is away", async () => {
  const { store, values } = setUp({ patienceMs: 5_000, shortPatienceMs: 5_000, cacheBytes: 0 });
  store.failures = 2;
  const reference = referenceOf(await values.keep(ADA, sized(200_000)));
  store.failures = 1;
  assertEquals(await values.load(ADA, reference), sized(200_000));
  assertEquals(store.calls.map((call) => call.slice(0, 3)), ["put", "put", "put", "get", "get"]);
});

Deno.test("keep() leaves what a row can bear in its row when the store stays away, and fails for the rest", async () => {
  const told: unknown[] = [];
  const { store, values } = setUp({ onInline: (error) => told.push(error) });
  store.failures = Infinity;
  assertEquals(await values.keep(ADA, sized(1_048_576)), sized(1_048_576));
  assertEquals(told.length, 1);
  const error = await assertRejects(() => values.keep(ADA, sized(1_048_577)), AppError);
  assertEquals(error.code, "service_unavailable");
  // In its row it would be a forged reference.
  await assertRejects(() => values.keep(ADA, { $blob: 1 }), AppError);
  store.refuses = true;
  assertEquals((await assertRejects(() => values.keep(ADA, sized(2_000_000)), AppError)).code, "internal");
});

Deno.test("keep() and load() end when they are told to", async () => {
  const { store, values } = setUp({ patienceMs: 60_000, shortPatienceMs: 60_000, cacheBytes: 0 });
  const reference = referenceOf(await values.keep(ADA, sized(2_000_000)));
  store.failures = 1;
  const stop = new AbortController();
  const keeping = values.keep(ADA, sized(2_000_001), stop.signal);
  setTimeout(() => stop.abort(new Error("over")), 20);
  await assertRejects(() => keeping, Error, "over");
  await assertRejects(() => values.load(ADA, reference, stop.signal), Error, "over");
});
