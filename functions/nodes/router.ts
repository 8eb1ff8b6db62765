import { createRouter } from "../../shared/http/mod.ts";
import { getNodeSchema } from "./handlers/get_node_schema.ts";
import { getNodeType } from "./handlers/get_node_type.ts";
import { listNodeTypes } from "./handlers/list_node_types.ts";
import { testNodeType } from "./handlers/test_node_type.ts";

/** Node types: what a flow is made of. */
export const router = createRouter("nodes", [listNodeTypes, getNodeType, getNodeSchema, testNodeType]);
