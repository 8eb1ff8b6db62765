import type { DatabaseClient } from "../db/mod.ts";
import { pause } from "../http/mod.ts";
import { findRunState } from "./queries.ts";
import { isFinal } from "./schemas.ts";

/** Milliseconds before the first look, and the longest time between two. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

/**
 * Waits until a run has ended.
 *
 * @param seconds How long.
 * @param signal Gives up early.
 * @returns Whether it has.
 */
export async function waitForEnd(
  db: DatabaseClient,
  runId: string,
  seconds: number,
  signal: AbortSignal,
): Promise<boolean> {
  const until = performance.now() + seconds * 1_000;
  for (let ms = FIRST_PAUSE_MS; !signal.aborted; ms = Math.min(ms * 1.5, LONGEST_PAUSE_MS)) {
    const left = until - performance.now();
    if (left <= 0) return false;
    await pause(Math.min(ms, left), signal);
    if (isFinal(await findRunState(db, runId))) return true;
  }
  return false;
}
