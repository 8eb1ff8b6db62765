/**
 * The list of all node types. Adding one is one file and one line here; imports are static because the bundler of the
 * edge functions does not see computed ones.
 *
 * @module
 */
import type { JsonObject, NodeCatalog, NodeFacts } from "../graph/mod.ts";
import { actionHttp } from "./action_http.ts";
import { actionTransform } from "./action_transform.ts";
import { checkNodeConfig } from "./check_config.ts";
import { communicationEmail } from "./communication_email.ts";
import { logicIf } from "./logic_if.ts";
import { logicMerge } from "./logic_merge.ts";
import { logicStop } from "./logic_stop.ts";
import { logicSwitch } from "./logic_switch.ts";
import { triggerManual } from "./trigger_manual.ts";
import { triggerWebhook } from "./trigger_webhook.ts";
import type { AnyNode, NodeInfo } from "./types.ts";

/** Every node type, in the order of the palette. */
const NODES: readonly AnyNode[] = [
  triggerWebhook,
  triggerManual,
  actionTransform,
  actionHttp,
  communicationEmail,
  logicIf,
  logicSwitch,
  logicMerge,
  logicStop,
];

const byType: ReadonlyMap<string, AnyNode> = new Map(NODES.map((node) => [node.type, node]));
const factsByType: ReadonlyMap<string, NodeFacts> = new Map(NODES.map((node) => [node.type, toFacts(node)]));

/** What the compiler asks about node types. */
export const nodeCatalog: NodeCatalog = {
  get: (type) => factsByType.get(type),
  types: () => [...factsByType.keys()],
};

/**
 * Finds a node type.
 *
 * @param type Such as `action.http`.
 * @returns The definition, or undefined for an unknown type.
 */
export function getNode(type: string): AnyNode | undefined {
  return byType.get(type);
}

/**
 * Lists every node type for palettes.
 *
 * @returns Descriptions in the palette's order, without schemas.
 */
export function listNodes(): NodeInfo[] {
  return NODES.map(describeNode);
}

/**
 * Describes one node type as lists show it.
 *
 * @param node A definition from {@linkcode getNode}.
 * @returns The plain description, fit for JSON.
 */
export function describeNode(node: AnyNode): NodeInfo {
  return {
    type: node.type,
    title: node.title,
    description: node.description,
    category: node.category,
    kind: node.kind,
    handles: handlesOf(node, node.exampleConfig),
    joins: node.joins ?? false,
    terminal: node.terminal ?? false,
    exampleConfig: node.exampleConfig,
    exampleInput: node.exampleInput ?? null,
    defaultRetry: node.defaultRetry ?? null,
    defaultTimeoutSeconds: node.defaultTimeoutSeconds ?? null,
  };
}

/** Source handles of a node with this config, the default first; empty for one that ends. */
export function handlesOf(node: AnyNode, config: JsonObject): string[] {
  if (node.terminal) return [];
  return node.handles?.(config) ?? ["out"];
}

function toFacts(node: AnyNode): NodeFacts {
  return {
    type: node.type,
    kind: node.kind,
    handles: (config) => handlesOf(node, config),
    checkConfig: (config) => checkNodeConfig(node, config),
    ...(node.joins ? { joins: true } : {}),
    ...(node.terminal ? { terminal: true } : {}),
    ...(node.defaultRetry ? { defaultRetry: node.defaultRetry } : {}),
    ...(node.defaultTimeoutSeconds ? { defaultTimeoutSeconds: node.defaultTimeoutSeconds } : {}),
  };
}
