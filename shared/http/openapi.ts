import type { OpenAPIHono } from "@hono/zod-openapi";
import {
  AppError,
  ERROR_ADVICE,
  ERROR_CODES,
  type ErrorCode,
  PROBLEM_CONTENT_TYPE,
  problemDetails,
} from "../errors/mod.ts";
import { errorCodesOf } from "./_route_errors.ts";
import { permissionExtensions } from "./permissions.ts";
import type { RawRoute } from "./raw_route.ts";
import { API_VERSIONS } from "./versions/mod.ts";
import type { Route, RouteResponse } from "./route.ts";
import type { AnyRoute, Router } from "./router.ts";
import { problemSchema } from "./schemas.ts";

/** An OpenAPI 3.1 document. */
export type OpenApiDocument = ReturnType<OpenAPIHono["getOpenAPI31Document"]>;

/** What a document says about itself. */
export interface OpenApiOptions {
  readonly title: string;
  readonly version: string;
  readonly description?: string;
  /** Where the functions answer: base URLs, the first being the usual one. */
  readonly servers: readonly { readonly url: string; readonly description?: string }[];
}

type Registry = OpenAPIHono["openAPIRegistry"];
type PathConfig = Parameters<Registry["registerPath"]>[0];

const USER_SCHEME = "userToken";
const KEY_SCHEME = "apiKey";
const SECRET_SCHEME = "secretKey";

/** Methods of a raw route that takes every method, as far as OpenAPI has a word for them. */
const ALL_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/**
 * Makes the OpenAPI 3.1 document of routers: every route with its parameters, bodies, answers and the errors it can
 * give. The library is loaded here, by the first document, and not at start.
 *
 * Schemas with `.meta({ id })` become components. The document says what is validated: both come from the same schemas.
 */
export async function openApiDocument(routers: readonly Router[], options: OpenApiOptions): Promise<OpenApiDocument> {
  const { OpenAPIHono } = await import("@hono/zod-openapi");
  const generator = new OpenAPIHono();
  const registry = generator.openAPIRegistry;
  registerComponents(registry);
  for (const router of routers) {
    for (const route of router.routes) registerRoute(registry, router.name, route);
  }
  const { title, version, description, servers } = options;
  return generator.getOpenAPI31Document({
    openapi: "3.1.0",
    info: { title, version, ...(description === undefined ? {} : { description }) },
    servers: servers.map((server) => ({ ...server })),
  });
}

function registerComponents(registry: Registry): void {
  registry.registerComponent("securitySchemes", USER_SCHEME, {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description: "The access token of a signed-in user",
  });
  registry.registerComponent("securitySchemes", KEY_SCHEME, {
    type: "apiKey",
    in: "header",
    name: "x-api-key",
    description: "An API key of the organization, mr_live_… or mr_test_…; also accepted as a bearer token",
  });
  registry.registerComponent("securitySchemes", SECRET_SCHEME, {
    type: "apiKey",
    in: "header",
    name: "apikey",
    description: "A secret key of the project, for operators and cron",
  });
  registry.registerComponent("parameters", "MillraceVersion", {
    name: "Millrace-Version",
    in: "header",
    required: false,
    description:
      "The version of the API that is meant; what key or organization are pinned to, or the latest, when absent",
    schema: { type: "string", enum: API_VERSIONS.map(({ version }) => version) },
  });
  registry.registerComponent("parameters", "OrganizationId", {
    name: "X-Organization-Id",
    in: "header",
    required: false,
    description: "The organization to act in; your first one when absent",
    schema: { type: "string", format: "uuid" },
  });
  for (const name of ["RateLimit", "RateLimit-Policy"]) {
    registry.registerComponent("headers", name, {
      description: "The rate limit: draft-ietf-httpapi-ratelimit-headers",
      schema: { type: "string" },
    });
  }
  for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
    const value = problemDetails(new AppError(code), "3f1c9a52-7d0e-4b7a-9d58-2f6a1c0b4e11");
    const { meaning, remedy } = ERROR_ADVICE[code];
    registry.registerComponent("examples", code, {
      summary: ERROR_CODES[code].title,
      description: `${meaning}\n\n${remedy}`,
      value,
    });
  }
}

function registerRoute(registry: Registry, name: string, route: AnyRoute): void {
  const path = `/${name}${route.definition.path === "/" ? "" : route.definition.path}`.replaceAll(/:(\w+)/g, "{$1}");
  if (route.kind === "json") return registry.registerPath(describeJsonRoute(path, route));
  const methods = route.definition.methods ?? ALL_METHODS;
  for (const method of methods) registry.registerPath(describeRawRoute(path, method, methods.length > 1, route));
}

function describeJsonRoute(path: string, route: Route): PathConfig {
  const { definition } = route;
  const { access, request, method } = definition;
  const security: Record<string, string[]>[] = [];
  const permission = access.user;
  // For these, OpenAPI 3.1 lets a requirement name the roles that it takes.
  const roles = permission === undefined || permission === "any" ? [] : [permission];
  if (permission !== undefined) security.push({ [USER_SCHEME]: roles });
  if (permission !== undefined && definition.personOnly !== true) security.push({ [KEY_SCHEME]: roles });
  if (access.secret !== undefined) security.push({ [SECRET_SCHEME]: [] });
  return {
    ...describe(route),
    ...permissionExtensions(access),
    method,
    path,
    security,
    parameters: [
      ...(access.user === undefined || definition.organizationParam !== undefined ? [] : ["OrganizationId"]),
      "MillraceVersion",
    ].map((name) => ({ $ref: `#/components/parameters/${name}` })),
    request: {
      ...(request?.params === undefined ? {} : { params: request.params }),
      ...(request?.query === undefined ? {} : { query: request.query }),
      ...(request?.headers === undefined ? {} : { headers: request.headers }),
      ...(request?.body === undefined ? {} : {
        body: {
          required: request.bodyRequired !== false,
          content: { "application/json": { schema: request.body } },
        },
      }),
    },
    responses: { ...successes(definition.responses, access.user !== undefined), ...failures(route) },
  };
}

function describeRawRoute(path: string, method: string, several: boolean, route: RawRoute): PathConfig {
  const common = describe(route);
  const lower = method.toLowerCase() as PathConfig["method"];
  return {
    ...common,
    operationId: several ? `${common.operationId}_${lower}` : common.operationId,
    method: lower,
    path,
    security: [],
    parameters: [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => (
      { name: name ?? "", in: "path", required: true, schema: { type: "string" } } as const
    )),
    ...(method === "GET" ? {} : { requestBody: { required: false, content: { "*/*": {} } } }),
    responses: { ...successes(route.definition.responses, false), ...failures(route) },
  };
}

function describe(route: AnyRoute) {
  const { operationId, summary, description, tags } = route.definition;
  const deprecated = route.kind === "json" && route.definition.deprecated !== undefined;
  const permission = route.kind === "json" ? route.definition.access.user : undefined;
  const needs = permission === undefined || permission === "any" ? undefined : `Permission: \`${permission}\`.`;
  const text = [description, needs].filter((part) => part !== undefined).join("\n\n");
  return {
    operationId,
    summary,
    tags: [...tags],
    ...(text === "" ? {} : { description: text }),
    ...(deprecated ? { deprecated } : {}),
  };
}

function successes(responses: Readonly<Record<string, RouteResponse>>, limited: boolean): PathConfig["responses"] {
  const headerRefs = limited
    ? { "RateLimit": ref("headers", "RateLimit"), "RateLimit-Policy": ref("headers", "RateLimit-Policy") }
    : {};
  return Object.fromEntries(
    Object.entries(responses).map(([status, { description, schema, contentType, headers = {} }]) => {
      const own = Object.entries(headers).map(([name, text]) => [name, headerObject(text)] as const);
      const content = schema === undefined
        ? (contentType === undefined ? {} : { content: { [contentType]: {} } })
        : { content: { [contentType ?? "application/json"]: { schema } } };
      const all = { ...headerRefs, ...Object.fromEntries(own) };
      return [status, { description, ...(Object.keys(all).length === 0 ? {} : { headers: all }), ...content }];
    }),
  );
}

/** One answer a status, with an example for every code that can come with it. */
function failures(route: AnyRoute): PathConfig["responses"] {
  const byStatus = Map.groupBy(errorCodesOf(route), (code) => ERROR_CODES[code].status);
  return Object.fromEntries([...byStatus].map(([status, codes]) => [status, {
    description: codes.map((code) => `\`${code}\`: ${ERROR_CODES[code].title}`).join("; "),
    ...(status === 429 || status === 503 ? { headers: { "Retry-After": headerObject("Seconds to wait") } } : {}),
    content: {
      [PROBLEM_CONTENT_TYPE]: {
        schema: problemSchema,
        examples: Object.fromEntries(codes.map((code) => [code, ref("examples", code)])),
      },
    },
  }]));
}

function headerObject(description: string) {
  return { description, schema: { type: "string" as const } };
}

function ref(kind: string, name: string): { $ref: string } {
  return { $ref: `#/components/${kind}/${name}` };
}
