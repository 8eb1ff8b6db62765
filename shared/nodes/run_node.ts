import type { JsonObject } from "../graph/mod.ts";
import { NodeError } from "../providers/mod.ts";
import { toConfigIssues } from "./check_config.ts";
import type { AnyNode, NodeContext, NodeResult } from "./types.ts";

/**
 * Applies a node's schema to its resolved config and runs it.
 *
 * @param node The node type.
 * @param config The config after expressions were resolved.
 * @param context What the node may know and use.
 * @returns The node's result.
 * @throws {NodeError} As {@linkcode parseConfig}, or whatever the node throws. Errors of other classes are faults of the
 * node itself.
 */
export async function runNode(node: AnyNode, config: JsonObject, context: NodeContext): Promise<NodeResult> {
  return await node.execute(parseConfig(node, config), context);
}

/**
 * Applies a node's schema to its resolved config.
 *
 * @param node The node type.
 * @param config The config after expressions were resolved.
 * @returns What `execute` takes.
 * @throws {NodeError} `node_config_invalid` when it does not fit, `blocked_address` when that is because of an address
 * that must not be called; never retryable.
 */
export function parseConfig(node: AnyNode, config: JsonObject): unknown {
  const parsed = node.configSchema.safeParse(config);
  if (parsed.success) return parsed.data;
  const issues = toConfigIssues(parsed.error);
  // An address that must not be called is told as such, whoever notices it: the schema or the guard of requests.
  const blocked = issues.find((issue) => issue.code === "blocked_address");
  const first = blocked ?? issues[0];
  throw new NodeError(
    first === undefined ? "The configuration does not fit" : `${first.path.join(".") || "config"}: ${first.message}`,
    {
      code: blocked === undefined ? "node_config_invalid" : "blocked_address",
      details: { issues: issues.map((issue) => ({ ...issue })) },
    },
  );
}
