/**
 * The words between the engine and Postgres: what a claimed job holds and what a settled one says. The other side is
 * `engine.claim_jobs` and `engine.settle_jobs` in sql/30_flows.
 *
 * @module
 */
import type { Json } from "../graph/mod.ts";

/** A step that was recorded before the job was claimed (its worker died, or the run is a retry). */
export interface RecordedStep {
  node: string;
  status: "completed" | "failed" | "skipped";
  handles: string[] | null;
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
  scope?: string;
  /** How often this piece of work has been begun, this time included. */
  attempt: number;
  /** At a join: over which in-edges the run came, or that it came over none. */
  payload?: { live?: number[]; dead?: boolean };
  /** Milliseconds until the run times out. */
  deadline_ms: number;
  trigger: "manual" | "webhook";
  trigger_node?: string;
  traceparent?: string;
  started_at: string;
  flow_id: string;
  flow_version_id: string;
  /** The run's input. */
  input: Json;
  /** Outputs of the steps that the node reads, by node id. */
  outputs: Record<string, Json>;
  recorded: RecordedStep[] | null;
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
  attempt: number;
  /** `retried` = failed, another attempt follows. */
  status: "completed" | "failed" | "retried" | "skipped";
  leaf: boolean;
  handles: string[] | null;
  output: Json;
  error: StepError | null;
  /** `performance.now()` at begin and end; sent as microseconds before the settle, so clocks need not agree. */
  startedAt: number;
  finishedAt: number;
}

/** Where a token goes next. */
export interface TokenTarget {
  node: string;
  reads: string[];
  payload?: { live?: number[]; dead?: boolean };
  /** True = stays leased to the worker that settles. */
  keep: boolean;
}

/** Answers to some in-edges of a join. */
export interface Arrival {
  node: string;
  /** The number of in-edges of the join. */
  expects: number;
  live: number[];
  dead: number[];
  /** What the join reads when it fires. */
  reads: string[];
}

/** What a worker says of a job. Neither `move` nor `hold`: the token is consumed. */
export interface JobResult {
  job: Job;
  steps: StepRecord[];
  /** The token goes elsewhere, perhaps after a delay (milliseconds), perhaps as another attempt. */
  move?: TokenTarget & { attempt?: number; delayMs?: number; error?: string };
  /** The token stays where it is; its worker goes on from memory. */
  hold?: true;
  spawn?: TokenTarget[];
  arrive?: Arrival[];
  /** The run ends now. */
  finish?: { status: "completed" | "failed"; output: Json; error: StepError | null };
}

/** The answer of a settle. */
export interface SettleReply {
  /** Ids of the jobs whose results were written; the others were lost and nothing of them was. */
  settled: string[];
  /** Tokens that are now leased to the worker. */
  jobs: Job[];
}

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
  traceparent?: string;
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
}
