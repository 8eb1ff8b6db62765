import { notFound } from "../../shared/errors/mod.ts";
import { type AnyNode, getNode } from "../../shared/nodes/mod.ts";

/**
 * The node type of a path.
 *
 * @throws {AppError} `not_found`.
 */
export function findNode(type: string): AnyNode {
  const node = getNode(type);
  if (node === undefined) throw notFound("node type");
  return node;
}
