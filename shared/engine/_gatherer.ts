import { isTransient } from "./settle_queue.ts";

/** Options of {@linkcode Gatherer}. */
export interface GathererOptions<In> {
  /** Items in one call. Default 50. */
  maxItems?: number;
  /** Size of the items of one call together. Default without limit. */
  maxSize?: number;
  /** The size of an item, in the unit of `maxSize`. */
  sizeOf?(item: In): number;
  /** Milliseconds after which a call that fails has kept what waits for it long enough. Default 5,000. */
  patienceMs?: number;
}

interface Waiting<In, Out> {
  item: In;
  resolve(out: Out): void;
  reject(error: unknown): void;
}

/**
 * Makes one call of what comes while another is under way. What comes alone is called at once; there is no timer, so
 * that nothing waits for company. Keys have nothing to do with each other.
 */
export class Gatherer<In, Out> {
  readonly #call: (key: string, items: In[]) => Promise<Out[]>;
  readonly #options: GathererOptions<In>;
  /** What waits, by key; there while a call is under way. */
  readonly #waiting = new Map<string, Waiting<In, Out>[]>();

  /** @param call Makes the call for items of one key; gives as many answers, in their order. */
  constructor(call: (key: string, items: In[]) => Promise<Out[]>, options: GathererOptions<In> = {}) {
    this.#call = call;
    this.#options = options;
  }

  /**
   * Makes the call for one item, with whatever else comes for the key.
   *
   * Where a call for several is refused, each is called for alone: one can not take the others down.
   */
  add(key: string, item: In): Promise<Out> {
    const { promise, resolve, reject } = Promise.withResolvers<Out>();
    const entry = { item, resolve, reject };
    const queue = this.#waiting.get(key);
    if (queue !== undefined) {
      queue.push(entry);
    } else {
      const first = [entry];
      this.#waiting.set(key, first);
      void this.#drain(key, first);
    }
    return promise;
  }

  async #drain(key: string, queue: Waiting<In, Out>[]): Promise<void> {
    while (queue.length > 0) await this.#send(key, this.#take(queue));
    this.#waiting.delete(key);
  }

  #take(queue: Waiting<In, Out>[]): Waiting<In, Out>[] {
    const { maxItems = 50, maxSize = Infinity, sizeOf = () => 0 } = this.#options;
    let size = 0;
    let count = 0;
    for (const { item } of queue) {
      size += sizeOf(item);
      if (count > 0 && (count >= maxItems || size > maxSize)) break;
      count++;
    }
    return queue.splice(0, count);
  }

  async #send(key: string, batch: Waiting<In, Out>[]): Promise<void> {
    const startedAt = performance.now();
    try {
      const answers = await this.#call(key, batch.map(({ item }) => item));
      batch.forEach(({ resolve }, index) => resolve(answers[index] as Out));
    } catch (error) {
      if (batch.length > 1 && !isTransient(error)) {
        for (const entry of batch) await this.#send(key, [entry]);
        return;
      }
      // Who waits for a database that is away is told so now, and not after as many calls as there are.
      const isLate = performance.now() - startedAt > (this.#options.patienceMs ?? 5_000);
      const others = isLate && isTransient(error) ? this.#waiting.get(key)?.splice(0) ?? [] : [];
      for (const { reject } of [...batch, ...others]) reject(error);
    }
  }
}
