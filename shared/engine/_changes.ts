/** Lets some wait for a change and others announce one. */
export class Changes {
  readonly #waiting: (() => void)[] = [];

  /** Resolves with the next change, or after `ms` milliseconds. */
  async wait(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** Wakes everyone who waits. */
  announce(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
