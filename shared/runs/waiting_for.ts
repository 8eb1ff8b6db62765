import type { Token, WaitingFor } from "./schemas.ts";

/**
 * What a run that has not ended is waiting for, told by its tokens: what is running comes before what could run, and
 * that before what is due first.
 *
 * @returns Null when there are no tokens: the run has ended.
 */
export function waitingFor(tokens: readonly Token[]): WaitingFor | null {
  const running = tokens.filter((token) => token.status === "running");
  if (running.length > 0) return { reason: "step", node_ids: nodeIds(running), until: null };
  const available = tokens.filter((token) => token.status === "available");
  if (available.length > 0) return { reason: "worker", node_ids: nodeIds(available), until: null };
  const [first, ...others] = tokens.toSorted((a, b) => Date.parse(a.scheduled_for) - Date.parse(b.scheduled_for));
  if (first === undefined) return null;
  return {
    reason: first.last_error === null ? "time" : "retry",
    node_ids: nodeIds([first, ...others]),
    until: first.scheduled_for,
  };
}

/** The nodes of tokens; a token at the start has none. */
function nodeIds(tokens: readonly Token[]): string[] {
  return [...new Set(tokens.map((token) => token.node_id).filter((id) => id !== null))];
}
