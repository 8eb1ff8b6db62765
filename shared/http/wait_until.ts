/**
 * Work that goes on after the answer was sent.
 *
 * @module
 */
import { createLog } from "../log/mod.ts";

/** The part of the edge runtime that keeps an isolate alive: https://supabase.com/docs/guides/functions/background-tasks */
interface EdgeRuntimeLike {
  waitUntil(promise: Promise<unknown>): void;
}

const pending = new Set<Promise<unknown>>();

/**
 * Keeps the isolate alive until `promise` settles. Outside the edge runtime the promise simply goes on. A rejection is
 * logged and ends nothing.
 */
export function waitUntil(promise: Promise<unknown>): void {
  const guarded: Promise<unknown> = promise
    .catch((error: unknown) => createLog("background").error("background.failed", { error }))
    .finally(() => pending.delete(guarded));
  pending.add(guarded);
  const { EdgeRuntime } = globalThis as { EdgeRuntime?: EdgeRuntimeLike };
  EdgeRuntime?.waitUntil(guarded);
}

/** Resolves when everything given to {@link waitUntil} so far, and what that began, has settled. For tests and shutdown. */
export async function backgroundSettled(): Promise<void> {
  while (pending.size > 0) await Promise.allSettled([...pending]);
}
