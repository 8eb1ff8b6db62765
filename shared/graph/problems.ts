import { GRAPH_LIMITS } from "./limits.ts";
import type { GraphProblem } from "./types.ts";

/** Every code a problem can have, with its severity and meaning. */
export const PROBLEM_CODES = {
  graph_invalid: ["error", "A part of the graph has the wrong shape."],
  graph_too_large: ["error", "The graph is larger than 512 KiB of JSON."],
  graph_too_deep: ["error", "The graph is nested deeper than 64 levels."],
  forbidden_key: ["error", "An object has the key `__proto__`."],
  too_many_nodes: ["error", "There are more than 500 nodes; nothing else is checked."],
  too_many_edges: ["error", "There are more than 2000 edges; nothing else is checked."],
  too_many_problems: ["error", "There are more than 1000 problems; the rest is not listed."],
  id_invalid: ["error", "An id is missing, too long or has characters that it may not have."],
  duplicate_node_id: ["error", "Two nodes have the same id."],
  duplicate_edge_id: ["error", "Two edges have the same id."],
  unknown_node_type: ["error", "There is no node type of this name."],
  config_invalid: ["error", "The node's config does not fit its type; the path leads into it."],
  retry_invalid: ["error", "The retry policy is malformed or out of range."],
  timeout_invalid: ["error", "A timeout is no number or out of range."],
  undo_invalid: ["error", "The node cannot be undone, or not by a node of this type."],
  delivery_invalid: ["error", "The delivery is malformed, or the node has no effect."],
  setting_invalid: ["error", "A setting of the flow is malformed or out of range."],
  expression_invalid: ["error", "An expression in a config or on an edge cannot be parsed; `position` says where."],
  unknown_reference: ["error", "An expression reads a step that is not in the graph."],
  not_an_ancestor: ["error", "An expression reads a step that never runs before it."],
  dangling_edge: ["error", "An edge begins or ends at a node that is not there."],
  self_edge: ["error", "An edge leads from a node to itself."],
  duplicate_edge: ["error", "Two edges join the same handles of the same nodes."],
  unknown_handle: ["error", "An edge leaves from a handle that its node does not have."],
  stop_has_output: ["error", "An edge leaves from a node that ends the run."],
  trigger_has_input: ["error", "An edge leads into a trigger."],
  cycle: ["error", "Edges lead in a circle; the message names its nodes."],
  region_crossed: ["error", "An edge leads into a body, or out of one, past its owner or its closer."],
  region_too_deep: ["error", "More than 8 bodies lie inside each other."],
  splitter_not_collected: ["error", "A splitter has no collector, or more than one."],
  collector_without_splitter: ["error", "No splitter leads to the collector."],
  break_outside_loop: ["error", "A break is in no loop, or in a splitter inside of it."],
  inside_region: ["error", "An expression reads a step of a body from outside of it."],
  no_region: ["error", "An expression reads `item` or `index`, but is in no body."],
  missing_secret: ["warning", "An expression reads a secret that does not exist."],
  secret_not_allowed: ["error", "An expression reads a secret where its value would be recorded."],
  no_callback: ["error", "An expression reads the callback of a step that waits for none, or waits elsewhere."],
  need_too_high: ["error", "A merge waits for more branches than lead into it."],
  no_trigger: ["error", "Nothing can start the flow."],
  unreachable_node: ["warning", "No trigger leads to the node: it never runs and is left out of the plan."],
  empty_region: ["warning", "A splitter, loop or boundary has nothing in its body."],
  missing_default: ["warning", "No edge leaves from the handle `default`: what fits no case goes nowhere."],
  missing_error_branch: ["warning", "The node branches on errors, but no edge leaves from its handle `error`."],
} as const satisfies Record<string, readonly [GraphProblem["severity"], string]>;

/** One of the codes that problems have. */
export type ProblemCode = keyof typeof PROBLEM_CODES;

/** Where a problem is. */
export interface ProblemPlace {
  /** Where in the graph's JSON; see `formatPath`. */
  path: string;
  node_id?: string;
  edge_id?: string;
  position?: number;
}

/** Gathers problems, so that all can be told at once. */
export class Problems {
  readonly #list: GraphProblem[] = [];
  #errors = 0;
  #unlisted = 0;

  /** Whether any problem keeps the graph from being compiled. */
  get failed(): boolean {
    return this.#errors > 0;
  }

  /** Adds a problem. */
  add(code: ProblemCode, message: string, place: ProblemPlace) {
    const severity = PROBLEM_CODES[code][0];
    if (severity === "error") this.#errors++;
    if (this.#list.length >= GRAPH_LIMITS.problems) this.#unlisted++;
    else this.#list.push({ code, message, severity, ...place });
  }

  /** All problems, errors first, otherwise in the order they were found. */
  list(): GraphProblem[] {
    const errors = this.#list.filter((problem) => problem.severity === "error");
    const warnings = this.#list.filter((problem) => problem.severity === "warning");
    if (this.#unlisted === 0) return [...errors, ...warnings];
    const message = `There are ${this.#unlisted} more problems`;
    return [...errors, { code: "too_many_problems", message, severity: "error", path: "" }, ...warnings];
  }
}

/**
 * Writes a path as people read it.
 *
 * @param path Keys and indexes, for example `["nodes", 3, "data", "config", "a b"]`.
 * @returns For example `nodes[3].data.config["a b"]`; empty for the whole.
 */
export function formatPath(path: readonly PropertyKey[]): string {
  let text = "";
  for (const key of path) {
    if (typeof key === "number") text += `[${key}]`;
    else if (/^[A-Za-z_$][\w$]*$/.test(String(key))) text += text === "" ? String(key) : `.${String(key)}`;
    else text += `[${JSON.stringify(String(key))}]`;
  }
  return text;
}

/** Puts a word of the user's into a message: quoted, and not too long. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
