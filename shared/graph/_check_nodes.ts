import { ExpressionError, hasExpression, nearest, parseTemplate } from "./expressions/mod.ts";
import type { CheckedNode, Reading } from "./_model.ts";
import type { SourceNode } from "./_read_graph.ts";
import { formatPath, type Problems, quote } from "./problems.ts";
import type { ConfigIssue, Json, NodeCatalog, NodeFacts } from "./types.ts";

const ERROR_HANDLE = "error";

/**
 * Checks every node by itself: its id, type, config, expressions and retries.
 *
 * @param nodes As they were read.
 * @param catalog The node types that exist.
 * @param problems Gets what is wrong.
 * @returns The nodes with distinct ids; of several with the same id the first.
 */
export function checkNodes(nodes: SourceNode[], catalog: NodeCatalog, problems: Problems): CheckedNode[] {
  const byId = new Map<string, CheckedNode>();
  for (const node of nodes) {
    const place = { path: formatPath([...node.path, "id"]), node_id: node.id };
    const first = byId.get(node.id);
    const checked = checkNode(node, byId.size, catalog, problems);
    if (first === undefined) byId.set(node.id, checked);
    else problems.add("duplicate_node_id", `The id ${quote(node.id)} belongs to ${formatPath(first.path)} too`, place);
  }
  return [...byId.values()];
}

function checkNode(node: SourceNode, ordinal: number, catalog: NodeCatalog, problems: Problems): CheckedNode {
  const facts = node.type === "" ? undefined : factsOf(node, catalog, problems);
  const readings = readExpressions(node, problems);
  if (facts !== undefined) checkConfig(node, facts, problems);
  const { delaySeconds, maxDelaySeconds } = node.retry;
  if (delaySeconds !== undefined && maxDelaySeconds !== undefined && delaySeconds > maxDelaySeconds) {
    const path = formatPath([...node.path, "data", "retry", "maxDelaySeconds"]);
    problems.add("retry_invalid", "Cannot be less than delaySeconds", { path, node_id: node.id });
  }
  return {
    ...node,
    ordinal,
    facts,
    // A type that is unknown but named like a trigger most likely is one, misspelt.
    isTrigger: facts === undefined ? node.type.startsWith("trigger.") : facts.kind === "trigger",
    handles: facts === undefined ? null : handlesOf(node, facts),
    readings,
  };
}

function factsOf(node: SourceNode, catalog: NodeCatalog, problems: Problems): NodeFacts | undefined {
  const facts = catalog.get(node.type);
  if (facts !== undefined) return facts;
  const similar = nearest(node.type, catalog.types());
  const hint = similar === null ? "" : `; did you mean ${similar}?`;
  const place = { path: formatPath([...node.path, "type"]), node_id: node.id };
  problems.add("unknown_node_type", `There is no node type ${quote(node.type)}${hint}`, place);
  return undefined;
}

/** A config may be anything here, and a node type's code may stumble over it: then its handles are not known. */
function handlesOf(node: SourceNode, facts: NodeFacts): string[] | null {
  if (facts.terminal === true) return [];
  try {
    const handles = facts.handles(node.config).filter((handle) => typeof handle === "string");
    return node.onError === "branch" && facts.kind !== "trigger" ? [...handles, ERROR_HANDLE] : handles;
  } catch {
    return null;
  }
}

function checkConfig(node: SourceNode, facts: NodeFacts, problems: Problems) {
  const base = [...node.path, "data", "config"];
  let issues: ConfigIssue[];
  try {
    issues = facts.checkConfig(node.config);
  } catch {
    issues = [{ path: [], code: "unreadable", message: "Cannot check this config" }];
  }
  for (const issue of issues) {
    if (waitsForExpression(node.config, issue)) continue;
    problems.add("config_invalid", issue.message, { path: formatPath([...base, ...issue.path]), node_id: node.id });
  }
}

/** Whether an issue may vanish when the expressions have values: only the run can tell then. */
function waitsForExpression(config: Json, issue: ConfigIssue): boolean {
  // A setting that does not exist is wrong whatever its value.
  if (issue.code.startsWith("unrecognized_key")) return false;
  let value: Json | undefined = config;
  for (const key of issue.path) {
    if (typeof value === "string") break;
    if (Array.isArray(value)) value = value[Number(key)];
    else if (typeof value === "object" && value !== null && Object.hasOwn(value, key)) value = value[key];
    else return false;
  }
  if (typeof value === "string") return holdsExpression(value);
  // Which branch of a union was meant may hang on a value inside.
  return issue.code === "invalid_union" && value !== undefined && holdsExpression(value);
}

function holdsExpression(value: Json): boolean {
  if (typeof value === "string") return hasExpression(value.replaceAll("\\{{", ""));
  if (value === null || typeof value !== "object") return false;
  return Object.values(value).some(holdsExpression);
}

function readExpressions(node: SourceNode, problems: Problems): Reading[] {
  const readings: Reading[] = [];
  const visit = (value: Json, path: (string | number)[]) => {
    if (typeof value === "string") {
      if (hasExpression(value)) readTemplate(value, path);
    } else if (Array.isArray(value)) {
      value.forEach((item, index) => visit(item, [...path, index]));
    } else if (value !== null && typeof value === "object") {
      for (const [key, item] of Object.entries(value)) visit(item, [...path, key]);
    }
  };
  const readTemplate = (text: string, path: (string | number)[]) => {
    try {
      for (const part of parseTemplate(text).parts) {
        if (typeof part !== "string") readings.push({ path, expression: part });
      }
    } catch (error) {
      reportExpression(error, { path: formatPath(path), node_id: node.id }, problems);
    }
  };
  visit(node.config, [...node.path, "data", "config"]);
  return readings;
}

/** Reports an expression that cannot be parsed; any other error goes on. */
export function reportExpression(
  error: unknown,
  place: { path: string; node_id?: string; edge_id?: string },
  problems: Problems,
) {
  if (!(error instanceof ExpressionError)) throw error;
  const message = `${error.message} (at character ${error.position + 1})`;
  problems.add("expression_invalid", message, { ...place, position: error.position });
}
