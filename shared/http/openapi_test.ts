import { z } from "zod";
import { assert, assertEquals, assertObjectMatch } from "../../tests/helpers/assert.ts";
import { ERROR_CODES } from "../errors/mod.ts";
import { createRouter, defineList, defineRawRoute, defineRoute, idParams, jsonSchema, openApiDocument } from "./mod.ts";

const thing = z.object({ id: z.uuid(), name: z.string().meta({ description: "A name" }), data: jsonSchema })
  .meta({ id: "Thing" });

const things = defineList({ name: "things", item: thing, sort: { name: "name" }, defaultSort: "name" });

const router = createRouter("things", [
  defineRoute({
    method: "get",
    path: "/",
    operationId: "listThings",
    summary: "List things",
    tags: ["things"],
    access: { user: "flows:read", secret: true },
    list: things,
    responses: { 200: { description: "Things", schema: things.page() } },
  }, () => ({ data: [], next_cursor: null })),
  defineRoute({
    method: "patch",
    path: "/:id",
    operationId: "updateThing",
    summary: "Update a thing",
    description: "All of it.",
    tags: ["things"],
    access: { user: "flows:write" },
    request: { params: idParams, body: z.object({ name: z.string() }) },
    responses: { 200: { description: "The thing", schema: thing, headers: { ETag: "Its version" } } },
    errors: ["version_mismatch", "conflict", "flow_inactive"],
    deprecated: { deprecatedAt: "2026-11-21T00:00:00Z" },
  }, () => ({ id: "", name: "", data: null })),
  defineRoute({
    method: "get",
    path: "/live",
    operationId: "live",
    summary: "Live",
    tags: ["health"],
    access: { public: true },
    responses: { 204: { description: "Alive" } },
  }, () => undefined),
  defineRawRoute({
    path: "/hooks/:slug",
    operationId: "receive",
    summary: "Receive",
    tags: ["hooks"],
    responses: { 202: { description: "Received" } },
    errors: ["invalid_signature"],
  }, (c) => c.body(null, 202)),
]);

interface Operation {
  operationId: string;
  description?: string;
  deprecated?: boolean;
  security: unknown[];
  parameters?: { name?: string; in?: string; $ref?: string }[];
  requestBody?: { required: boolean; content: Record<string, { schema?: Record<string, unknown> }> };
  responses: Record<string, { content?: Record<string, { schema: unknown; examples?: Record<string, unknown> }> }>;
}

const options = { title: "Millrace", version: "1.0.0", servers: [{ url: "https://x.test/functions/v1" }] };
const document = await openApiDocument([router], options);
const paths = document.paths as unknown as Record<string, Record<string, Operation>>;

Deno.test("openApiDocument() is OpenAPI 3.1 with every route under its function's name", () => {
  assertEquals(document.openapi, "3.1.0");
  assertEquals(document.info, { title: "Millrace", version: "1.0.0" });
  assertEquals(Object.keys(paths).sort(), ["/things", "/things/hooks/{slug}", "/things/live", "/things/{id}"]);
  assertEquals(Object.keys(paths["/things/hooks/{slug}"] ?? {}), ["get", "post", "put", "patch", "delete"]);
  assertEquals(paths["/things/hooks/{slug}"]?.post?.operationId, "receive_post");
});

Deno.test("openApiDocument() says who may call and with what", () => {
  const list = paths["/things"]?.get;
  assertEquals(list?.security, [{ userToken: ["flows:read"] }, { apiKey: ["flows:read"] }, { secretKey: [] }]);
  assertEquals(paths["/things/live"]?.get?.security, []);
  assertEquals(list?.parameters?.map((parameter) => parameter.name ?? parameter.$ref), [
    "#/components/parameters/OrganizationId",
    "#/components/parameters/MillraceVersion",
    "limit",
    "cursor",
    "sort",
    "fields",
    "if-none-match",
  ]);
  const update = paths["/things/{id}"]?.patch;
  assertEquals([update?.deprecated, update?.description], [true, "All of it.\n\nPermission: `flows:write`."]);
  assertEquals(update?.requestBody?.required, true);
  // What is refused is also said.
  assertEquals(update?.requestBody?.content["application/json"]?.schema?.additionalProperties, false);
});

Deno.test("openApiDocument() gives every status a route can answer, with problem and example", () => {
  const statuses = (path: string, method: string) => Object.keys(paths[path]?.[method]?.responses ?? {});
  assertEquals(statuses("/things", "get"), [
    "200",
    "304",
    "400",
    "401",
    "403",
    "404",
    "429",
    "500",
    "501",
    "503",
    "504",
  ]);
  assertEquals(statuses("/things/{id}", "patch"), [
    "200",
    "400",
    "401",
    "403",
    "404",
    "409",
    "412",
    "413",
    "415",
    "429",
    "500",
    "501",
    "503",
    "504",
  ]);
  assertEquals(statuses("/things/live", "get"), ["204", "400", "401", "403", "429", "500", "503", "504"]);
  assertEquals(statuses("/things/hooks/{slug}", "post"), ["202", "400", "401", "403", "413", "500", "503", "504"]);
  const conflict = paths["/things/{id}"]?.patch?.responses["409"]?.content?.["application/problem+json"];
  assertEquals(conflict?.schema, { $ref: "#/components/schemas/Problem" });
  assertEquals(Object.keys(conflict?.examples ?? {}), ["conflict", "flow_inactive"]);
});

Deno.test("openApiDocument() holds every component it refers to", () => {
  const components = document.components as unknown as Record<string, Record<string, unknown>>;
  assertEquals(Object.keys(components.schemas ?? {}).sort(), ["Json", "PartialThing", "Problem", "Thing"]);
  assertEquals(Object.keys(components.examples ?? {}), Object.keys(ERROR_CODES));
  assertObjectMatch(components.schemas?.Thing as object, {
    properties: { name: { description: "A name" }, data: { $ref: "#/components/schemas/Json" } },
  });
  for (const [, kind, name] of JSON.stringify(document).matchAll(/#\/components\/(\w+)\/([\w-]+)/g)) {
    assert(components[kind ?? ""]?.[name ?? ""] !== undefined, `${kind}/${name}`);
  }
});

Deno.test("openApiDocument() can be made again", async () => {
  assertEquals(await openApiDocument([router], options), document);
});
