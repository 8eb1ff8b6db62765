import type { GraphProblem } from "../../../shared/graph/mod.ts";
import { etag, type Reply, reply } from "../../../shared/http/mod.ts";
import { findProblems } from "../graph_check.ts";
import type { Flow, StoredFlow } from "../schemas.ts";

/** What the headers of an answer with a flow say. */
export const FLOW_HEADERS = { ETag: "The version of the flow, for If-Match and If-None-Match" };

/** Headers of an answer to a request that made something. */
export const CREATED_HEADERS = { ...FLOW_HEADERS, Location: "The address of what was made" };

/**
 * Answers with a flow and its ETag.
 *
 * @param problems What is wrong with its graph, where that has been found out already.
 * @param headers More headers.
 */
export function answerFlow<const S extends 200 | 201>(
  status: S,
  flow: StoredFlow,
  problems: GraphProblem[] | undefined,
  headers: Readonly<Record<string, string>> = {},
): Reply<S, Flow> {
  const body = { ...flow, problems: problems ?? findProblems(flow.graph) };
  return reply(status, body, { ...headers, ETag: etag(flow.version) });
}
