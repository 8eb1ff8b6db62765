/**
 * Workers without nodes: they walk runs of an endless family of graphs, fork and join, die, come back as zombies, send
 * twice, and let go, all by chance. What they were told is remembered, so that it can be held against the database.
 *
 * A place in a graph is its name: `0.1` is the second node of the main way; `0.1(L.0` the first of the left branch that
 * parts there; both branches end in the join `0.1)`.
 *
 * @module
 */
import type { EngineClient, Job, JobResult } from "../../shared/engine/mod.ts";
import { result, step } from "./_engine.ts";

/** A number in [0, 1). */
export type Chance = () => number;

/** Mulberry32: small, and the same everywhere for the same seed. */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const LENGTH = 12;
const DEPTH = 2;

/** What all workers of a simulation have been told together. */
export class Ledger {
  /** `run node` of each step that was settled. */
  readonly steps = new Set<string>();
  /** What must not happen. */
  readonly faults: string[] = [];
  /** How often each thing was done. */
  readonly counts: Record<string, number> = {};

  /** Counts a thing. */
  count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  /** Remembers the steps of a settled result; a step that was settled before is a fault. */
  settled(said: JobResult): void {
    for (const { node } of said.steps) {
      const key = `${said.job.run_id} ${node}`;
      if (this.steps.has(key)) this.faults.push(`${key} was settled twice`);
      this.steps.add(key);
    }
  }
}

/** One worker after another, on one connection. */
export class SimulatedWorker {
  id = crypto.randomUUID();
  readonly #engine: EngineClient;
  readonly #chance: Chance;
  readonly #ledger: Ledger;
  /** Jobs in hand, each with the place up to which this worker has got. */
  #jobs: { job: Job; place: string }[] = [];

  /** @param chance Decides everything. */
  constructor(engine: EngineClient, chance: Chance, ledger: Ledger) {
    this.#engine = engine;
    this.#chance = chance;
    this.#ledger = ledger;
  }

  /** Claims some jobs. */
  async claim(): Promise<void> {
    const jobs = await this.#engine.claimJobs(this.id, 1 + Math.floor(this.#chance() * 6), "worker");
    this.#take(jobs);
    this.#ledger.count("claim");
  }

  /** Whether it has a job in hand. */
  get busy(): boolean {
    return this.#jobs.length > 0;
  }

  /** Settles some of the jobs in hand; `calm` = always straight to the end. */
  async settle(calm = false): Promise<void> {
    const batch = this.#jobs.splice(0, 1 + Math.floor(this.#chance() * this.#jobs.length));
    if (batch.length === 0) return;
    const results = batch.map(({ job, place }) => this.#say(job, place, calm));
    const reply = await this.#engine.settleJobs(this.id, results);
    this.#ledger.count("settle");
    for (const said of results) {
      // Of a job that was lost and claimed again, the answer means the newer result.
      const newest = results.every(({ job }) => job.job !== said.job.job || job.epoch <= said.job.epoch);
      if (!newest || !reply.settled.includes(said.job.job)) {
        this.#ledger.count("lost");
        continue;
      }
      this.#ledger.settled(said);
      if (said.hold) this.#jobs.push({ job: said.job, place: next(said.steps[0]!.node) });
    }
    this.#take(reply.jobs);
    if (!calm && this.#chance() < 0.1) await this.#repeat(results, reply.settled);
  }

  /** Gives its lease back, and goes on with what it has in hand all the same. */
  async release(): Promise<void> {
    await this.#engine.releaseWorker(this.id);
    this.#ledger.count("release");
  }

  /** Stops; its lease lapses by itself. */
  die(): void {
    this.id = crypto.randomUUID();
    this.#jobs = [];
    this.#ledger.count("die");
  }

  #take(jobs: Job[]): void {
    for (const job of jobs) {
      const recorded = new Set(job.recorded?.map((done) => done.node));
      let place = job.node ?? "0.0";
      while (recorded.has(place)) place = next(place);
      this.#jobs.push({ job, place });
    }
  }

  async #repeat(results: JobResult[], settled: string[]): Promise<void> {
    const reply = await this.#engine.settleJobs(this.id, results);
    const held = new Set(results.filter((said) => said.hold).map((said) => said.job.job));
    for (const id of reply.settled) {
      if (!held.has(id) || !settled.includes(id)) this.#ledger.faults.push(`${id} was settled by a repetition`);
    }
    this.#ledger.count("repeat");
  }

  #say(job: Job, place: string, calm: boolean): JobResult {
    const steps = [step(place, { output: place })];
    const index = Number(place.split(".").at(-1));
    const branches = place.split("(").length - 1;
    if (index >= LENGTH - 1) {
      if (branches === 0) return result(job, { steps });
      return result(job, { steps, arrive: [this.#arrival(place)] });
    }
    if (calm) return result(job, { steps, move: { node: next(place), reads: [], keep: true } });
    const die = this.#chance();
    if (die < 0.005) {
      const failed = die < 0.0025;
      const error = failed ? { code: "http_error", message: "No" } : null;
      return result(job, { steps, finish: { status: failed ? "failed" : "completed", output: null, error } });
    }
    if (die < 0.3 && branches < DEPTH) {
      const target = (side: string) => ({ node: `${place}(${side}.0`, reads: [place], keep: this.#chance() < 0.5 });
      return result(job, { steps, move: target("L"), spawn: [target("R")] });
    }
    if (die < 0.6) return result(job, { steps, hold: true });
    return result(job, { steps, move: { node: next(place), reads: [place], keep: this.#chance() < 0.5 } });
  }

  #arrival(place: string) {
    const left = place.slice(0, place.lastIndexOf("."));
    const slot = left.endsWith("(L") ? 0 : 1;
    const live = this.#chance() < 0.8;
    const node = next(left.slice(0, left.lastIndexOf("(")));
    return { node, expects: 2, live: live ? [slot] : [], dead: live ? [] : [slot], reads: [] };
  }
}

/** The place after this one on the same way. */
function next(place: string): string {
  const dot = place.lastIndexOf(".");
  return `${place.slice(0, dot)}.${Number(place.slice(dot + 1)) + 1}`;
}
