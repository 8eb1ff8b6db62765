/**
 * Waits, unless it is told to stop. `node:timers/promises` does the same, but its types are at odds with those of Deno
 * 2.1, which edge functions are compatible with.
 *
 * @param milliseconds How long.
 * @throws The reason of the signal, as soon as it is aborted.
 */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}
