import { AppError, versionMismatch } from "../../../shared/errors/mod.ts";
import { assertEquals, assertRejects } from "../../../tests/helpers/assert.ts";
import { underVersion } from "./_under_version.ts";

const lost = () => Promise.reject(versionMismatch());

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return (await assertRejects(() => promise, AppError)).code;
}

Deno.test("underVersion() changes the row under the version that was judged", async () => {
  assertEquals(await underVersion(null, 7, (version) => Promise.resolve(version)), 7);
  assertEquals(await underVersion(7, 7, (version) => Promise.resolve(version)), 7);
});

Deno.test("underVersion() refuses a stale If-Match before it changes anything", async () => {
  assertEquals(await codeOf(underVersion(6, 7, () => Promise.reject(new Error("never called")))), "version_mismatch");
});

Deno.test("underVersion() calls a lost race a conflict when no version was demanded", async () => {
  assertEquals(await codeOf(underVersion(null, 7, lost)), "conflict");
  assertEquals(await codeOf(underVersion(7, 7, lost)), "version_mismatch");
});
