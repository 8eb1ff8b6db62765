/** A time limit under an outer signal. */
export interface TimeLimit {
  /** Aborted when the time is up or the outer signal is aborted. */
  readonly signal: AbortSignal;
  /** Whether the time was up first. */
  readonly isOver: boolean;
  /** Rejects with the signal's reason when it is aborted. */
  readonly aborted: Promise<never>;
  /** Ends the limit: nothing of it is kept. */
  release(): void;
}

/**
 * Starts a time limit. `AbortSignal.timeout` and `AbortSignal.any` would do, but cannot be taken back: each step would
 * keep its timer, and through it everything it has in hand, until its time is up, minutes after its end.
 *
 * @param outer Aborts it early.
 * @param milliseconds How long.
 */
export function startTimeLimit(outer: AbortSignal, milliseconds: number): TimeLimit {
  const controller = new AbortController();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  // Nobody needs to wait for it.
  aborted.catch(() => {});
  let isOver = false;
  const end = (reason: unknown): void => {
    release();
    controller.abort(reason);
    reject(reason);
  };
  const onOuter = (): void => end(outer.reason);
  const timer = setTimeout(() => {
    isOver = true;
    end(new DOMException("The time is up", "TimeoutError"));
  }, milliseconds);
  const release = (): void => {
    clearTimeout(timer);
    outer.removeEventListener("abort", onOuter);
  };
  if (outer.aborted) onOuter();
  else outer.addEventListener("abort", onOuter, { once: true });
  return {
    signal: controller.signal,
    get isOver() {
      return isOver;
    },
    aborted,
    release,
  };
}
