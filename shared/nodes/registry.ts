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
import { logicBoundary } from "./logic_boundary.ts";
import { logicCollector } from "./logic_collector.ts";
import { logicIf } from "./logic_if.ts";
import { logicLoopBreak } from "./logic_loop_break.ts";
import { logicLoopFor } from "./logic_loop_for.ts";
import { logicLoopForeach } from "./logic_loop_foreach.ts";
import { logicLoopWhile } from "./logic_loop_while.ts";
import { logicMerge } from "./logic_merge.ts";
import { logicSplitter } from "./logic_splitter.ts";
import { logicStop } from "./logic_stop.ts";
import { logicSubflow } from "./logic_subflow.ts";
import { logicSwitch } from "./logic_switch.ts";
import { logicWait } from "./logic_wait.ts";
import { triggerError } from "./trigger_error.ts";
import { triggerEvent } from "./trigger_event.ts";
import { triggerFlow } from "./trigger_flow.ts";
import { triggerManual } from "./trigger_manual.ts";
import { triggerSchedule } from "./trigger_schedule.ts";
import { triggerWebhook } from "./trigger_webhook.ts";
import type { AnyNode, NodeInfo } from "./types.ts";

/** Every node type, in the order of the palette. */
const NODES: readonly AnyNode[] = [
  triggerWebhook,
  triggerManual,
  triggerSchedule,
  triggerFlow,
  triggerEvent,
  triggerError,
  actionTransform,
  actionHttp,
  communicationEmail,
  logicIf,
  logicSwitch,
  logicMerge,
  logicSplitter,
  logicCollector,
  logicLoopFor,
  logicLoopWhile,
  logicLoopForeach,
  logicLoopBreak,
  logicBoundary,
  logicWait,
  logicSubflow,
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
    region: node.region ?? null,
    closes: node.closes ?? false,
    breaks: node.breaks ?? false,
    exampleConfig: node.exampleConfig,
    exampleInput: node.exampleInput ?? null,
    defaultRetry: node.defaultRetry ?? null,
    defaultTimeoutSeconds: node.defaultTimeoutSeconds ?? null,
    defaultOnError: node.defaultOnError ?? "stop",
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
    ...(node.region ? { region: node.region } : {}),
    ...(node.closes ? { closes: true } : {}),
    ...(node.breaks ? { breaks: true } : {}),
    ...(node.need ? { need: (config) => node.need?.(config) ?? "all" } : {}),
    ...(node.waits ? { waits: (config) => node.waits?.(config) ?? null } : {}),
    ...(node.defaultOnError ? { defaultOnError: node.defaultOnError } : {}),
    ...(node.takesSecrets ? { takesSecrets: true } : {}),
    ...(node.defaultRetry ? { defaultRetry: node.defaultRetry } : {}),
    ...(node.defaultTimeoutSeconds ? { defaultTimeoutSeconds: node.defaultTimeoutSeconds } : {}),
  };
}
