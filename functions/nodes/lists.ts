/**
 * What can be asked of the lists of this function.
 *
 * @module
 */
import { defineList, where } from "../../shared/http/mod.ts";
import { categorySchema, kindSchema, nodeTypeSchema } from "./schemas.ts";

/** Node types: all in memory. */
export const NODE_TYPES = defineList({
  name: "node_types",
  item: nodeTypeSchema,
  sort: { palette: "position", type: "type", title: "title" },
  defaultSort: "palette",
  id: "type",
  filters: {
    category: where.equals(categorySchema),
    kind: where.equals(kindSchema),
    q: where.text(["type", "title", "description"]),
  },
});
