/**
 * Servers that webhooks are sent to: a good one, and one for each way to be a bad one.
 *
 * @module
 */
import { sendAll, startTestServer } from "../helpers/raw_server.ts";

/** A server that is told of events. */
export interface Receiver {
  readonly url: string;
  /** `host:port`, for EGRESS_ALLOW. */
  readonly host: string;
  /** Moments at which each event came, by the id in its data; milliseconds since 1970. */
  readonly arrivals: ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

/** How a receiver answers; what an attempt says of it in `error_code`, and in `response_status`. */
export interface Misbehaviour {
  readonly answer: (connection: Deno.TcpConn, stopped: Promise<void>) => Promise<void>;
  readonly code: string;
  readonly status: number | null;
}

const TEN_MEGABYTES = 10 * 1024 * 1024;

function text(status: string, headers = "", body = ""): string {
  return `HTTP/1.1 ${status}\r\ncontent-length: ${body.length}\r\nconnection: close\r\n${headers}\r\n${body}`;
}

const say = (answer: string) => (connection: Deno.TcpConn) => sendAll(connection, answer);

/** Everything that a receiver may do wrong, by name. */
export const MISBEHAVIOURS: Readonly<Record<string, Misbehaviour>> = {
  hangs: { answer: (_connection, stopped) => stopped, code: "timeout", status: null },
  drips: {
    async answer(connection, stopped) {
      await sendAll(connection, "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n");
      let isOver = false;
      void stopped.then(() => isOver = true);
      while (!isOver) {
        await sendAll(connection, ".");
        await Promise.race([stopped, new Promise((resolve) => setTimeout(resolve, 1_000))]);
      }
    },
    code: "timeout",
    status: null,
  },
  floods: {
    async answer(connection) {
      await sendAll(connection, `HTTP/1.1 500 No\r\ncontent-length: ${TEN_MEGABYTES}\r\n\r\n`);
      const chunk = new Uint8Array(65_536).fill(46);
      for (let sent = 0; sent < TEN_MEGABYTES; sent += chunk.length) await sendAll(connection, chunk);
    },
    code: "http_status",
    status: 500,
  },
  redirects: {
    answer: say(text("302 Found", "location: http://127.0.0.1:1/inside\r\n")),
    code: "redirect",
    status: 302,
  },
  closes: {
    answer: say("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf of"),
    code: "not_reached",
    status: null,
  },
  gone: { answer: say(text("410 Gone")), code: "gone", status: 410 },
  limits: { answer: say(text("429 Too Many Requests", "retry-after: 3600\r\n")), code: "http_status", status: 429 },
  fails: { answer: say(text("500 Internal Server Error")), code: "http_status", status: 500 },
};

/** Starts one that answers 204 at once. */
export function startGoodReceiver(): Receiver {
  return start((connection) => sendAll(connection, "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n"));
}

/** Starts one that misbehaves. */
export function startBadReceiver({ answer }: Misbehaviour): Receiver {
  return start(answer);
}

function start(answer: Misbehaviour["answer"]): Receiver {
  const arrivals = new Map<string, number>();
  const stopping = Promise.withResolvers<void>();
  const server = startTestServer(async (connection, request) => {
    const { data } = JSON.parse(request.slice(request.indexOf("\r\n\r\n") + 4)) as { data: { id: string } };
    if (!arrivals.has(data.id)) arrivals.set(data.id, Date.now());
    await answer(connection, stopping.promise);
  });
  return {
    url: `http://127.0.0.1:${server.port}/hooks`,
    host: `127.0.0.1:${server.port}`,
    arrivals,
    async stop() {
      stopping.resolve();
      await server.close();
    },
  };
}
