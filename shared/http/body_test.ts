import { assertEquals, assertRejects } from "../../tests/helpers/assert.ts";
import { AppError } from "../errors/mod.ts";
import { readBytes, readText } from "./body.ts";

const LIMIT = 1_000;

function post(body: BodyInit | null, headers: Record<string, string> = {}): Request {
  return new Request("http://x.test", { method: "POST", body, headers });
}

/** A body whose length nobody announces. */
function chunked(sizes: readonly number[], onCancel: () => void = () => {}): ReadableStream<Uint8Array> {
  let index = 0;
  return new ReadableStream({
    pull(controller) {
      const size = sizes[index++];
      if (size === undefined) controller.close();
      else controller.enqueue(new Uint8Array(size).fill(97));
    },
    cancel: onCancel,
  });
}

async function compress(text: string): Promise<ArrayBuffer> {
  return await new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
}

async function refuse(request: Request): Promise<string> {
  return (await assertRejects(() => readText(request, LIMIT), AppError)).code;
}

Deno.test("readBytes() takes a body of exactly the limit and refuses one byte more", async () => {
  assertEquals((await readBytes(post("a".repeat(LIMIT)), LIMIT)).length, LIMIT);
  assertEquals(await refuse(post("a".repeat(LIMIT + 1))), "payload_too_large");
  assertEquals((await readBytes(post(chunked([400, 600])), LIMIT)).length, LIMIT);
  assertEquals(await refuse(post(chunked([400, 601]))), "payload_too_large");
  assertEquals((await readBytes(post(null), LIMIT)).length, 0);
});

Deno.test("readBytes() stops a body without an end", async () => {
  let cancelled = false;
  const endless = chunked(Array.from({ length: 1_000_000 }, () => 300), () => cancelled = true);
  assertEquals(await refuse(post(endless)), "payload_too_large");
  assertEquals(cancelled, true);
});

Deno.test("readBytes() refuses by the announced length before it reads, and does not trust it", async () => {
  assertEquals(await refuse(post(chunked([1]), { "content-length": String(LIMIT + 1) })), "payload_too_large");
  assertEquals(await refuse(post(chunked([LIMIT + 1]), { "content-length": "3" })), "payload_too_large");
});

Deno.test("readBytes() calls a body that breaks off the caller's fault", async () => {
  const broken = new ReadableStream({ pull: (controller) => controller.error(new TypeError("connection reset")) });
  assertEquals(await refuse(post(broken)), "invalid_request");
});

Deno.test("readText() refuses bytes that are not UTF-8 and forgives a byte order mark", async () => {
  for (const bytes of [[0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xf0, 0x9f, 0xa6], [0xc0, 0x80]]) {
    assertEquals(await refuse(post(new Uint8Array(bytes))), "invalid_json");
  }
  assertEquals(await readText(post(new Uint8Array([0xef, 0xbb, 0xbf, 0x31])), LIMIT), "1");
});

Deno.test("readText() inflates gzip, and refuses bombs and rubbish", async () => {
  const headers = { "content-encoding": "gzip" };
  assertEquals(await readText(post(await compress("hello"), headers), LIMIT), "hello");
  assertEquals((await readText(post(await compress("a".repeat(LIMIT)), headers), LIMIT)).length, LIMIT);
  assertEquals(await refuse(post(await compress("a".repeat(LIMIT + 1)), headers)), "payload_too_large");
  const bomb = await compress("a".repeat(500_000));
  assertEquals(bomb.byteLength < LIMIT, true);
  assertEquals(await refuse(post(bomb, headers)), "payload_too_large");
  assertEquals(await refuse(post("not compressed", headers)), "invalid_json");
  const whole = await compress("hello hello");
  for (let length = 1; length < whole.byteLength; length++) {
    assertEquals(await refuse(post(whole.slice(0, length), headers)), "invalid_json", `cut to ${length}`);
  }
});

Deno.test("readText() refuses other encodings", async () => {
  for (const encoding of ["br", "deflate", "zstd", "gzip, gzip", "x"]) {
    assertEquals(await refuse(post("x", { "content-encoding": encoding })), "unsupported_media_type");
  }
});
