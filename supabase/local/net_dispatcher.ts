/**
 * Sends the requests of the pg_net stand-in and records the answers.
 *
 * @module
 */
import type { LocalDatabase } from "./database.ts";

/** A row of `net.http_request_queue`. */
interface QueuedRequest extends Record<string, unknown> {
  id: string;
  method: string;
  url: string;
  headers: Record<string, string> | null;
  body: string | null;
  timeout_milliseconds: number;
}

/** What becomes a row of `net._http_response`. */
interface Outcome {
  status: number | null;
  contentType: string | null;
  headers: Record<string, string> | null;
  content: string | null;
  timedOut: boolean;
  error: string | null;
}

/** Requests taken at once, as `pg_net.batch_size`. */
const BATCH = 200;
/** How often the queue is looked at without having been told. */
const POLL_MS = 1_000;
/** How long answers are kept, as `pg_net.ttl`. */
const KEEP = "6 hours";

/** Sends what is queued, after the transaction that queued it has committed, until it is stopped. */
export async function startNetDispatcher({ executor, listen }: LocalDatabase): Promise<{ stop(): Promise<void> }> {
  let stopped = false;
  let wake: () => void = () => {};
  const sending = new Set<Promise<void>>();

  const take = async (): Promise<number> => {
    const requests = await executor.query<QueuedRequest>(
      `with taken as (
         delete from net.http_request_queue q where q.ctid in (
           select ctid from net.http_request_queue order by id limit ${BATCH} for update skip locked
         ) returning q.*
       )
       select id::text, method, url, headers, convert_from(body, 'UTF8') as body, timeout_milliseconds from taken`,
    );
    for (const request of requests) {
      const work: Promise<void> = send(request)
        .then((outcome) => record(executor, request.id, outcome))
        .catch(() => {})
        .finally(() => sending.delete(work));
      sending.add(work);
    }
    return requests.length;
  };

  // One promise for "somebody has queued something", renewed before each look so that no call is lost.
  const loop = (async () => {
    while (!stopped) {
      const called = new Promise<void>((resolve) => wake = resolve);
      // The database may be away for a while: look again later.
      const taken = await take().catch(() => 0);
      if (taken === BATCH) continue;
      let timer: ReturnType<typeof setTimeout> | undefined;
      await Promise.race([called, new Promise<void>((resolve) => timer = setTimeout(resolve, POLL_MS))]);
      clearTimeout(timer);
    }
  })();
  await listen("net_request", () => wake());
  const cleaner = setInterval(() => {
    executor.exec(`delete from net._http_response where created < now() - interval '${KEEP}'`).catch(() => {});
  }, 60_000);
  return {
    async stop() {
      stopped = true;
      clearInterval(cleaner);
      wake();
      await loop;
      await Promise.all(sending);
    },
  };
}

async function send(request: QueuedRequest): Promise<Outcome> {
  const limit = request.timeout_milliseconds;
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers: { "User-Agent": "pg_net/0.20.0", ...request.headers },
      ...(request.body === null || request.method === "GET" ? {} : { body: request.body }),
      redirect: "follow",
      signal: AbortSignal.timeout(limit),
    });
    const content = await response.text();
    return {
      status: response.status,
      contentType: response.headers.get("content-type"),
      headers: Object.fromEntries(response.headers),
      content,
      timedOut: false,
      error: null,
    };
  } catch (error) {
    const timedOut = error instanceof DOMException && error.name === "TimeoutError";
    const reason = error instanceof Error ? error.message : String(error);
    const text = timedOut ? `Timeout of ${limit} ms reached` : reason;
    return { status: null, contentType: null, headers: null, content: null, timedOut, error: text };
  }
}

async function record(executor: LocalDatabase["executor"], id: string, outcome: Outcome): Promise<void> {
  await executor.query(
    `insert into net._http_response (id, status_code, content_type, headers, content, timed_out, error_msg)
     values ($1::text::bigint, $2, $3, $4::text::jsonb, $5, $6, $7)`,
    [
      id,
      outcome.status,
      outcome.contentType,
      outcome.headers === null ? null : JSON.stringify(outcome.headers),
      // Postgres has no text with NUL in it.
      outcome.content?.replaceAll("\0", "") ?? null,
      outcome.timedOut,
      outcome.error,
    ],
  );
}
