import { assert, assertEquals, assertRejects } from "../../tests/helpers/assert.ts";
import { MemoryBlobStore } from "../blobs/mod.ts";
import { ArchiveWriter, findRunLines, gunzip, readArchiveLines } from "./mod.ts";

Deno.test("an object is read member by member, and one that is damaged is not taken for what it was", async () => {
  const store = new MemoryBlobStore();
  const writer = new ArchiveWriter();
  const ids = Array.from({ length: 3_000 }, (_, n) => `0198c5a0-0000-7000-8000-${n.toString(16).padStart(12, "0")}`);
  for (const id of ids) {
    await writer.add({ text: JSON.stringify({ id, text: crypto.randomUUID().repeat(10) }), runId: id, begins: true });
  }
  const written = await writer.finish();
  await store.put("a", written.body);
  const archive = {
    path: "a",
    bytes: written.body.length,
    member_offsets: written.memberOffsets,
    member_run_ids: written.memberRunIds,
  };
  assert(written.memberOffsets.length > 3);
  const lines = await Array.fromAsync(readArchiveLines(store, archive));
  assertEquals(lines.map((line) => JSON.parse(line).id), ids);
  for (const id of [ids[0]!, ids[1_234]!, ids[2_999]!]) {
    store.calls.length = 0;
    assertEquals((await Array.fromAsync(findRunLines(store, [archive], id))).map((line) => JSON.parse(line).id), [id]);
    assert(store.calls.length <= 2);
  }
  assertEquals(await Array.fromAsync(findRunLines(store, [archive], ids[5]!.replace(/^0198/, "0199"))), []);
  // Each member is a gzip file by itself.
  assert((await gunzip(written.body.slice(0, written.memberOffsets[1]))).length > 200_000);
  for (
    const damage of [
      written.body.slice(0, -10),
      new Uint8Array([...written.body, 1]),
      written.body.with(2_000, 1 + written.body[2_000]! % 255),
    ]
  ) {
    await store.put("a", damage);
    await assertRejects(() => Array.fromAsync(readArchiveLines(store, archive)));
  }
  await store.remove(["a"]);
  await assertRejects(() => Array.fromAsync(readArchiveLines(store, archive)));
});
