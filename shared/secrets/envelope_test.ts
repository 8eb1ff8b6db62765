import { assert, assertEquals, assertRejects } from "../../tests/helpers/assert.ts";
import {
  type EnvelopePlace,
  fingerprint,
  keyIdOf,
  Keyring,
  openEnvelope,
  rewrapHeader,
  sealEnvelope,
  secretPlace,
} from "./mod.ts";

const bytes = (fill: number) => new Uint8Array(32).fill(fill);
const ring = new Keyring({ current: "k1", keys: { k1: bytes(1) } });
const both = new Keyring({ current: "k2", keys: { k1: bytes(1), k2: bytes(2) } });
const TENANT = "0193a000-0000-7000-8000-000000000001";
const ROW = "0193a000-0000-7000-8000-000000000002";
const place = secretPlace(TENANT, ROW, 1);

Deno.test("sealEnvelope() gives version, key id, wrapped key, IV, ciphertext and tag, and another one each time", async () => {
  const value = "pässword\n\u0000 with everything 😀";
  const envelope = await sealEnvelope(ring, place, value);
  assertEquals([envelope[0], envelope[1], keyIdOf(envelope)], [1, 2, "k1"]);
  assertEquals(envelope.length, 2 + 2 + 60 + 12 + new TextEncoder().encode(value).length + 16);
  assertEquals(await openEnvelope(ring, place, envelope), value);
  const other = await sealEnvelope(ring, place, value);
  for (let at = 4; at < envelope.length; at += 16) {
    assert(envelope.slice(at, at + 16).some((byte, index) => byte !== other[at + index]), `the same at ${at}`);
  }
});

Deno.test("openEnvelope() keeps every character: byte order marks, lone line ends, 64 KiB", async () => {
  for (const value of ["\ufeffbom", "a\r\nb\n", " x ", "x".repeat(65_536)]) {
    assertEquals(await openEnvelope(ring, place, await sealEnvelope(ring, place, value)), value);
  }
});

Deno.test("openEnvelope() refuses a value in another row, tenant, version, table or column", async () => {
  const envelope = await sealEnvelope(ring, place, "value");
  const others: Partial<EnvelopePlace>[] = [
    { row: TENANT },
    { tenant: ROW },
    { version: 2 },
    { version: 11 },
    { table: "private.other" },
    { column: "other" },
  ];
  for (const other of others) await assertRejects(() => openEnvelope(ring, { ...place, ...other }, envelope));
  const bar = await sealEnvelope(ring, place, "x").then(() => sealEnvelope(ring, { ...place, row: "a|b" }, "x")).catch((
    e,
  ) => e);
  assert(bar instanceof RangeError);
});

Deno.test("openEnvelope() notices each changed byte, a cut and an appended one", async () => {
  const envelope = await sealEnvelope(ring, place, "value");
  for (let at = 0; at < envelope.length; at++) {
    const changed = envelope.slice();
    changed[at]! ^= 1;
    await assertRejects(() => openEnvelope(ring, place, changed), undefined, undefined);
  }
  for (let length = 0; length < envelope.length; length++) {
    await assertRejects(() => openEnvelope(ring, place, envelope.slice(0, length)));
  }
  await assertRejects(() => openEnvelope(ring, place, new Uint8Array([...envelope, 0])));
});

Deno.test("openEnvelope() refuses parts of two envelopes put together", async () => {
  const next = secretPlace(TENANT, ROW, 2);
  const [a, b] = [await sealEnvelope(ring, place, "value one"), await sealEnvelope(ring, next, "value two")];
  const header = 2 + 2 + 60;
  const mixed = new Uint8Array([...a.slice(0, header), ...b.slice(header)]);
  for (const where of [place, next]) await assertRejects(() => openEnvelope(ring, where, mixed));
});

Deno.test("rewrapHeader() changes the wrapped key only, and the old master key opens it no more", async () => {
  const envelope = await sealEnvelope(ring, place, "value");
  const length = 2 + 2 + 60;
  const header = await rewrapHeader(both, place, envelope.slice(0, length));
  const moved = new Uint8Array([...header, ...envelope.slice(length)]);
  assertEquals(keyIdOf(moved), "k2");
  assertEquals(await openEnvelope(both, place, moved), "value");
  assertEquals(await openEnvelope(both, place, envelope), "value");
  assertEquals(await openEnvelope(new Keyring({ current: "k2", keys: { k2: bytes(2) } }), place, moved), "value");
  await assertRejects(() => openEnvelope(ring, place, moved), RangeError, "k2");
  await assertRejects(() => rewrapHeader(both, { ...place, version: 2 }, envelope.slice(0, length)));
  await assertRejects(() => rewrapHeader(both, place, envelope), RangeError);
});

Deno.test("an envelope under a key of the same name but other bytes cannot be opened", async () => {
  const envelope = await sealEnvelope(ring, place, "value");
  await assertRejects(() => openEnvelope(new Keyring({ current: "k1", keys: { k1: bytes(9) } }), place, envelope));
});

Deno.test("a keyring shows no key when it is printed", () => {
  assert(!/\b1, 1\b|AQEB/.test(Deno.inspect(ring, { depth: 10 }) + JSON.stringify(ring)));
});

Deno.test("fingerprint() depends on key, place and value", async () => {
  const one = await fingerprint(ring, "org|NAME", "value");
  assertEquals(one, await fingerprint(ring, "org|NAME", "value"));
  assertEquals(one.length, 64);
  const others = [
    await fingerprint(ring, "org|NAME", "value2"),
    await fingerprint(ring, "org|OTHER", "value"),
    await fingerprint(both, "org|NAME", "value"),
  ];
  assertEquals(new Set([one, ...others]).size, 4);
});
