import type { DatabaseClient } from "../../shared/db/mod.ts";
import { isAppError } from "../../shared/errors/mod.ts";
import { pause, type SendEvent } from "../../shared/http/mod.ts";
import { type Arrival, type ArrivalQuery, findArrivals } from "./queries.ts";

/** Milliseconds between two looks: few while something arrives, up to two seconds in silence. */
const SHORTEST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 2_000;
const GROWTH = 1.4;
/** Between two looks while the database is away. */
const AWAY_PAUSE_MS = 1_000;
/**
 * Ids are made when a delivery comes, and seen when it is committed, after its run where that only computes: for so long
 * an older id may still come, milliseconds.
 */
const LOOK_BACK_MS = 10_000;
/** Deliveries of one look. */
const LIMIT = 50;

/** What {@linkcode watchArrivals} needs. */
export interface WatchOptions extends Pick<ArrivalQuery, "endpoint" | "test"> {
  readonly db: DatabaseClient;
  /** The last id that the client has; null = none. */
  readonly lastEventId: string | null;
  /** When it asked, milliseconds since 1970: without a last id, what arrives from then on is told. */
  readonly since: number;
  readonly send: SendEvent;
  /** Aborts when the client has gone or the time is up. */
  readonly signal: AbortSignal;
}

/** Sends what arrives at an endpoint until the signal aborts, or the caller may no longer see it. */
export async function watchArrivals(options: WatchOptions): Promise<void> {
  const { db, endpoint, test, lastEventId, since, send, signal } = options;
  // The client knows its last one; what came about then may be told twice, and nothing is missed.
  const seen = new Set<string>(lastEventId === null ? [] : [lastEventId]);
  let after = lastEventId === null ? idFloor(since) : back(lastEventId);
  for (let ms = SHORTEST_PAUSE_MS; !signal.aborted;) {
    const limit = LIMIT + seen.size;
    const arrivals = await look(db, { endpoint, test, after, limit }, signal);
    if (arrivals === null) return;
    const news = arrivals.filter(({ id }) => !seen.has(id));
    for (const { kind, id, data } of news) {
      await send({ event: kind, id, data });
      seen.add(id);
    }
    const latest = arrivals.at(-1)?.id;
    if (latest !== undefined && back(latest) > after) {
      after = back(latest);
      for (const id of seen) if (id <= after) seen.delete(id);
    }
    ms = news.length > 0 ? SHORTEST_PAUSE_MS : Math.min(ms * GROWTH, LONGEST_PAUSE_MS);
    if (arrivals.length < limit && !await pause(ms, signal)) return;
  }
}

/** Null when there is nothing more to be seen: the client or its permission has gone. */
async function look(db: DatabaseClient, query: ArrivalQuery, signal: AbortSignal): Promise<Arrival[] | null> {
  while (!signal.aborted) {
    try {
      return await findArrivals(db, query, signal);
    } catch (error) {
      if (signal.aborted) return null;
      if (!isAppError(error)) throw error;
      if (error.code === "unauthorized" || error.code === "forbidden") return null;
      if (error.code !== "service_unavailable" && error.code !== "timeout") throw error;
      await pause(AWAY_PAUSE_MS, signal);
    }
  }
  return null;
}

/** The smallest UUIDv7 of a moment. */
function idFloor(milliseconds: number): string {
  const hex = Math.max(milliseconds, 0).toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7000-8000-000000000000`;
}

/** The smallest id of a moment before another id's. */
function back(id: string): string {
  return idFloor(parseInt(id.replace("-", "").slice(0, 12), 16) - LOOK_BACK_MS);
}
