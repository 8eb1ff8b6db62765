/**
 * Every door there is: each method of each route, found from the routers.
 *
 * @module
 */
import type { z } from "zod";
import { signCallback } from "../../shared/engine/mod.ts";
import { type AnyRoute, MAX_BODY_BYTES, type Route, type Router } from "../../shared/http/mod.ts";
import { TEST_KEYS, TEST_ORGANIZATION_ID } from "./http.ts";

/** A way into Millrace. */
export interface Door {
  readonly router: Router;
  readonly route: AnyRoute;
  /** The operation and its method. */
  readonly name: string;
  readonly method: string;
  /** With parameters that have the right form. */
  readonly path: string;
  /** The path with this in the place of each id. */
  readonly pathWith: (id: string) => string;
  /** Whether it reads a body, and of how many bytes at most. */
  readonly bodyLimitBytes: number | null;
  /** A body that fits; undefined = it needs none. */
  readonly body: unknown;
  /** The JSON route's definition; null for raw routes. */
  readonly json: Route["definition"] | null;
}

const METHODS_OF_ALL = ["POST"];

/** What stands for parameters that are no UUID. */
const PARAMETERS: Readonly<Record<string, string>> = {
  node_id: "a",
  number: "1",
  name: "usage-hourly",
  type: "action.http",
  slug: "s".repeat(32),
};

/** All doors of some routers. */
export async function doorsOf(routers: readonly Router[]): Promise<Door[]> {
  const token = await signCallback(TEST_KEYS.secret, { runId: crypto.randomUUID(), node: "a", scope: "" });
  return routers.flatMap((router) =>
    router.routes.flatMap((route) => {
      const methods = route.kind === "json"
        ? [route.definition.method.toUpperCase()]
        : route.definition.methods ?? METHODS_OF_ALL;
      return methods.map((method) => doorOf(router, route, method, token));
    })
  );
}

function doorOf(router: Router, route: AnyRoute, method: string, token: string): Door {
  const { path, operationId } = route.definition;
  const json = route.kind === "json" ? route.definition : null;
  const params = json?.request?.params;
  const pathWith = (id?: string) =>
    `/${router.name}${path === "/" ? "" : path}`.replaceAll(/:(\w+)/g, (_, name: string) => {
      if (name === json?.organizationParam && id === undefined) return TEST_ORGANIZATION_ID;
      if (name === "token") return token;
      if (id !== undefined) return id;
      const uuid = crypto.randomUUID();
      const fits = (params?.shape[name] as z.ZodType | undefined)?.safeParse(uuid).success ?? false;
      return fits ? uuid : PARAMETERS[name] ?? uuid;
    });
  const { body, bodyLimitBytes } = json?.request ?? {};
  const reads = route.kind === "raw" ? method !== "GET" : body !== undefined;
  const limit = (route.kind === "raw" ? route.definition.bodyLimitBytes : bodyLimitBytes) ?? MAX_BODY_BYTES;
  return {
    router,
    route,
    name: `${operationId} ${method}`,
    method,
    path: pathWith(),
    pathWith,
    bodyLimitBytes: reads ? limit : null,
    body: (body?.meta()?.examples as unknown[] | undefined)?.[0],
    json,
  };
}
