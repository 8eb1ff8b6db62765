/**
 * The listening socket of the stack.
 *
 * @module
 */
import type { Gateway } from "./gateway.ts";

/** A door that is there from the first moment, so that a busy port is found before anything else is opened. */
export interface Door {
  /** `http://127.0.0.1:<port>` */
  url: string;
  /** Lets requests in; those that came earlier have waited. */
  open(gateway: Gateway): void;
  /** No new connections; who holds one open is cut off after a moment. May be called again. */
  close(): Promise<void>;
}

/** How long clients may keep a connection when everything else has ended. */
const GOODBYE_MS = 500;

/**
 * Listens on 127.0.0.1.
 *
 * @param port 0 takes a free one
 * @throws Deno.errors.AddrInUse
 */
export function buildDoor(port: number): Door {
  const { promise: gateway, resolve: open } = Promise.withResolvers<Gateway>();
  const hardStop = new AbortController();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port, signal: hardStop.signal, onListen() {} },
    async (request, info) => await (await gateway)(request, info.remoteAddr.hostname),
  );
  let closing: Promise<void> | undefined;
  const close = async () => {
    let closed = false;
    const polite = server.shutdown().then(() => closed = true);
    await Promise.race([polite, new Promise((resolve) => setTimeout(resolve, GOODBYE_MS))]);
    if (!closed) hardStop.abort();
    await server.finished.catch(() => {});
  };
  return { url: `http://127.0.0.1:${server.addr.port}`, open, close: () => closing ??= close() };
}
