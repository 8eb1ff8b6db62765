import { z } from "zod";
import { assertEquals } from "../../tests/helpers/assert.ts";
import { fakeDataApi, testOptions, userHeaders } from "../../tests/helpers/http.ts";
import { createApp, createRouter, defineRoute, deprecatedInput, openApiDocument } from "./mod.ts";

const route = defineRoute({
  method: "post",
  path: "/things",
  operationId: "makeThing",
  summary: "Make a thing",
  tags: ["t"],
  access: { user: "flows:write" },
  request: {
    query: z.object({
      old: deprecatedInput(z.string().optional().describe("What it was"), {
        deprecatedAt: "2026-11-21T00:00:00Z",
        sunsetAt: "2027-05-21T00:00:00Z",
        instead: "Use new",
      }),
      new: z.string().optional(),
    }),
    body: z.strictObject({
      colour: deprecatedInput(z.string().optional(), { deprecatedAt: "2026-06-01T00:00:00Z", instead: "Use color" }),
      color: z.string().optional(),
    }),
    bodyRequired: false,
  },
  responses: { 200: { description: "Made", schema: z.object({}) } },
}, () => ({}));

async function answer(query: string, body?: unknown) {
  const app = createApp("t", createRouter("t", [route]), testOptions(fakeDataApi()));
  const response = await app.request(`/t/things${query}`, {
    method: "POST",
    headers: { ...await userHeaders(), "Content-Type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  await response.body?.cancel();
  const { headers } = response;
  return [response.status, headers.get("Deprecation"), headers.get("Sunset"), headers.get("Link") !== null];
}

Deno.test("whoever uses a parameter or property that is on its way out is told so, nobody else", async () => {
  assertEquals(await answer("?new=1", { color: "red" }), [200, null, null, false]);
  assertEquals(await answer("?old=1"), [200, "@1795219200", "Fri, 21 May 2027 00:00:00 GMT", true]);
  assertEquals(await answer("", { colour: "red" }), [200, "@1780272000", null, true]);
});

Deno.test("the document says which parameters are on their way out, and what to use", async () => {
  const options = { title: "Millrace", version: "1.0.0", servers: [{ url: "https://x.test/functions/v1" }] };
  const { paths } = await openApiDocument([createRouter("t", [route])], options);
  const parameters = paths?.["/t/things"]?.post?.parameters as { name?: string; schema: unknown }[];
  assertEquals(
    parameters.find(({ name }) => name === "old")?.schema,
    {
      type: "string",
      description: "What it was. Use new",
      deprecated: true,
      "x-deprecated-at": "2026-11-21T00:00:00Z",
      "x-sunset-at": "2027-05-21T00:00:00Z",
    },
  );
});
