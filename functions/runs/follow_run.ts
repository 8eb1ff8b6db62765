import type { DatabaseClient } from "../../shared/db/mod.ts";
import { isAppError } from "../../shared/errors/mod.ts";
import { pause, type SendEvent } from "../../shared/http/mod.ts";
import type { EventPosition } from "./event_position.ts";
import { findProgress, type RunProgress } from "./queries.ts";
import { endEvent, RunEvents } from "./run_events.ts";
import { isFinal } from "../../shared/runs/mod.ts";

/**
 * Milliseconds between two looks at the run: few while it moves; each look without news waits longer for the next, up to
 * three seconds after some ten of silence.
 */
const SHORTEST_PAUSE_MS = 150;
const LONGEST_PAUSE_MS = 3_000;
const GROWTH = 1.4;
/** A look that takes long (a run of very many steps) is followed by a pause of this many times as long. */
const REST = 3;
/** Between two looks while the database is away. */
const AWAY_PAUSE_MS = 1_000;

/** What {@linkcode followRun} needs. */
export interface FollowOptions {
  readonly db: DatabaseClient;
  readonly runId: string;
  /** What the client knows. */
  readonly position: EventPosition;
  /** What is new to it right now. */
  readonly progress: RunProgress;
  readonly send: SendEvent;
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
}

/**
 * Sends what is new about a run until it has ended: `step` for each attempt of a node, `run` for each change of its
 * state, `waiting` for each change of where it waits, `end` at last. Returns early when the signal aborts or the caller may no longer see the run.
 */
export async function followRun(options: FollowOptions): Promise<void> {
  const { db, runId, send, signal } = options;
  const events = new RunEvents(options.position, Date.now());
  let { progress } = options;
  let lookMs = 0;
  for (let ms = SHORTEST_PAUSE_MS; !signal.aborted;) {
    let isNews = false;
    for (const event of events.take(progress)) {
      await send(event);
      isNews = true;
    }
    if (isFinal(progress) && !progress.more) return;
    if (!progress.more) {
      ms = isNews ? SHORTEST_PAUSE_MS : Math.min(ms * GROWTH, LONGEST_PAUSE_MS);
      if (!await pause(Math.max(ms, lookMs * REST), signal)) return;
    }
    const start = performance.now();
    const next = await readOn(db, runId, events, signal);
    if (next === "refused" || next === "left") return;
    if (next === "gone") return await send(endEvent(null));
    progress = next;
    lookMs = performance.now() - start;
  }
}

/**
 * Reads what is new, patiently while the database is away.
 *
 * @returns `gone` when the run was deleted, `refused` when the caller's token has expired (the client connects again
 *   with a new one), `left` when the client has.
 */
async function readOn(
  db: DatabaseClient,
  runId: string,
  events: RunEvents,
  signal: AbortSignal,
): Promise<RunProgress | "gone" | "refused" | "left"> {
  while (!signal.aborted) {
    try {
      return await findProgress(db, runId, events.position, signal);
    } catch (error) {
      if (!isAppError(error)) throw error;
      if (error.code === "not_found") return "gone";
      if (error.code === "unauthorized") return "refused";
      if (error.code !== "service_unavailable" && error.code !== "timeout") throw error;
      await pause(AWAY_PAUSE_MS, signal);
    }
  }
  return "left";
}
