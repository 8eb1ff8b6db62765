/**
 * The words between the engine and Postgres: what a claimed job holds and what a settled one says. The other side is
 * `engine.claim_jobs` and `engine.settle_jobs` in sql/30_flows.
 *
 * @module
 */
import type { Json } from "../graph/mod.ts";
import type { ItemResult, NodeWait, Resolution, SpendUnits } from "../nodes/mod.ts";

/** A step that was recorded before the job was claimed (its worker died, or the run is a retry). */
export interface RecordedStep {
  node: string;
  status: "completed" | "failed" | "skipped";
  handles: string[] | null;
  output: Json;
}

/** What a token carries besides its place. */
export interface JobPayload {
  /** At a join: over which in-edges the run came. */
  live?: number[];
  /** True = every way to the node is dead. */
  dead?: boolean;
  /** With `index`: the token begins in the body of the region that its node opens. */
  item?: Json;
  /** The ordinal of the item or iteration. */
  index?: number;
  /** How many items there are; null when nobody knows yet. */
  count?: number | null;
  /** The items after this one, when the token carries several. */
  rest?: Json[];
  /** At the node that closes a region: the region is through, or with `error` has failed. */
  close?: { total: number; completed: number; failed: number; error?: StepError };
  /** At the owner of a region that asked for `more`: the item that has ended. */
  again?: { index: number; last: Json };
  /** What the token waits, or has waited, for. */
  wait?: WaitPayload;
  /** What ended the wait; absent although it waited = its time is up. */
  resolved?: { by: Resolution["by"] | "decision"; data: Json };
  /** The attempt of an effect that has been announced: it may have happened, and must not happen twice. */
  intent?: number;
  /** The token that undoes what its run did. */
  undo?: boolean;
  /** For that token: what it reads is known. */
  ready?: boolean;
}

/** What a token waits for. A decision is a person's, about a step of unknown outcome. */
export interface WaitPayload {
  kind: NodeWait["kind"] | "decision" | "run";
  name?: string;
  data?: Json;
  /** When the step began: milliseconds since 1970 by the clock of the database. */
  since?: number;
}

/** A step that is to be undone, or whose output is needed for that. */
export interface ScopedStep {
  node: string;
  scope: string;
  output: Json;
}

/** A token leased to a worker, with everything that its node needs. */
export interface Job {
  /** Id of the token. */
  job: string;
  /** The fence: a settle that names an older one changes nothing. */
  epoch: number;
  type: string;
  organization_id: string;
  run_id: string;
  /** Id of the node where the token stands; absent = at the start. */
  node?: string;
  /** The items and iterations it belongs to; absent = top level. */
  scope?: string;
  /** How often this piece of work has been begun, this time included. */
  attempt: number;
  payload?: JobPayload;
  /** True = its last worker was lost, or gave it back, or its run is a retry. */
  resumed?: boolean;
  /** Milliseconds until the run times out. */
  deadline_ms: number;
  /** The database's time: milliseconds since 1970. */
  now?: number;
  trigger: string;
  trigger_node?: string;
  traceparent?: string;
  started_at: string;
  flow_id: string;
  flow_version_id: string;
  entity_id?: string;
  /** The run's input. */
  input: Json;
  /** Outputs of the steps that the node reads, by node id: of the innermost scope, where there are several. */
  outputs: Record<string, Json>;
  recorded: RecordedStep[] | null;
  /** In a retry: the scopes below its own in which the run that is retried came to a break. */
  breaks?: string[];
  /** At the end of a region: what its items gave. */
  items?: ItemResult[];
  /** In a dry run: what nodes are said to give, by node id; effects without are not performed. */
  pins?: Record<string, Json>;
  /** For the token that undoes: the steps to be undone, newest first; those that are done; outputs that they read. */
  undo?: ScopedStep[];
  undone?: { node: string; scope: string; status: string }[];
  outputs_all?: ScopedStep[];
}

/** The failure of a step or run, as it is stored. */
export interface StepError {
  code: string;
  message: string;
  node_id?: string;
  details?: Json;
}

/** One attempt of a node that has ended. */
export interface StepRecord {
  node: string;
  /** Where it ran; absent = in the scope of the token. */
  scope?: string;
  attempt: number;
  /** `retried` = failed, another attempt follows; `unknown` = nobody knows whether its effect happened. */
  status: "completed" | "failed" | "retried" | "skipped" | "unknown";
  leaf: boolean;
  /** The exit over which the run leaves the item with this step. */
  exit?: number;
  handles: string[] | null;
  output: Json;
  error: StepError | null;
  /** `performance.now()` at begin and end; sent as microseconds before the settle, so clocks need not agree. */
  startedAt: number;
  finishedAt: number;
}

/** Where a token goes next. */
export interface TokenTarget {
  /** Absent = to the start, for the token that undoes. */
  node?: string;
  /** Absent = it stays in its scope. */
  scope?: string;
  reads: string[];
  payload?: JobPayload;
  /** True = stays leased to the worker that settles. */
  keep: boolean;
}

/** Answers to some in-edges of a join. */
export interface Arrival {
  node: string;
  /** The number of in-edges of the join. */
  expects: number;
  /** Live answers that suffice; absent = it waits for all answers. */
  need?: number;
  live: number[];
  dead: number[];
  /** What the join reads when it fires. */
  reads: string[];
}

/** Items that go into a region. The token waits as the region's until they are through. */
export interface Opening {
  /** The owner of the region. */
  node: string;
  closer: string;
  items: Json[];
  /** The index of the first of them. */
  first: number;
  /** Items at once. */
  window_size: number;
  /** Failed items that do not fail the region. */
  tolerate: number;
  /** Items that one token carries. */
  chunk: number;
  /** The owner is asked after these items whether others follow. */
  more: boolean;
  /** What the body reads from outside. */
  reads: string[];
  /** What the closer reads, and what follows it in the same walk. */
  close_reads: string[];
  /** The nodes of which the value or the failure of an item comes. */
  body: string[];
}

/** A run that a step starts. */
export interface Child {
  node: string;
  reads: string[];
  flow_id: string;
  input: Json;
  /** Whether the step waits for its end. */
  wait: boolean;
  /** Milliseconds since 1970 when the step began. */
  since: number;
  attempt: number;
}

/** An item of a region that is through. */
export interface EndedItem {
  scope: string;
  /** Why it failed; absent = it did not. */
  error?: StepError;
}

/** What a worker says of a job. Neither `move`, `hold`, `open` nor `child`: the token is consumed. */
export interface JobResult {
  job: Job;
  steps: StepRecord[];
  /** The token goes elsewhere, perhaps after a delay (milliseconds), perhaps as another attempt, perhaps to wait. */
  move?: TokenTarget & { attempt?: number; delayMs?: number; error?: string; wait?: WaitPayload };
  /** The token stays where it is; its worker goes on from memory. */
  hold?: true;
  open?: Opening;
  child?: Child;
  spawn?: TokenTarget[];
  arrive?: Arrival[];
  /** The item that the token belongs to has failed. */
  fail?: { error: StepError };
  /** For a token that carries several items: those that are through. */
  ended?: EndedItem[];
  /** The iteration after which its loop begins no other. */
  broke?: string;
  /** The run ends now. */
  finish?: {
    status: "completed" | "failed" | "compensated" | "compensation_failed";
    output: Json;
    error: StepError | null;
  };
}

/** The answer of a settle. */
export interface SettleReply {
  /** Ids of the jobs whose results were written; the others were lost and nothing of them was. */
  settled: string[];
  /** Tokens that are now leased to the worker. */
  jobs: Job[];
  /** Of those settled: held ones that were taken from the worker, because their run is paused. */
  parked?: string[];
  /** Whether it made tokens that anybody may claim at once. */
  more?: boolean;
}

/** A call of a model that is about to be made. */
export interface SpendCall {
  organization_id: string;
  flow_id: string;
  run_id: string;
  node_id: string;
  /** Empty = top level. */
  scope: string;
  /** Which call of the attempt, from 1. */
  number: number;
  /** The token: when nobody has it leased any more, what is reserved is given back. */
  job_id: string;
  model: string;
  /** The most that it may use. */
  units: SpendUnits;
}

/** What was reserved, or which budget does not allow it. */
export type SpendReply =
  | { id: string; cost_micros: number; is_priced: boolean }
  | {
    refused: {
      because: "spent" | "no_price";
      id: string;
      name: string;
      meter?: "cost" | "ai_tokens";
      limit?: number;
      used?: number;
      reserved?: number;
      needed?: number;
      resets_at?: string;
    };
  };

/** A version as `engine.load_plans` gives it. */
export interface LoadedVersion {
  version_id: string;
  flow_id: string;
  flow_name: string;
  plan_hash: string;
  plan: Json;
  graph: Json;
}

/** A delivery that the receiver has verified, or that its endpoint takes unsigned. */
export interface WebhookDelivery {
  endpointId: string;
  eventKey: string | null;
  type: string | null;
  method: string;
  headers: Record<string, string>;
  query: Record<string, string>;
  rawBody: Uint8Array;
  dedupeBody: boolean;
  /** What the trigger gives; the event's id and time are added in SQL. */
  input: { [key: string]: Json };
  /** True = nobody checked who sent it. */
  unsigned?: boolean;
  /** True = it came to the test address. */
  test?: boolean;
  /** What the endpoint's mapping gave; absent = it has none. */
  mapped?: { [key: string]: Json };
  traceparent?: string;
  /** What its flow has given already. */
  ahead?: AheadRun;
}

/** A delivery that was refused: nothing in it is proved. */
export interface RefusedDelivery extends Pick<WebhookDelivery, "method" | "headers" | "query" | "rawBody"> {
  /** What exactly was wrong. */
  detail?: string;
  /** Whether it came to the test address. */
  test: boolean;
}

/** What it takes to run a run before its event is kept. */
export interface AheadPlace {
  /** The version that is current now. */
  version_id: string;
  trigger_node: string | null;
  /** By the clock of the database. */
  received_at: string;
  timeout_seconds: number;
}

/** A run that has been run already; its steps as `engine.settle_jobs` takes them. */
export interface AheadRun extends AheadPlace {
  event_id: string;
  run_id: string;
  /** What the run gives: the output of its only last step. */
  output: Json;
  steps: Json[];
}

/** What became of a delivery. */
export interface IngestReply {
  event_id: string;
  duplicate: boolean;
  status: "accepted" | "held";
  held_because: string | null;
  run_id: string | null;
  /** The first token, when it is leased to the caller. */
  jobs: Job[];
  /** How the run ended, when it was recorded with the event. */
  run?: RunEnd;
}

/** How a run has ended. */
export interface RunEnd {
  status: string;
  output: Json;
  error: StepError | null;
}

/** Whether a callback can still be sent: `done` = it was answered, or the step is over; `finished` = the run is. */
export type CallbackState = "open" | "done" | "finished";

/** A call of a callback URL. */
export interface CallbackCall {
  run_id: string;
  node_id: string;
  /** Empty = top level. */
  scope: string;
  data: Json;
}

/** What became of it: `buffered` = the step does not wait yet, `duplicate` = its wait was over. */
export interface CallbackReply {
  run_id: string;
  node_id: string;
  scope: string;
  status: "completed" | "buffered" | "duplicate" | "finished" | "not_found";
}
