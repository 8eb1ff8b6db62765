import type { Job } from "./types.ts";

/**
 * The time by the clock of the database, which is the same for all workers: theirs may be wrong.
 *
 * @param job Told the time when it was claimed, a moment ago. Without it (the SQL is older) this machine's clock has to do.
 * @returns Milliseconds since 1970, at each call.
 */
export function databaseClock({ now }: Pick<Job, "now">): () => number {
  if (now === undefined) return Date.now;
  const offset = now - performance.now();
  return () => Math.round(offset + performance.now());
}
