import type { z } from "zod";
import type { ConfigIssue, JsonObject } from "../graph/mod.ts";
import type { AnyNode } from "./types.ts";

/**
 * Checks a config against its node's schema.
 *
 * @param node The node type.
 * @param config The config as stored in the graph, expressions still inside, or already resolved.
 * @returns Every fault; empty when the config fits.
 */
export function checkNodeConfig(node: AnyNode, config: JsonObject): ConfigIssue[] {
  const parsed = node.configSchema.safeParse(config);
  return parsed.success ? [] : toConfigIssues(parsed.error);
}

/** Flattens a zod error. An issue of a union is reported as the branch that came closest. */
export function toConfigIssues(error: z.ZodError): ConfigIssue[] {
  return error.issues.flatMap((issue) => flatten(issue, []));
}

function flatten(issue: z.core.$ZodIssue, prefix: (string | number)[]): ConfigIssue[] {
  const path = [...prefix, ...issue.path.map((key) => typeof key === "symbol" ? String(key) : key)];
  if (issue.code === "invalid_union" && issue.errors.length > 0) {
    // The branch that got deepest is the one the author meant.
    const depth = (issues: z.core.$ZodIssue[]) => Math.max(0, ...issues.map((inner) => inner.path.length));
    const meant = issue.errors.reduce((best, next) => depth(next) > depth(best) ? next : best);
    if (depth(meant) > 0) return meant.flatMap((inner) => flatten(inner, path));
  }
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      path: [...path, key],
      code: "unrecognized_key",
      message: `Unknown setting "${key}"`,
    }));
  }
  // A schema's own check may name a code of its own, as the parameter "code".
  const own: unknown = issue.code === "custom" ? issue.params?.code : undefined;
  return [{ path, code: typeof own === "string" ? own : issue.code, message: issue.message }];
}
