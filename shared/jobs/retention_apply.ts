import { z } from "zod";
import { adminClient, type DatabaseClient, rpc } from "../db/mod.ts";
import { defineJob } from "./define_job.ts";
import { NonRetryable } from "./job_error.ts";

/** Milliseconds after which no further step begins: what is left has time until the next hour. */
const BUDGET_MS = 50_000;

/** How often it waits for somebody who is in the way, and milliseconds between. Autovacuum often is. */
const PATIENCE = { times: 5, pauseMs: 2_000 };

/** What one step of retention did: see `engine.apply_retention`. */
export interface RetentionStep {
  /** Whether the next step has something to do at once. */
  readonly more: boolean;
  readonly began?: unknown;
  readonly copied?: { readonly rows: number };
  readonly swapped?: unknown;
  readonly deleted?: { readonly rows: number };
  readonly gave_way?: unknown;
  readonly failed?: { readonly error: string };
  readonly webhook_events?: number;
  /** Events that we send, with their deliveries and attempts. */
  readonly webhook_messages?: number;
  /** Rows of the audit log; their seals stay. */
  readonly audit_rows?: number;
  readonly archives_failing?: number;
}

/** What a number of steps did. */
export interface RetentionSummary {
  readonly steps: number;
  /** Partitions that were rewritten or dropped. */
  readonly swapped: number;
  /** Rows copied because they survive. */
  readonly copied: number;
  /** Rows deleted where there is no partition to drop. */
  readonly deleted: number;
  /** Whether there is more to do. */
  readonly more: boolean;
}

/** What {@linkcode applyRetention} may be told. */
export interface RetentionOptions {
  /** Milliseconds after which no further step begins. Default 50,000. */
  readonly budgetMs?: number;
  /** Milliseconds to wait for somebody who is in the way. Default 2,000. */
  readonly pauseMs?: number;
}

/** The job of the system task `retention`. */
export const retentionApply = defineJob({
  type: "retention.apply",
  summary: "Drops runs, steps, jobs and webhook events, in and out, that are older than their plan keeps.",
  payload: z.unknown(),
  timeoutMs: 120_000,
  maxAttempts: 3,
  run: (_payload, { env, signal }) => applyRetention(adminClient(env), signal),
});

/**
 * Takes steps until there is nothing more to do or the time is up. Each is a transaction of its own, and safe alone.
 *
 * @throws {NonRetryable} `retention_failed` when a rewriting failed, `archives_failing` when runs could not be archived
 * for two weeks: after everything else was done, so that somebody is told.
 */
export async function applyRetention(
  db: DatabaseClient,
  signal: AbortSignal,
  { budgetMs = BUDGET_MS, pauseMs = PATIENCE.pauseMs }: RetentionOptions = {},
): Promise<RetentionSummary> {
  const until = performance.now() + budgetMs;
  let summary: RetentionSummary = { steps: 0, swapped: 0, copied: 0, deleted: 0, more: true };
  let failure: string | undefined;
  let failing = 0;
  let waited = 0;
  while (summary.more && performance.now() < until && !signal.aborted) {
    const step: RetentionStep = await rpc(db, "apply_retention", {}, { schema: "engine", signal });
    summary = {
      steps: summary.steps + 1,
      swapped: summary.swapped + (step.swapped === undefined ? 0 : 1),
      copied: summary.copied + (step.copied?.rows ?? 0),
      deleted: summary.deleted + (step.deleted?.rows ?? 0) + (step.webhook_events ?? 0) + (step.webhook_messages ?? 0) +
        (step.audit_rows ?? 0),
      more: step.more,
    };
    if (step.gave_way !== undefined && waited < PATIENCE.times) {
      waited++;
      summary = { ...summary, more: true };
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    failure ??= step.failed?.error;
    failing = step.archives_failing ?? 0;
  }
  if (failure !== undefined) {
    throw new NonRetryable(`A partition could not be rewritten: ${failure}`, { code: "retention_failed" });
  }
  if (failing > 0) {
    const message =
      `The runs of ${failing} organizations and weeks could not be archived for two weeks, and are kept: ` +
      "see the dead letters of runs.archive";
    throw new NonRetryable(message, { code: "archives_failing" });
  }
  return summary;
}
