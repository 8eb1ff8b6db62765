/**
 * HTTP for nodes: every hop is checked, its name resolved once, and the address that was checked is the one dialled.
 *
 * How the connection is made, and what else was tried (Deno 2.1.4 and 2.9.6, as in the edge runtime and locally):
 *
 * | way | address pinned | certificate checked against the name | verdict |
 * | --- | --- | --- | --- |
 * | `fetch` after a lookup of our own | no, it looks up again | yes | open to rebinding |
 * | `node:http(s)` with `lookup` | 2.9.6 only; 2.1.4 throws "Not implemented" | – | not on the edge |
 * | `Deno.connect` to the address, `Deno.startTls` with the name | yes | yes: wrong name and unknown issuer refused | chosen |
 *
 * @module
 */
import { checkAddresses, parseTarget, type Target } from "./address_guard.ts";
import { decodeContent } from "./decode_content.ts";
import { exchange, type Http1Response } from "./http1.ts";
import { NodeError } from "./node_error.ts";
import { nextHop } from "./_redirect.ts";
import { type HostResolver, resolveHost } from "./resolve_host.ts";
import type { HttpProvider, HttpRequest, HttpResponse } from "./types.ts";

/** Milliseconds one address gets to answer a connect while others are left to try. */
const CONNECT_PATIENCE_MS = 4_000;
/** Addresses of one name that are tried. */
const MAX_ADDRESSES = 4;

/** What the guard needs to know. */
export interface GuardedHttpOptions {
  /** `host:port` pairs whose addresses are not checked: local stand-ins. Empty where it matters. */
  egressAllow?: readonly string[];
  /** Name lookup; the system's name servers by default. */
  resolve?: HostResolver;
  /** Opens a TCP connection to an address; `Deno.connect` by default. A test may lead it elsewhere. */
  connect?: (address: { hostname: string; port: number }) => Promise<Deno.TcpConn>;
  /** Further root certificates, PEM. */
  caCerts?: string[];
}

/**
 * Builds the HTTP provider that nodes use.
 *
 * @param options Exceptions and, for tests, lookup and dialling.
 * @returns The provider; it keeps no state between requests.
 */
export function createGuardedHttpProvider(options: GuardedHttpOptions = {}): HttpProvider {
  return { request: (request) => withDeadline(request, (signal) => follow(request, options, signal)) };
}

/** Runs the exchange under one deadline that covers lookup, connect, headers and body of every hop. */
async function withDeadline<T>(request: HttpRequest, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  request.signal?.throwIfAborted();
  const controller = new AbortController();
  const timedOut = new NodeError(`No complete answer within ${request.timeoutSeconds} s`, {
    code: "step_timeout",
    retryable: true,
  });
  const timer = setTimeout(() => controller.abort(timedOut), request.timeoutSeconds * 1000);
  const forward = () => controller.abort(request.signal?.reason);
  request.signal?.addEventListener("abort", forward, { once: true });
  try {
    return await work(controller.signal);
  } catch (error) {
    // A connection closed by the abort fails in its own words: the reason is what counts.
    throw controller.signal.aborted ? controller.signal.reason : toNodeError(error);
  } finally {
    clearTimeout(timer);
    request.signal?.removeEventListener("abort", forward);
  }
}

async function follow(request: HttpRequest, options: GuardedHttpOptions, signal: AbortSignal): Promise<HttpResponse> {
  let hop: HttpRequest = request;
  for (let redirects = 0;; redirects++) {
    const target = parseTarget(hop.url, options.egressAllow);
    const response = await send(hop, target, options, signal);
    const next = nextHop(hop, target.url, response, redirects);
    if (next === null) {
      const { isCut, ...answer } = response;
      const end = { url: target.url.href, redirects };
      if (request.cutBody) return { ...answer, ...end, isCut };
      const body = await decodeContent(response.body, response.headers["content-encoding"], request.maxResponseBytes);
      return { ...answer, body, ...end };
    }
    hop = next;
  }
}

async function send(
  hop: HttpRequest,
  target: Target,
  options: GuardedHttpOptions,
  signal: AbortSignal,
): Promise<Http1Response> {
  const connection = await dial(target, options, signal);
  const close = () => tryClose(connection);
  signal.addEventListener("abort", close, { once: true });
  try {
    signal.throwIfAborted();
    const message = { method: hop.method, url: target.url, headers: hop.headers ?? {} };
    return await exchange(
      connection,
      hop.body === undefined ? message : { ...message, body: hop.body },
      hop.maxResponseBytes,
      hop.cutBody,
    );
  } finally {
    signal.removeEventListener("abort", close);
    close();
  }
}

/** Connects to the first address that answers; all were checked before the first is tried. */
async function dial(target: Target, options: GuardedHttpOptions, signal: AbortSignal): Promise<Deno.Conn> {
  const addresses = await addressesOf(target, options, signal);
  let failure: unknown;
  for (const [index, hostname] of addresses.entries()) {
    const last = index === addresses.length - 1;
    try {
      const open = (options.connect ?? Deno.connect)({ hostname, port: target.port });
      const tcp = await patiently(open, signal, last ? null : CONNECT_PATIENCE_MS);
      return target.url.protocol === "https:" ? await secure(tcp, target, options, signal) : tcp;
    } catch (error) {
      signal.throwIfAborted();
      failure = error;
      // Another address of the same name would show the same certificate.
      if (error instanceof Deno.errors.InvalidData) break;
    }
  }
  throw failure;
}

async function addressesOf(target: Target, options: GuardedHttpOptions, signal: AbortSignal): Promise<string[]> {
  if (target.exempt || target.literal) return [target.hostname];
  const addresses = await (options.resolve ?? resolveHost)(target.hostname, signal);
  if (addresses.length === 0) {
    throw new NodeError(`Cannot resolve ${target.hostname}`, { code: "http_error", retryable: true });
  }
  checkAddresses(addresses);
  return addresses.slice(0, MAX_ADDRESSES);
}

async function secure(
  tcp: Deno.TcpConn,
  target: Target,
  options: GuardedHttpOptions,
  signal: AbortSignal,
): Promise<Deno.TlsConn> {
  let tls: Deno.TlsConn | undefined;
  const close = () => tryClose(tls ?? tcp);
  signal.addEventListener("abort", close, { once: true });
  try {
    // The certificate must name the host of the URL, although an address was dialled.
    tls = await Deno.startTls(tcp, {
      hostname: target.hostname,
      alpnProtocols: ["http/1.1"],
      ...(options.caCerts === undefined ? {} : { caCerts: options.caCerts }),
    });
    await tls.handshake();
    return tls;
  } catch (error) {
    close();
    throw error;
  } finally {
    signal.removeEventListener("abort", close);
  }
}

/** Waits for a connection, but not for ever: one that comes too late is closed. */
async function patiently(open: Promise<Deno.TcpConn>, signal: AbortSignal, patienceMs: number | null) {
  const { promise: givenUp, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  const timer = patienceMs === null ? undefined : setTimeout(() => reject(new Deno.errors.TimedOut()), patienceMs);
  try {
    return await Promise.race([open, givenUp]);
  } catch (error) {
    open.then(tryClose, () => {});
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
    clearTimeout(timer);
  }
}

function tryClose(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // It is closed already.
  }
}

/** Words for people; the system's own words stay in the cause for operators. */
function toNodeError(error: unknown): NodeError {
  if (error instanceof NodeError) return error;
  const [message, retryable] = describeFailure(error);
  return new NodeError(message, { code: "http_error", retryable, cause: error });
}

function describeFailure(error: unknown): [message: string, retryable: boolean] {
  if (error instanceof Deno.errors.InvalidData) {
    return ["The server's TLS certificate is not valid for this host", false];
  }
  if (error instanceof Deno.errors.ConnectionRefused) return ["The server refused the connection", true];
  if (error instanceof Deno.errors.TimedOut) return ["The server did not answer in time", true];
  return ["The connection to the server failed", true];
}
