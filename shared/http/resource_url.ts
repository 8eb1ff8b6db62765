import type { RouteContext } from "./context.ts";

/** Where `api` mounts the other functions. */
const UNDER_API = /^\/api\/v\d+(?=\/)/;

/**
 * The absolute address of a thing, for `Location`: on the same side on which the caller came in, that is under the
 * function's own name, or under `/api/v1`.
 *
 * @param path The function and what follows: `resourceUrl(c, "runs", run.id)`.
 */
export function resourceUrl(c: Pick<RouteContext, "req" | "var">, ...path: string[]): string {
  const [prefix = ""] = UNDER_API.exec(c.req.path) ?? [];
  return `${c.var.request.env.functionsUrl}${prefix}/${path.map(encodeURIComponent).join("/")}`;
}
