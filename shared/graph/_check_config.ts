import type { Reading } from "./_model.ts";
import { ExpressionError, hasExpression, parseTemplate } from "./expressions/mod.ts";
import { formatPath, type Problems } from "./problems.ts";
import type { ConfigIssue, Json, JsonObject, NodeFacts, RetryPolicy } from "./types.ts";

/** The data of a node, or of what undoes it. */
export interface DataPlace {
  path: (string | number)[];
  nodeId: string;
}

/**
 * Checks a config by its node type. Issues at places that hold expressions are left to the run.
 *
 * @param config The config, with its expressions inside.
 * @param facts The node type.
 * @param place Where it is the key `config`.
 * @param problems Gets what is wrong.
 */
export function checkConfig(config: JsonObject, facts: NodeFacts, place: DataPlace, problems: Problems) {
  const base = [...place.path, "config"];
  let issues: ConfigIssue[];
  try {
    issues = facts.checkConfig(config);
  } catch {
    issues = [{ path: [], code: "unreadable", message: "Cannot check this config" }];
  }
  for (const issue of issues) {
    if (waitsForExpression(config, issue)) continue;
    problems.add("config_invalid", issue.message, {
      path: formatPath([...base, ...issue.path]),
      node_id: place.nodeId,
    });
  }
}

/** Checks that the longest delay is not shorter than the first. */
export function checkDelays(retry: Partial<RetryPolicy>, place: DataPlace, problems: Problems) {
  const { delaySeconds, maxDelaySeconds } = retry;
  if (delaySeconds === undefined || maxDelaySeconds === undefined || delaySeconds <= maxDelaySeconds) return;
  const path = formatPath([...place.path, "retry", "maxDelaySeconds"]);
  problems.add("retry_invalid", "Cannot be less than delaySeconds", { path, node_id: place.nodeId });
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

/**
 * Parses the expressions in a config.
 *
 * @param config The config.
 * @param place Where it is the key `config`.
 * @param problems Gets those that cannot be parsed.
 * @returns The others.
 */
export function readExpressions(config: JsonObject, place: DataPlace, problems: Problems): Reading[] {
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
      reportExpression(error, { path: formatPath(path), node_id: place.nodeId }, problems);
    }
  };
  visit(config, [...place.path, "config"]);
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

/** What a node waits for; null = nothing. */
export function waitsFor(facts: NodeFacts, config: JsonObject): string | null {
  try {
    return facts.waits?.(config) ?? null;
  } catch {
    // A config may be anything here.
    return null;
  }
}
