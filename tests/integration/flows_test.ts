import { assert, assertEquals } from "../helpers/assert.ts";
import { startStack } from "../helpers/stack.ts";
import { signUp, stranger } from "./_visitor.ts";

interface Flow {
  id: string;
  version_number: number;
  current_version_id: string;
  problems: unknown[];
}

const GRAPH = {
  nodes: [
    { id: "start", type: "trigger.manual" },
    { id: "end", type: "logic.stop", data: { config: { output: "Hello {{ trigger.name }}" } } },
  ],
  edges: [{ id: "e", source: "start", target: "end" }],
};

Deno.test("a flow lives its life over HTTP, and no other tenant sees any of it", async (t) => {
  const stack = await startStack();
  try {
    const [ada, eve] = [await signUp(stack), await signUp(stack)];
    const made = await ada.call<Flow>("POST", "/flows", { name: "Hello", graph: GRAPH });
    const path = `/flows/${made.body.id}`;

    await t.step("it is made, read, known, changed under its version, restored", async () => {
      assertEquals([made.status, made.headers.get("location")], [201, `${stack.functionsUrl}${path}`]);
      const tag = made.headers.get("etag") ?? "";
      assertEquals((await ada.call("GET", path, undefined, { "if-none-match": tag })).status, 304);
      const head = await ada.call("HEAD", path);
      assertEquals([head.status, head.headers.get("etag"), head.body as unknown], [200, tag, ""]);
      const graph = { ...GRAPH, settings: { timeoutSeconds: 60 } };
      const changed = await ada.call<Flow>("PATCH", path, { graph }, { "if-match": tag });
      assertEquals([changed.status, changed.body.version_number], [200, 2]);
      const stale = await ada.call("PATCH", path, { name: "Late" }, { "if-match": tag });
      assertEquals([stale.status, stale.body.code], [412, "version_mismatch"]);
      const restored = await ada.call<Flow>("POST", `${path}/versions/${made.body.current_version_id}/restore`);
      assertEquals([restored.status, restored.body.version_number], [200, 3]);
    });

    await t.step("it runs", async () => {
      const started = await ada.call<{ id: string }>("POST", `${path}/run`, { input: { name: "Ada" } });
      assertEquals(started.status, 202);
      const run = started.headers.get("location")?.replace(stack.functionsUrl, "") ?? "";
      for (let tries = 0; tries < 100; tries++) {
        const { body } = await ada.call<{ status: string; output: unknown }>("GET", run);
        if (body.status === "completed") return assertEquals(body.output, "Hello Ada");
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      throw new Error("The run did not end");
    });

    await t.step(
      "another tenant gets what is given for a thing that is not there, past the functions too",
      async () => {
        for (
          const [method, rest] of [["GET", ""], ["DELETE", ""], ["POST", "/activate"], ["GET", "/versions"]] as const
        ) {
          const reply = await eve.call(method, path + rest);
          assertEquals([reply.status, reply.body.code], [404, "not_found"], method + rest);
        }
        assertEquals((await eve.call("GET", `/rest/v1/flows?id=eq.${made.body.id}`)).body as unknown, []);
        assertEquals((await eve.call("GET", `/rest/v1/flow_versions?flow_id=eq.${made.body.id}`)).body as unknown, []);
        const renamed = await eve.call("POST", "/rest/v1/rpc/save_flow", { p_flow_id: made.body.id, p_name: "Mine" });
        assertEquals([renamed.status, renamed.body.code], [404, "not_found"]);
        const direct = await ada.call("PATCH", `/rest/v1/flows?id=eq.${made.body.id}`, { name: "Past the checks" });
        assert(direct.status >= 400 && direct.status < 500, `a direct update gave ${direct.status}`);
      },
    );

    await t.step("bad bodies are refused on the wire", async () => {
      const gzip = new Response(JSON.stringify({ name: "Small", is_active: false })).body
        ?.pipeThrough(new CompressionStream("gzip"));
      const packed = await fetch(`${stack.functionsUrl}/flows`, {
        method: "POST",
        headers: {
          apikey: stack.publishableKey,
          authorization: `Bearer ${ada.token}`,
          "content-type": "application/json",
          "content-encoding": "gzip",
        },
        body: new Uint8Array(await new Response(gzip).arrayBuffer()),
      });
      assertEquals([packed.status, (await packed.json()).name], [201, "Small"]);
      const large = await ada.call("POST", "/flows", JSON.stringify({ name: "x".repeat(1_048_577) }));
      assertEquals([large.status, large.body.code], [413, "payload_too_large"]);
      const text = await ada.call("POST", "/flows", "{}", { "content-type": "text/plain" });
      assertEquals([text.status, text.body.code], [415, "unsupported_media_type"]);
      const nobody = await stranger(stack).call("GET", "/flows");
      assertEquals([nobody.status, nobody.headers.get("content-type")], [401, "application/problem+json"]);
    });

    assertEquals((await ada.call("DELETE", path)).status, 204);
    assertEquals((await ada.call("GET", path)).status, 404);
  } finally {
    await stack.stop();
  }
});
