import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { jobRegistry, listJobTypes } from "./registry.ts";

Deno.test("every type of job loads under its own name and can be described", async () => {
  for (const type of jobRegistry.types) assertEquals((await jobRegistry.get(type))?.type, type);
  const infos = await listJobTypes();
  assertEquals(infos.map(({ type }) => type), jobRegistry.types);
  for (const info of infos) {
    assert(/^[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+$/.test(info.type), info.type);
    assert(/^[A-Z].*\.$/.test(info.summary), `${info.type}: a summary is a sentence`);
    assertEquals(typeof info.payloadSchema, "object");
    assert(info.timeoutMs > 0 && info.timeoutMs <= 300_000, `${info.type}: no isolate lives for longer`);
  }
});

Deno.test("a type that there is not is not found, whatever its name", async () => {
  for (const type of ["no.such", "__proto__", "constructor"]) assertEquals(await jobRegistry.get(type), undefined);
});
