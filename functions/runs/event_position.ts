/**
 * Where in the events of a run a client is: the text that each event carries as its id, and that comes back as
 * `Last-Event-ID`.
 *
 * A count of events would not do. Steps are recorded when they are settled, and branches settle in any order, so a step
 * can appear that ended before one that was sent already. The position is therefore a set: everything that ended before
 * `since`, and of what ended later the steps in `seen`. It stays small because `since` follows the run: no step will
 * appear that ended before the oldest lease that is running began. A step that runs for long while thousands of others
 * end makes it grow all the same: then events come without an id ({@linkcode formatPosition}), and a client that connects
 * again gets some steps once more, never one less.
 *
 * @module
 */
import type { z } from "zod";
import type { runStatusSchema } from "../../shared/runs/mod.ts";

/** What a client knows of a run. */
export interface EventPosition {
  /** The state it was told last; null = none. */
  readonly status: z.infer<typeof runStatusSchema> | null;
  /** Whether it was told that the run waits somewhere. */
  readonly waits: boolean;
  /** Every step that ended before this moment is known; milliseconds since 1970, 0 = nothing is. */
  readonly since: number;
  /** Keys of the known steps that ended later. */
  readonly seen: readonly string[];
}

/** The beginning. */
export const START: EventPosition = { status: null, waits: false, since: 0, seen: [] };

/** The id of the last event: whoever has seen it needs no other. */
export const END_ID = "end";

const LETTERS = {
  queued: "q",
  running: "r",
  paused: "p",
  compensating: "u",
  completed: "c",
  failed: "f",
  cancelled: "x",
  compensated: "d",
  compensation_failed: "e",
} as const;
const STATUSES = Object.fromEntries(Object.entries(LETTERS).map(([status, letter]) => [letter, status])) as Readonly<
  Record<string, keyof typeof LETTERS | undefined>
>;

/** Keys in an id: 4 KiB, since proxies refuse headers of 8 KiB. */
const MAX_SEEN = 330;
const MAX_LENGTH = 16_000;
/** A capital letter = it waits. */
const POSITION = /^([nqrpucfxdeQRPU])-([0-9a-z]{1,9})-((?:[0-9a-f]{12})*)$/;

/** The id of the event that brings a client to a position; undefined = too long for a header. */
export function formatPosition({ status, waits, since, seen }: EventPosition): string | undefined {
  if (seen.length > MAX_SEEN) return undefined;
  const letter = status === null ? "n" : LETTERS[status];
  return `${waits ? letter.toUpperCase() : letter}-${since.toString(36)}-${seen.join("")}`;
}

/** Reads what {@linkcode formatPosition} made; undefined for anything else. */
export function parsePosition(text: string): EventPosition | undefined {
  const [, letter, since, keys] = (text.length > MAX_LENGTH ? null : POSITION.exec(text)) ?? [];
  if (letter === undefined || since === undefined || keys === undefined) return undefined;
  const status = STATUSES[letter.toLowerCase()] ?? null;
  return {
    status,
    waits: letter !== letter.toLowerCase(),
    since: parseInt(since, 36),
    seen: keys.match(/.{12}/g) ?? [],
  };
}
