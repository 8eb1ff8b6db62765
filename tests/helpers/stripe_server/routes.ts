/**
 * How the routes of Stripe's stand-in are written down, and found.
 *
 * @module
 */
import type { Params } from "./form.ts";
import { onlyKnown } from "./form.ts";
import type { StripeWorld } from "./world.ts";

/** Answers a request: what it returns is the body, before `expand`. */
export type StripeHandler = (world: StripeWorld, params: Params, ids: readonly string[]) => unknown;

/** A route of the API. */
export interface StripeRoute {
  readonly method: string;
  readonly pattern: RegExp;
  readonly known: string;
  readonly handler: StripeHandler;
}

/**
 * A route.
 *
 * @param operation `POST /v1/customers/:id`.
 * @param known The names of the parameters that it takes, with spaces between.
 */
export function route(operation: string, known: string, handler: StripeHandler): StripeRoute {
  const [method = "", path = ""] = operation.split(" ");
  const pattern = new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/:\w+/g, "([^/]+)")}$`);
  return { method, pattern, known, handler };
}

/** What every list takes. */
export const PAGED = "limit starting_after ending_before created";

/** Answers with the first route that fits; undefined = there is none. */
export function answerRoute(
  routes: readonly StripeRoute[],
  world: StripeWorld,
  { method, path, params }: { method: string; path: string; params: Params },
): unknown {
  for (const { method: wanted, pattern, known, handler } of routes) {
    const match = wanted === method ? pattern.exec(path) : null;
    if (match === null) continue;
    onlyKnown(params, known);
    return world.expand(handler(world, params, match.slice(1).map(decodeURIComponent)), params);
  }
  return undefined;
}
