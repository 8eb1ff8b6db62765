/**
 * Workers that vanish, lose their leases and miss answers while they run flows of a test; at the end there are always
 * some that do not.
 *
 * @module
 */
import type { PendingQuery, Row } from "postgres";
import { EngineClient, type EngineTransport, Worker } from "../../shared/engine/mod.ts";
import { serviceUnavailable } from "../../shared/errors/mod.ts";
import type { Json } from "../../shared/graph/mod.ts";
import { createLog } from "../../shared/log/mod.ts";
import type { EmailProvider } from "../../shared/providers/mod.ts";
import { localProviders } from "../helpers/engine.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { type Journal, note } from "./_journal.ts";
import type { Random } from "./_random.ts";

/** What may go wrong. */
export interface Faults {
  /** Leases lapse under workers that go on. */
  lapses: boolean;
  /** Calls fail for ever from some moment on. */
  vanishing: boolean;
  /** Now and then a call fails, before Postgres hears of it or after it has done what it was to do. */
  hiccups: boolean;
}

/** Everything that must go right. */
export const NO_FAULTS: Faults = { lapses: false, vanishing: false, hiccups: false };

/** A token may lose its worker seven times; an eighth time gives its run up. */
const MAX_LOSSES = 6;

/** What the workers of one batch need. */
export interface Crew {
  db: TestDatabase;
  /** Carries the calls of all of them. */
  transport: EngineTransport;
  random: Random;
  faults: Faults;
  /** The email service. */
  send: EmailProvider["send"];
  journal: Journal;
  /** Aborted when there is nothing left to do. */
  done: AbortSignal;
}

/** Runs workers until there is nothing left to do: one goes, the next one comes. */
export async function work(crew: Crew): Promise<void> {
  const { random } = crew;
  const workers = 1 + random.below(4);
  await Promise.all([
    ...Array.from({ length: workers }, async () => {
      while (!crew.done.aborted) await workOnce(crew);
    }),
    keepTime(crew),
  ]);
}

async function workOnce(crew: Crew): Promise<void> {
  const { random, done, journal } = crew;
  const transport = new UnreliableTransport(crew);
  const patience = random.pick([50, 300]);
  const email: EmailProvider = {
    name: "test",
    send: (message, options) => {
      journal.calls.push({ worker: worker.id, key: options.idempotencyKey, at: performance.now() });
      return crew.send(message, options);
    },
  };
  const worker: Worker = new Worker({
    client: new EngineClient(transport),
    providers: { ...localProviders(), email },
    log: createLog("engine"),
    kind: "worker",
    concurrency: random.pick([1, 2, 4, 8, 16]),
    patienceMs: patience,
    heartbeatMs: random.pick([20, 10_000]),
  });
  await worker.drain({ signal: done, pollMs: random.pick([2, 10]), idleMs: random.pick([20, 500]) });
  // A heartbeat that is still under way would prolong the lease that is about to lapse.
  await transport.quiet();
  if (!transport.released) await expire(crew.db, crew.db.sql`select ${worker.id}::uuid`);
}

/** The clock: it finds out who is gone, and sometimes takes leases from workers that do not know of it. */
async function keepTime({ db, transport, random, faults, journal, done }: Crew): Promise<void> {
  while (!done.aborted) {
    await pause(5 + random.below(60));
    if (faults.lapses && journal.faults < MAX_LOSSES && random.chance(0.5)) {
      journal.faults++;
      await expire(db, db.sql`select id from private.workers order by random() limit ${1 + random.below(2)}`);
    }
    await transport.call("tick", {});
  }
}

/** Half a minute passes for some workers. */
async function expire(db: TestDatabase, workers: PendingQuery<Row[]>): Promise<void> {
  await db.sql`update private.workers set expires_at = now() - interval '1 second' where id in (${workers})`;
}

/** Engine calls of one worker, as reliable as the crew's faults let them be. */
class UnreliableTransport implements EngineTransport {
  /** Whether the worker has given its lease back. */
  released = false;
  readonly #crew: Crew;
  /** The call with which the worker vanishes. */
  readonly #last: number;
  #calls = 0;
  #gone = false;
  readonly #underWay = new Set<Promise<Json>>();

  constructor(crew: Crew) {
    this.#crew = crew;
    this.#last = crew.faults.vanishing && crew.random.chance(0.7) ? 1 + crew.random.below(30) : Infinity;
  }

  async call(name: Parameters<EngineTransport["call"]>[0], args: Parameters<EngineTransport["call"]>[1]) {
    const { transport, random, faults, journal } = this.#crew;
    if (this.#gone) throw serviceUnavailable("The worker is gone");
    const isLast = ++this.#calls === this.#last;
    const fails = journal.faults < MAX_LOSSES && (isLast || (faults.hiccups && random.chance(0.04)));
    if (fails) {
      journal.faults++;
      this.#gone = isLast;
    }
    if (fails && random.chance(0.5)) throw serviceUnavailable("Not sent");
    const begun = performance.now();
    const answer = transport.call(name, args);
    this.#underWay.add(answer);
    const reply = await answer.finally(() => this.#underWay.delete(answer));
    note(journal, name, args, reply, begun);
    if (fails) throw serviceUnavailable("Sent, but not answered");
    if (name === "release_worker") this.released = true;
    return reply;
  }

  /** Resolves when no call is under way. */
  async quiet(): Promise<void> {
    await Promise.allSettled(this.#underWay);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Resolves after some milliseconds. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
