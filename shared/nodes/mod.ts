/**
 * Node types: what a flow is made of.
 *
 * @module
 */
export { NodeError, type NodeErrorCode } from "../providers/mod.ts";
export { checkNodeConfig } from "./check_config.ts";
export { defineNode } from "./define_node.ts";
export { describeEffect, dryRunResult, pinnedResult } from "./dry_run.ts";
export { collectorTolerance } from "./logic_collector.ts";
export { type NodeSchemas, nodeSchemas } from "./node_schemas.ts";
export { describeNode, getNode, listNodes, nodeCatalog } from "./registry.ts";
export { runNode } from "./run_node.ts";
export { takeSecretsOut } from "./take_secrets_out.ts";
export { type NodeTestOpening, type NodeTestResult, testNode, type TestNodeOptions } from "./test_node.ts";
export type * from "./types.ts";
