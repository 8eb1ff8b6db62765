import { assert, assertEquals, assertStringIncludes } from "../helpers/assert.ts";
import { startStack } from "../helpers/stack.ts";
import { signUp, stranger } from "./_visitor.ts";

interface Document {
  paths: Record<string, Record<string, { security?: unknown[] }>>;
}

Deno.test("the unified API serves every function, by all its names, to frontends of other sites", async (t) => {
  const stack = await startStack();
  try {
    const ada = await signUp(stack);

    await t.step("by name and by alias", async () => {
      const made = await ada.call<{ id: string }>("POST", "/api/v1/workflows", { name: "By its old name" });
      assertEquals([made.status, made.headers.get("location")], [
        201,
        `${stack.functionsUrl}/api/v1/flows/${made.body.id}`,
      ]);
      const names = [
        "flows",
        "runs",
        "nodes",
        "webhooks",
        "orgs",
        "canvas",
        "executions",
        "workers",
        "auth/me",
        "health",
      ];
      for (const name of names) assertEquals((await ada.call("GET", `/api/v1/${name}`)).status, 200, name);
    });

    await t.step("with problems for what is not there, CORS on them included", async () => {
      const origin = { origin: "https://app.example.com" };
      const missing = await ada.call("GET", "/api/v1/nothing", undefined, origin);
      assertEquals([missing.status, missing.body.code], [404, "not_found"]);
      assertEquals(missing.headers.get("access-control-allow-origin"), "*");
      const preflight = await stranger(stack).call("OPTIONS", "/api/v1/flows", undefined, {
        ...origin,
        "access-control-request-method": "PATCH",
        "access-control-request-headers": "authorization, if-match",
      });
      assertEquals(preflight.status, 204);
      assertStringIncludes(preflight.headers.get("access-control-allow-headers") ?? "", "if-match");
    });

    await t.step("and answers every documented GET without a fault of its own", async () => {
      const { body } = await stranger(stack).call<Document>("GET", "/api/v1/openapi.json");
      for (const [path, item] of Object.entries(body.paths)) {
        if (item.get === undefined || path.endsWith("/events")) continue;
        const filled = path.replaceAll(/\{\w+\}/g, crypto.randomUUID());
        for (const caller of [ada, stranger(stack)]) {
          const { status, body } = await caller.call<{ code?: string }>("GET", filled);
          // The stack has no key of Stripe's.
          const isOff = status === 501 && body.code === "billing_not_configured";
          assert(status < 500 || isOff, `${filled} gave ${status}`);
        }
      }
    });
  } finally {
    await stack.stop();
  }
});
