import { END_ID, type EventPosition, formatPosition } from "./event_position.ts";
import type { RunProgress } from "./queries.ts";
import { isFinal } from "../../shared/runs/mod.ts";

/** An event of a run, ready to be sent. */
export interface RunEvent {
  readonly event: "run" | "step" | "waiting" | "end";
  /** Absent = the client keeps the one before. */
  readonly id?: string;
  readonly data: unknown;
}

/** Milliseconds by which the database's clock may go back, when it is set or when another server takes over. */
const CLOCK_MARGIN_MS = 5_000;

/** Makes events of what is new about a run, and remembers what is known. Pure: no clock, no I/O. */
export class RunEvents {
  #status: EventPosition["status"];
  #since: number;
  /** Key of a known step → when it ended at the latest, milliseconds since 1970. */
  readonly #seen: Map<string, number>;
  /** What the client knows of where the run waits, as JSON; empty = it may be out of date. */
  #waiting: string;

  /**
   * @param position What the client knows.
   * @param now Milliseconds since 1970; what the client knows has ended by then.
   */
  constructor({ status, waits, since, seen }: EventPosition, now: number) {
    this.#status = status;
    this.#since = since;
    this.#seen = new Map(seen.map((key) => [key, now + CLOCK_MARGIN_MS]));
    this.#waiting = waits ? "" : "[]";
  }

  /** Where the client is once it has all events so far. */
  get position(): EventPosition {
    return { status: this.#status, waits: this.#waiting !== "[]", since: this.#since, seen: [...this.#seen.keys()] };
  }

  /** The events of what was read at {@linkcode position}, in order. The last one of an ended run is `end`. */
  *take(progress: RunProgress): Generator<RunEvent> {
    const { steps, more } = progress;
    const ended = isFinal(progress);
    if (!ended) yield* this.#takeState(progress);
    const completeUntil = Date.parse(progress.complete_until) - CLOCK_MARGIN_MS;
    for (const [index, { key, ...data }] of steps.entries()) {
      this.#seen.set(key, Date.parse(data.finished_at));
      // What is still to be sent has ended no earlier than the step that comes next.
      const next = steps[index + 1] ?? (more ? data : undefined);
      this.#advance(Math.min(completeUntil, next === undefined ? Infinity : Date.parse(next.finished_at)));
      yield this.#event("step", data);
    }
    if (more) return;
    this.#advance(completeUntil);
    if (!ended) return yield* this.#takeWaiting(progress);
    this.#waiting = "[]";
    yield* this.#takeState(progress);
    yield endEvent(progress.status);
  }

  *#takeState({ id, status, output, error, started_at, finished_at }: RunProgress): Generator<RunEvent> {
    if (status === this.#status) return;
    this.#status = status;
    yield this.#event("run", { id, status, output, error, started_at, finished_at });
  }

  *#takeWaiting({ waiting }: RunProgress): Generator<RunEvent> {
    const text = JSON.stringify(waiting);
    if (text === this.#waiting) return;
    this.#waiting = text;
    yield this.#event("waiting", { waiting });
  }

  #event(event: RunEvent["event"], data: unknown): RunEvent {
    const id = formatPosition(this.position);
    return { event, ...(id !== undefined && { id }), data };
  }

  #advance(since: number): void {
    if (since <= this.#since) return;
    this.#since = since;
    for (const [key, endedAt] of this.#seen) if (endedAt < since) this.#seen.delete(key);
  }
}

/** The last event of a run; `status` null = it was deleted. */
export function endEvent(status: RunProgress["status"] | null): RunEvent {
  return { event: "end", id: END_ID, data: { status } };
}
