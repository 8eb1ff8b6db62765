import type { Log } from "../log/mod.ts";
import type { BreakerFacts, Breakers } from "../providers/mod.ts";
import type { EngineClient } from "./client.ts";

/**
 * Tells other isolates which services this one leaves alone, and learns it of them. A hint and no more: each isolate
 * decides for itself, and works on when nobody answers.
 */
export class BreakerHints {
  readonly #breakers: Breakers;
  readonly #client: EngineClient;
  readonly #log: Log;
  /** The newest of each service that is not told yet. */
  readonly #news = new Map<string, BreakerFacts>();
  /** Set while what others found out is taken over: that is no news. */
  #isLearning = false;
  #isUnderWay = false;

  /** @param breakers Those of this isolate. */
  constructor(breakers: Breakers, client: EngineClient, log: Log) {
    this.#breakers = breakers;
    this.#client = client;
    this.#log = log;
    breakers.watch((facts) => this.#changed(facts));
  }

  /** Learns what others have found out. Never rejects. */
  async refresh(): Promise<void> {
    await this.#exchange([]);
  }

  #changed(facts: BreakerFacts): void {
    const { key, state, openMs, calls, failures } = facts;
    if (state === "half_open" || this.#isLearning) return;
    if (state === "open") this.#log.warn("providers.left_alone", { provider: key, openMs, calls, failures });
    else this.#log.info("providers.well_again", { provider: key });
    this.#news.set(key, facts);
    void this.#tell();
  }

  async #tell(): Promise<void> {
    if (this.#isUnderWay) return;
    this.#isUnderWay = true;
    while (this.#news.size > 0) {
      const news = [...this.#news.values()];
      this.#news.clear();
      await this.#exchange(news);
    }
    this.#isUnderWay = false;
  }

  async #exchange(news: BreakerFacts[]): Promise<void> {
    try {
      const open = await this.#client.shareBreakers(news);
      this.#isLearning = true;
      for (const { key, openMs } of open) this.#breakers.get(key).learn(openMs);
    } catch (error) {
      this.#log.warn("providers.hints_failed", { error });
    } finally {
      this.#isLearning = false;
    }
  }
}
