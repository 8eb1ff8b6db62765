/**
 * A TCP server that answers what a test dictates, byte for byte, and keeps what it was sent.
 *
 * @module
 */

/** A running test server. */
export interface TestServer {
  port: number;
  /** What each connection sent so far, in order of arrival. */
  received: string[];
  close(): Promise<void>;
}

/** Says what to do with a connection; `request` is what has arrived when the header fields were complete. */
export type Answer = (connection: Deno.TcpConn, request: string) => Promise<void> | void;

/**
 * Starts a server on a free port.
 *
 * @param answer Text to send before closing, or what to do with the connection.
 */
export function startTestServer(answer: string | Uint8Array | Answer): TestServer {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const received: string[] = [];
  const work: Promise<void>[] = [];
  const serve = async () => {
    for await (const connection of listener) work.push(handle(connection, answer, received));
  };
  const serving = serve();
  return {
    port: (listener.addr as Deno.NetAddr).port,
    received,
    async close() {
      listener.close();
      await serving;
      await Promise.all(work);
    },
  };
}

async function handle(connection: Deno.TcpConn, answer: string | Uint8Array | Answer, received: string[]) {
  const index = received.push("") - 1;
  const buffer = new Uint8Array(65_536);
  const complete = (text: string) => {
    const [head = "", body] = text.split("\r\n\r\n", 2);
    return body !== undefined && body.length >= Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
  };
  try {
    while (!complete(received[index] ?? "")) {
      const count = await connection.read(buffer);
      if (count === null) return;
      received[index] += new TextDecoder().decode(buffer.subarray(0, count));
    }
    if (typeof answer === "function") await answer(connection, received[index] ?? "");
    else await sendAll(connection, answer);
  } catch {
    // The client closed first, which some tests want.
  } finally {
    try {
      connection.close();
    } catch {
      // Closed already.
    }
  }
}

/** Writes everything. */
export async function sendAll(connection: Deno.Conn, content: string | Uint8Array): Promise<void> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  for (let start = 0; start < bytes.length;) start += await connection.write(bytes.subarray(start));
}
