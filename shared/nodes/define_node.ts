import type { AnyNode, NodeDefinition } from "./types.ts";

/**
 * Forgets the config type of a node so that all fit into one list. `execute` may then only be called with what the
 * node's own `configSchema` returned, which {@linkcode runNode} does.
 *
 * @param definition The node, fully typed.
 * @returns The same object.
 */
export function defineNode<C>(definition: NodeDefinition<C>): AnyNode {
  return definition as AnyNode;
}
