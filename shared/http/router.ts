import type { RawRoute } from "./raw_route.ts";
import type { Route } from "./route.ts";

/** Any kind of route. */
export type AnyRoute = Route | RawRoute;

/** The routes of one function, before they are mounted. */
export interface Router {
  /** The function's name, the first segment of its paths. */
  readonly name: string;
  readonly routes: readonly AnyRoute[];
}

/**
 * Lists the routes of a function. `createApp` serves a router under its function's name, and the function `api` mounts
 * the same one under `/v1`.
 *
 * It is plain data and no OpenAPIHono: that library would add 4 ms (Deno 2.1.4) to 11 ms (2.9.6) to every cold start for a document that only
 * `docs` and `api` give out, and its validators stop at the first part that is wrong, where we owe every problem.
 * `openApiDocument` loads it when the document is asked for.
 *
 * @param name The function's name.
 * @param routes In any order; no two with the same method and path.
 */
export function createRouter(name: string, routes: readonly AnyRoute[]): Router {
  return { name, routes };
}
