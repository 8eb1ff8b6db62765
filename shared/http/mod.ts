/**
 * The request path: apps, routers and routes, and what handlers need.
 *
 * @module
 */
export { type App, type AppOptions, createApp, type Observation } from "./app.ts";
export { type AnyRoute, createRouter, type Router } from "./router.ts";
export {
  defineRoute,
  type Method,
  Reply,
  reply,
  type Route,
  type RouteCache,
  type RouteDefinition,
  type RouteHandler,
  type RouteInput,
  type RouteRequest,
  type RouteResponse,
  type RouteResult,
  type SuccessStatus,
} from "./route.ts";
export { schemaError } from "./_schema_guard.ts";
export { defineRawRoute, type RawHandler, type RawRoute, type RawRouteDefinition } from "./raw_route.ts";
export type {
  Access,
  Permission,
  PublicAccess,
  RouteClass,
  SecretAccess,
  UserAccess,
  UserOrSecretAccess,
} from "./access.ts";
export { permissionExtensions, PERMISSIONS, type Role, ROLE_PERMISSIONS } from "./permissions.ts";
export type { ForUser, PlanLimits, RequestContext, RouteContext, RouteEnv, UserContext } from "./context.ts";
export type { GateAnswer } from "./gate.ts";
export {
  idempotencyHeaders,
  idParams,
  ifMatchHeaders,
  ifNoneMatchHeaders,
  jsonSchema,
  problemSchema,
} from "./schemas.ts";
export { etag, isNotModified, readIfMatch } from "./etag.ts";
export { deprecatedInput, type InputDeprecation } from "./deprecated_input.ts";
export { type AnyListQuery, defineList, filterOf, type ListDeclaration, type ListSpec } from "./define_list.ts";
export { type FilterKind, type FilterOptions, type ListFilter, where } from "./list_filters.ts";
export { sendText, type SentText } from "./send_text.ts";
export { resourceUrl } from "./resource_url.ts";
export { readIdempotencyKey } from "./idempotency.ts";
export { MAX_BODY_BYTES, readBytes } from "./body.ts";
export { MAX_JSON_DEPTH, parseJson, type ParseJsonOptions } from "./strict_json.ts";
export { pause, type SendEvent, type ServerEvent, type SseOptions, sseStream } from "./sse.ts";
export { type OpenApiDocument, openApiDocument, type OpenApiOptions } from "./openapi.ts";
export { type CodeSample, codeSamples, type SampleRequest } from "./code_samples.ts";
export { API_VERSIONS, type ApiChange, type ApiVersion } from "./versions/mod.ts";
export { backgroundSettled, waitUntil } from "./wait_until.ts";
