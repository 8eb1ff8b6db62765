/**
 * One at a time, first come first served.
 *
 * @module
 */
export class Mutex {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `fn` when every earlier one has settled; settles as it does. */
  run<T>(fn: () => Promise<T>): Promise<T> {
    const result = this.#last.then(fn);
    this.#last = result.catch(() => {});
    return result;
  }
}
