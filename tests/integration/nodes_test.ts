import { assert, assertEquals } from "../helpers/assert.ts";
import { startStack } from "../helpers/stack.ts";
import { signUp, stranger } from "./_visitor.ts";

Deno.test("node types are listed, described, and tested for real, but never against addresses inside", async () => {
  const received: string[] = [];
  const outside = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    received.push(await request.text());
    return Response.json({ ok: true });
  });
  const stack = await startStack({ functionsEnv: { EGRESS_ALLOW: `127.0.0.1:${outside.addr.port}` } });
  try {
    const ada = await signUp(stack);
    const list = await ada.call<{ data: { type: string; example_config: unknown }[] }>("GET", "/nodes");
    assertEquals(list.status, 200);
    for (const { type } of list.body.data) {
      const { status, body } = await ada.call("GET", `/nodes/${type}/schema`);
      assertEquals([status, body.type], [200, type]);
    }
    const config = { method: "POST", body: { type: "json", value: { hello: "{{ trigger.name }}" } } };
    const sent = await ada.call("POST", "/nodes/action.http/test", {
      config: { ...config, url: `http://127.0.0.1:${outside.addr.port}/` },
      input: { trigger: { name: "Ada" } },
    });
    assertEquals([sent.status, sent.body.status, received], [200, "completed", ['{"hello":"Ada"}']]);

    for (const url of [stack.url, "http://169.254.169.254/", "http://[::1]:5432/", "http://0177.0.0.1/"]) {
      const refused = await ada.call("POST", "/nodes/action.http/test", { config: { ...config, url } });
      assertEquals([refused.status, refused.body.code], [422, "blocked_address"], url);
    }
    assertEquals((await ada.call("GET", "/nodes/action.nothing")).status, 404);
    assertEquals((await stranger(stack).call("GET", "/nodes")).status, 401);
    assert(received.length === 1);
  } finally {
    await stack.stop();
    await outside.shutdown();
  }
});
