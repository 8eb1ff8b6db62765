import type { RouteContext } from "./context.ts";
import { createLog } from "../log/mod.ts";

/** One event of a stream. */
export interface ServerEvent {
  /** The kind; `message` when absent. */
  readonly event?: string;
  /** What happened: sent as JSON. */
  readonly data: unknown;
  /** What the browser sends back as `Last-Event-ID` when it connects again. */
  readonly id?: string;
  /** How long the browser waits before it connects again, in milliseconds. */
  readonly retryMilliseconds?: number;
}

/** Sends an event; resolves when the stream can take more. Rejects when the caller has gone. */
export type SendEvent = (event: ServerEvent) => Promise<void>;

/** Options of {@link sseStream}. */
export interface SseOptions {
  /** How often a comment keeps proxies from closing a silent stream, in seconds. */
  readonly keepAliveSeconds?: number;
  /** When the stream ends by itself, before the platform ends the isolate (150 s); browsers connect again. In seconds. */
  readonly maxSeconds?: number;
}

const HEADERS = {
  "Content-Type": "text/event-stream; charset=utf-8",
  "Cache-Control": "no-store",
  "X-Accel-Buffering": "no",
};

const encoder = new TextEncoder();

/**
 * Answers with a stream of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html).
 *
 * @param c The handler's context.
 * @param produce Sends the events. The stream ends when it returns. Its signal aborts when the caller has gone or the
 *   time is up: waits inside must listen to it, as {@link pause} does. What it throws otherwise is logged and ends
 *   the stream.
 */
export function sseStream(
  c: RouteContext,
  produce: (send: SendEvent, signal: AbortSignal) => Promise<void>,
  options: SseOptions = {},
): Response {
  const { keepAliveSeconds = 15, maxSeconds = 120 } = options;
  // Nobody would read the stream, nor cancel it.
  if (c.req.method === "HEAD") return c.body(null, 200, HEADERS);
  const log = c.var.request?.log ?? createLog("sse");
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const write = (text: string): Promise<void> => writer.write(encoder.encode(text));
  const over = new AbortController();
  const end = (): void => over.abort();
  const keepAlive = setInterval(() => write(": keep-alive\n\n").catch(end), keepAliveSeconds * 1_000);
  const deadline = setTimeout(end, maxSeconds * 1_000);
  over.signal.addEventListener("abort", () => {
    clearInterval(keepAlive);
    clearTimeout(deadline);
    // Also when the producer does not listen: the caller's stream ends now.
    writer.close().catch(() => {});
  });
  // The reader's cancel closes the writer: that is how a caller who has gone is noticed.
  writer.closed.catch(end);

  const send: SendEvent = async (event) => {
    over.signal.throwIfAborted();
    await write(formatEvent(event));
    over.signal.throwIfAborted();
  };
  const work = async (): Promise<void> => {
    try {
      await write(": open\n\n");
      await produce(send, over.signal);
    } catch (error) {
      if (!over.signal.aborted) log.error("sse.failed", { error });
    } finally {
      end();
    }
  };
  // Not awaited: the answer begins now, and the open stream keeps the isolate alive.
  work();
  return c.body(readable, 200, HEADERS);
}

/**
 * Waits, but not longer than the signal allows: for the pauses inside a stream.
 *
 * @param milliseconds How long.
 * @returns Whether to go on: false once the signal is aborted.
 */
export function pause(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", finish);
      resolve(!signal.aborted);
    };
    const timer = setTimeout(finish, milliseconds);
    signal.addEventListener("abort", finish);
  });
}

/** An event as text. JSON never holds a line break, and names lose theirs. */
function formatEvent({ event, data, id, retryMilliseconds }: ServerEvent): string {
  const line = (name: string, value: string | undefined): string =>
    value === undefined ? "" : `${name}: ${value.replaceAll(/[\r\n\0]/g, "")}\n`;
  return line("id", id) + line("event", event) +
    line("retry", retryMilliseconds === undefined ? undefined : String(Math.round(retryMilliseconds))) +
    `data: ${JSON.stringify(data) ?? "null"}\n\n`;
}
