import { assert, assertEquals, assertStringIncludes } from "../helpers/assert.ts";
import { startStack } from "../helpers/stack.ts";
import { stranger } from "./_visitor.ts";

Deno.test("the documentation is served with the document of the functions that are there", async () => {
  const stack = await startStack();
  try {
    const anybody = stranger(stack);
    const document = await anybody.call<{ servers: { url: string }[] }>("GET", "/docs/openapi.json");
    assertEquals([document.status, document.body.servers[0]?.url], [200, stack.functionsUrl]);
    assertEquals(document.body, (await anybody.call<typeof document.body>("GET", "/api/v1/openapi.json")).body);

    const page = await anybody.call<string>("GET", "/docs");
    assertEquals([page.status, page.headers.get("content-type")], [200, "text/html; charset=utf-8"]);
    assertStringIncludes(page.headers.get("content-security-policy") ?? "", "default-src 'none'");
    assertStringIncludes(page.body, '["createFlow","POST","/flows",');
    // A third of that when it is sent compressed.
    assert(page.body.length < 180_000, `${page.body.length}`);

    const part = await anybody.call<{ operation: { operationId: string }; components: object }>(
      "GET",
      "/docs/parts/createFlow",
    );
    assertEquals([part.status, part.body.operation.operationId], [200, "createFlow"]);
  } finally {
    await stack.stop();
  }
});
