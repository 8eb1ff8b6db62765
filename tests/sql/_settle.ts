/**
 * Settles in the words of the wire, for what only Postgres decides: regions, waits, other flows, pauses.
 *
 * @module
 */
import type { Job } from "../../shared/engine/mod.ts";
import type { Json } from "../../shared/graph/mod.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { type CallOptions, service } from "./_world.ts";

/** What a settle answers. */
export interface Reply {
  settled: string[];
  jobs: WireJob[];
  parked?: string[];
}

/** A job as Postgres words it. */
export type WireJob = Omit<Job, "payload" | "scope"> & {
  scope?: string;
  payload?: { [key: string]: Json };
  items?: Json;
  resumed?: boolean;
  undo?: Json;
  undone?: Json;
};

/** One result: the job with its fence, and what its worker says of it. */
export function said(job: WireJob | Job, fields: { [key: string]: Json } = {}): { [key: string]: Json } {
  return {
    job: job.job,
    epoch: job.epoch,
    run_id: job.run_id,
    organization_id: job.organization_id,
    deadline_ms: 60_000,
    steps: [],
    ...(job.scope !== undefined && { scope: job.scope }),
    ...fields,
  };
}

/** A step that has been done. */
export function did(node: string, output: Json = null, fields: { [key: string]: Json } = {}): { [key: string]: Json } {
  return { node, status: "completed", output, started_ago: 2000, finished_ago: 1000, ...fields };
}

/** Settles results. */
export async function settle(
  db: TestDatabase,
  worker: string,
  results: { [key: string]: Json }[],
  options: CallOptions = {},
): Promise<Reply> {
  const reply = await service<Reply>(db, "settle_jobs", { p_worker_id: worker, p_results: results }, options);
  // Tokens of one moment have ids in any order.
  reply.jobs.sort((a, b) => (a.payload?.["index"] as number ?? 0) - (b.payload?.["index"] as number ?? 0));
  return reply;
}

/** Claims whatever is ready. */
export async function claim(
  db: TestDatabase,
  worker: string,
  runId?: string,
  options: CallOptions = {},
): Promise<WireJob[]> {
  return await service<WireJob[]>(db, "claim_jobs", {
    p_worker_id: worker,
    p_limit: 100,
    p_kind: "worker",
    p_run_id: runId ?? null,
  }, options);
}

/** What a splitter with the collector "c" and the body "w" says. */
export function opening(items: Json[], fields: { [key: string]: Json } = {}): { [key: string]: Json } {
  return {
    node: "s",
    closer: "c",
    items,
    first: 0,
    window_size: 2,
    tolerate: 0,
    more: false,
    reads: [],
    close_reads: [],
    body: ["w"],
    ...fields,
  };
}
