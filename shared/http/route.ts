import { z } from "zod";
import type { CachePolicy } from "../cache/mod.ts";
import type { ErrorCode } from "../errors/mod.ts";
import type { Access, RouteClass } from "./access.ts";
import type { RouteContext } from "./context.ts";
import type { AnyList } from "./define_list.ts";
import { ifNoneMatchHeaders } from "./schemas.ts";

/** The methods a route can have. HEAD comes with GET, OPTIONS by itself. */
export type Method = "get" | "post" | "put" | "patch" | "delete";

/** What a route reads. Each part is validated, and every problem of all parts is reported at once. */
export interface RouteRequest {
  /** The path's parameters. */
  readonly params?: z.ZodObject;
  /** The query. A name that is there twice arrives as a list; one that is not here is refused, but on public routes. */
  readonly query?: z.ZodObject;
  /** Headers, in lower case. */
  readonly headers?: z.ZodObject;
  /** The JSON body. Properties that an object schema does not know are refused at its top; deeper, use strictObject. */
  readonly body?: z.ZodType;
  /** False when the body may be left out; then `input.body` may be undefined. */
  readonly bodyRequired?: boolean;
  /** Another limit than 1 MiB, in bytes. */
  readonly bodyLimitBytes?: number;
  /** Refuses an object that names a property twice. */
  readonly uniqueKeys?: boolean;
}

/** One answer that a route gives when all is well. */
export interface RouteResponse {
  /** What it means. */
  readonly description: string;
  /** The body; none when absent. */
  readonly schema?: z.ZodType;
  /** The body's type when it is not JSON; then the handler makes a Response itself. */
  readonly contentType?: string;
  /** Headers, name → what they say. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The statuses of answers that are no errors. */
export type SuccessStatus = 200 | 201 | 202 | 204 | 206 | 303 | 304;

/**
 * What a route says that keeps its replies: see docs/caching.md. Its handler does nothing but read, answers 200, and
 * what it answers depends on nothing but path, query, version and caller.
 */
export interface RouteCache extends CachePolicy {
  /**
   * What the reply is made of: things of the caller's organization, by whose generation it is known (see
   * private.generations), or `static`, nothing but code, so that it may be kept by anybody in between as well.
   */
  readonly kind: "flows" | "organization" | "static";
  /**
   * Whether a reply is only made of things of the organization that the request acts in: RLS shows people those of all
   * their organizations. Always, when absent.
   */
  readonly keeps?: (body: unknown, organizationId: string) => boolean;
}

/** A route: everything about it but its code. */
export interface RouteDefinition {
  readonly method: Method;
  /** Below the function's name: `/`, `/:id`, `/:id/versions/:versionId`. */
  readonly path: string;
  /** Unique in all functions: `createFlow`. */
  readonly operationId: string;
  /** What it does, in a few words. */
  readonly summary: string;
  /** What else is to know. */
  readonly description?: string;
  /** The groups it is listed under. */
  readonly tags: readonly string[];
  /** Who may call it. */
  readonly access: Access;
  /** The path parameter that names the organization; the header `X-Organization-Id` when absent. */
  readonly organizationParam?: string;
  /** True = only people: an API key is refused with 403. */
  readonly personOnly?: boolean;
  /**
   * True = not to be done with a stolen session alone: a person who has a second factor, or whose organization demands
   * one, must have used it in this session (`aal2`), else 403 `mfa_required`.
   */
  readonly sensitive?: boolean;
  /** Why it uses the database past RLS; a route without it cannot. Listed in docs/security.md. */
  readonly admin?: string;
  /** Whose rate limit it takes from: `read` for GET and `write` for the others when absent. */
  readonly rateLimit?: RouteClass;
  readonly request?: RouteRequest;
  /** What it lists. Then its query is the list's, and `fields` are picked from the answer. */
  readonly list?: AnyList;
  /** How it keeps its replies; not at all when absent. */
  readonly cache?: RouteCache;
  /** Status → answer. The first one is what a plain return value becomes. */
  readonly responses: Readonly<Partial<Record<SuccessStatus, RouteResponse>>>;
  /** Errors that this route can give besides those that its access and request bring with them. */
  readonly errors?: readonly ErrorCode[];
  /** Set when it is on its way out: each answer says so, and the document. Moments in ISO 8601. */
  readonly deprecated?: { readonly deprecatedAt: string; readonly sunsetAt?: string };
}

type Part<D, K extends string> = D extends { request: { [P in K]: infer S extends z.ZodType } } ? z.output<S>
  : undefined;

type QueryOf<D> = D extends { list: { query: infer S extends z.ZodType } } ? z.output<S> : Part<D, "query">;

/** The validated input of a route. Parts that the route does not read are undefined. */
export interface RouteInput<D extends RouteDefinition> {
  readonly params: Part<D, "params">;
  readonly query: QueryOf<D>;
  readonly headers: Part<D, "headers">;
  readonly body: D extends { request: { bodyRequired: false } } ? Part<D, "body"> | undefined : Part<D, "body">;
}

/** An answer with a status of its own, made by {@link reply}. */
export class Reply<S extends number, B> {
  readonly status: S;
  readonly body: B;
  readonly headers: Readonly<Record<string, string>>;

  /** Use {@link reply}. */
  constructor(status: S, body: B, headers: Readonly<Record<string, string>>) {
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/**
 * An answer with one of the route's statuses: `return reply(202, run, { Location: … })`.
 *
 * @param status One of the statuses that the route declares.
 * @param body What that status' schema describes; undefined where it has none.
 * @param headers Headers of the answer.
 */
export function reply<const S extends SuccessStatus, B>(
  status: S,
  body: B,
  headers: Readonly<Record<string, string>> = {},
): Reply<S, B> {
  return new Reply(status, body, headers);
}

type BodyOf<R> = R extends { schema: infer T extends z.ZodType } ? z.input<T> : undefined;

/** A handler of an answer without a body may just end. */
type PlainBodyOf<R> = R extends { schema: z.ZodType } ? BodyOf<R> : undefined | void;

/** What a handler may return: the body, a {@link reply}, or a Response of its own. */
export type RouteResult<D extends RouteDefinition> =
  | PlainBodyOf<D["responses"][keyof D["responses"]]>
  | { [S in keyof D["responses"] & number]: Reply<S, BodyOf<D["responses"][S]>> }[keyof D["responses"] & number]
  | Response;

/** The code of a route. */
export type RouteHandler<D extends RouteDefinition> = (
  c: RouteContext<D["access"]>,
  input: RouteInput<D>,
) => RouteResult<D> | Promise<RouteResult<D>>;

/** Code of a route whose definition is no longer known to the compiler. */
type ErasedHandler = (c: RouteContext, input: RouteInput<RouteDefinition>) => unknown;

/** A route with its code, as routers take it. */
export interface Route {
  readonly kind: "json";
  readonly definition: RouteDefinition;
  readonly handler: ErasedHandler;
}

/**
 * Defines a route. The handler gets the Hono context (`c.var.request` is the caller) and the validated input; what it
 * returns becomes the first of `responses`, checked by the compiler against its schema.
 *
 * @param definition Everything but the code.
 * @param handler The code. What it throws becomes a problem+json answer.
 */
export function defineRoute<const D extends RouteDefinition>(definition: D, handler: RouteHandler<D>): Route {
  return {
    kind: "json",
    definition: withEntityTag(withListQuery(withStrictBody(definition))),
    handler: handler as unknown as ErasedHandler,
  };
}

/** Unknown properties of a body are refused: a misspelt one would otherwise be lost without a word. */
function withStrictBody(definition: RouteDefinition): RouteDefinition {
  const body = definition.request?.body;
  if (!(body instanceof z.ZodObject) || body._zod.def.catchall !== undefined) return definition;
  return { ...definition, request: { ...definition.request, body: body.strict() } };
}

function withListQuery(definition: RouteDefinition): RouteDefinition {
  const { list, request } = definition;
  return list === undefined ? definition : { ...definition, request: { ...request, query: list.query } };
}

/** Whether its answer carries an ETag: what signed-in callers read as JSON. */
export function hasEntityTag({ method, access, responses }: RouteDefinition): boolean {
  const { 200: ok } = responses;
  return method === "get" && access.public !== true && ok?.schema !== undefined && ok.contentType === undefined;
}

/** Says of what has an ETag that it does: the header that is read and the answer without a body. */
function withEntityTag(definition: RouteDefinition): RouteDefinition {
  if (!hasEntityTag(definition)) return definition;
  const { request, responses } = definition;
  const headers = { ETag: "What `If-None-Match` takes; with a version also `If-Match`" };
  const { 200: ok, 304: notModified } = responses;
  return {
    ...definition,
    request: { ...request, headers: z.object({ ...ifNoneMatchHeaders.shape, ...request?.headers?.shape }) },
    responses: {
      ...responses,
      ...(ok === undefined ? {} : { 200: { ...ok, headers: { ...headers, ...ok.headers } } }),
      304: notModified ?? { description: "You have this already", headers },
    },
  };
}
