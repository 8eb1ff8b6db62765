import type { Token, WaitingFor } from "./schemas.ts";

/**
 * What a run that has not ended is waiting for, told by its tokens: what is running comes before what could run, that
 * before what a moment brings, and that before what somebody has to do. A region waits for its items, and those say more.
 *
 * @returns Null when there are no tokens: the run has ended.
 */
export function waitingFor(tokens: readonly Token[]): WaitingFor | null {
  const running = tokens.filter((token) => token.status === "running");
  if (running.length > 0) return { reason: "step", node_ids: nodeIds(running), until: null };
  const available = tokens.filter((token) => token.status === "available");
  if (available.length > 0) return { reason: "worker", node_ids: nodeIds(available), until: null };
  const [first, ...others] = tokens
    .filter((token) => token.status === "scheduled" || token.status === "waiting")
    .toSorted((a, b) => rank(a) - rank(b) || moment(a) - moment(b));
  if (first !== undefined) {
    const alike = others.filter((token) => reasonOf(token) === reasonOf(first));
    return { reason: reasonOf(first), node_ids: nodeIds([first, ...alike]), until: first.scheduled_for };
  }
  return tokens.length === 0 ? null : { reason: "paused", node_ids: nodeIds(tokens), until: null };
}

function reasonOf({ wait, last_error }: Token): WaitingFor["reason"] {
  if (wait === null) return last_error === null ? "time" : "retry";
  return wait.kind === "timer" ? "time" : wait.kind;
}

function rank({ wait }: Token): number {
  return wait === null || wait.kind === "timer" ? 0 : wait.kind === "items" ? 2 : 1;
}

function moment({ scheduled_for }: Token): number {
  return scheduled_for === null ? Infinity : Date.parse(scheduled_for);
}

/** The nodes of tokens; a token at the start has none. */
function nodeIds(tokens: readonly Token[]): string[] {
  return [...new Set(tokens.map((token) => token.node_id).filter((id) => id !== null))];
}
