import type { Run } from "../../shared/runs/mod.ts";
import type { Place } from "./explain_schemas.ts";
import { and, count, nameOf } from "./words.ts";

/** A token, as `private.explain_tokens` tells it; what does not apply is absent. */
export interface TokenFacts {
  readonly node_id?: string;
  readonly label?: string;
  readonly type?: string;
  readonly scope: string;
  readonly status: "available" | "running" | "waiting" | "paused";
  readonly attempt: number;
  readonly scheduled_for?: string;
  readonly started_at?: string;
  /** Of a wait: when it began. */
  readonly since?: string;
  readonly lease_until?: string;
  readonly pausing?: boolean;
  readonly last_error?: string;
  readonly undo?: boolean;
  readonly dead?: boolean;
  readonly resolved_by?: string;
  readonly items?: boolean;
  readonly wait?: { kind: string; name?: string; data?: unknown };
  readonly child?: Place["run"];
  readonly limit?: { key: string; places?: number; holders: number; position: number };
  readonly line?: NonNullable<Place["line"]>;
  readonly next?: readonly string[];
}

/** Where one token of a run is and what it waits for. */
export function explainPlace(token: TokenFacts, status: Run["status"]): Place {
  const state = stateOf(token);
  const place = {
    node_id: token.node_id ?? null,
    label: token.label ?? null,
    type: token.type ?? null,
    scope: token.scope,
    state,
    attempt: token.attempt,
    since: state === "running" || state === "undoing" ? token.started_at ?? null : token.since ?? null,
    // Until another run ends: the moment on the token is only when the clock looks after it.
    until: state === "running" || state === "line" || state === "run" ? null : token.scheduled_for ?? null,
    name: state === "limit" ? null : token.wait?.name ?? null,
    data: token.wait?.data ?? null,
    last_error: token.last_error ?? null,
    run: token.child ?? null,
    limit: token.limit === undefined ? null : { places: null, ...token.limit },
    line: token.line ?? null,
    next: [...token.next ?? []],
  };
  const held = token.status === "paused" && state !== "paused" ? " The run is paused meanwhile." : "";
  const sentence = sentenceOf(place, token, status);
  return { ...place, sentence: sentence.charAt(0).toUpperCase() + sentence.slice(1) + held };
}

function stateOf(token: TokenFacts): Place["state"] {
  if (token.undo === true) return "undoing";
  if (token.status === "running") return "running";
  if (token.wait !== undefined) return token.wait.kind as Place["state"];
  if (token.items === true) return "items";
  if (token.status === "paused") return "paused";
  if (token.line !== undefined) return "line";
  return token.last_error === undefined ? "scheduled" : "retry";
}

function sentenceOf(place: Omit<Place, "sentence">, token: TokenFacts, status: Run["status"]): string {
  const name = nameOf(place);
  const until = place.until === null ? "" : `, until ${place.until} at the longest`;
  switch (place.state) {
    case "running": {
      const parks = token.pausing === true ? "; the run pauses when it has ended" : "";
      return `${name} is running since ${place.since}, attempt ${place.attempt}${parks}.`;
    }
    case "undoing":
      return "The steps that name what undoes them are being undone, newest first.";
    case "retry":
      return `${name} failed (${place.last_error}); attempt ${place.attempt} begins at ${place.until}.`;
    case "timer":
      return `${name} waits until ${place.until}.`;
    case "signal":
      return `${name} waits for the signal "${place.name}"${until}.`;
    case "approval":
      return `${name} waits for approval by ${approvers(place.data)}${until}.`;
    case "callback":
      return `${name} waits for a callback to its URL${until}.`;
    case "decision":
      return `Nobody knows whether the effect of ${name} happened: a person has to say so${until}.`;
    case "run":
      return place.run === null
        ? `${name} waits for a run that is gone.`
        : `${name} waits for the run ${place.run.run_id} of another flow, which is ${place.run.status}.`;
    case "limit":
      return limitSentence(place.limit);
    case "items":
      return `${name} waits for its items.`;
    case "paused":
      return `${name} is next once the run is resumed.`;
    case "line":
      return lineSentence(name, place.line, status);
    case "scheduled":
      return `${name} is due at ${place.until}.`;
  }
}

function approvers(data: unknown): string {
  const { roles = [], user_ids = [] } = (data as { approvers?: { roles?: string[]; user_ids?: string[] } } | null)
    ?.approvers ?? {};
  const parts = [
    ...(roles.length === 0 ? [] : [`the ${roles.length === 1 ? "role" : "roles"} ${and(roles)}`]),
    ...(user_ids.length === 0 ? [] : [count(user_ids.length, "named user")]),
  ];
  return parts.length === 0 ? "anybody who may run flows" : parts.join(" or ");
}

function limitSentence(limit: Place["limit"]): string {
  if (limit === null) return "The run waits for a place under a limit.";
  const [kind, , ...value] = limit.key.split(":");
  const whose = kind === "org"
    ? "the plan's limit on runs at once"
    : kind === "flow"
    ? "the flow's limit on runs at once"
    : `the flow's limit for the key "${value.join(":")}"`;
  const held = limit.places === null ? `${limit.holders} held` : `${limit.holders} of ${limit.places} held`;
  return `The run waits for a place under ${whose} (${held}); it is number ${limit.position} in line.`;
}

function lineSentence(name: string, line: Place["line"], status: Run["status"]): string {
  const what = status === "queued" ? "The run" : name;
  if (line === null) return `${what} is due and waits for a worker.`;
  const ahead = line.ahead === 0
    ? "nothing of this organization is ahead"
    : `${count(line.ahead, "step")} of this organization ${line.ahead === 1 ? "is" : "are"} ahead`;
  const turns = line.organizations > 1 ? `, and ${line.organizations} organizations take turns` : "";
  const awake = line.workers === 0 ? "; no worker is awake, one is woken within ten seconds" : "";
  return `${what} is due and waits for a worker: ${ahead}${turns}${awake}.`;
}
