import { assertEquals, assertThrows } from "../../tests/helpers/assert.ts";
import type { Json } from "../graph/mod.ts";
import { blobPath, hashOf, isReserved, MAX_BLOB_BYTES, readReference, toReference } from "./reference.ts";

const HASH = "a".repeat(64);
const ORGANIZATION = "0193a000-0000-7000-8000-000000000001";

Deno.test("readReference() reads what toReference() makes, and cuts the preview between characters", () => {
  const text = `"${"x".repeat(998)}😀"`;
  assertEquals(readReference(toReference(HASH, 1_234, text)), {
    sha256: HASH,
    bytes: 1_234,
    preview: `"${"x".repeat(998)}\uFFFD`,
  });
});

Deno.test("readReference() takes nothing else for a reference", () => {
  const others: (Json | undefined)[] = [
    undefined,
    null,
    "$blob",
    [],
    {},
    { $blob: null },
    { $blob: { sha256: HASH } },
    { $blob: { sha256: HASH.toUpperCase(), bytes: 1 } },
    { $blob: { sha256: `../${HASH}`, bytes: 1 } },
    { $blob: { sha256: HASH, bytes: 0 } },
    { $blob: { sha256: HASH, bytes: 1.5 } },
    { $blob: { sha256: HASH, bytes: MAX_BLOB_BYTES + 1 } },
    { $blob: { sha256: HASH, bytes: 1 }, more: true },
    [{ $blob: { sha256: HASH, bytes: 1 } }],
  ];
  for (const value of others) assertEquals(readReference(value), null, JSON.stringify(value));
});

Deno.test("isReserved() knows what could be taken for a reference", () => {
  for (const value of [{ $blob: 1 }, { $blob: {}, x: 1 }, [1, { $blob: 1 }]]) assertEquals(isReserved(value), true);
  for (const value of [null, "$blob", { blob: 1 }, { a: { $blob: 1 } }, [[{ $blob: 1 }]]]) {
    assertEquals(isReserved(value), false);
  }
});

Deno.test("blobPath() leads into the folder of the organization and nowhere else", () => {
  assertEquals(blobPath(ORGANIZATION, HASH), `${ORGANIZATION}/${HASH}.json`);
  assertThrows(() => blobPath("..", HASH));
  assertThrows(() => blobPath(`${ORGANIZATION}/..`, HASH));
  assertThrows(() => blobPath(ORGANIZATION, `../${HASH}`));
  assertThrows(() => blobPath(ORGANIZATION, `${HASH}\n`));
});

Deno.test("hashOf() is SHA-256 in hex", async () => {
  assertEquals(
    await hashOf(new TextEncoder().encode("abc")),
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
});
