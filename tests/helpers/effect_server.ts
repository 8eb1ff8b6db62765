/**
 * A server on this machine that flows call: it remembers every request and answers what the test says.
 *
 * @module
 */

/** A request as it came. */
export interface Effect {
  method: string;
  path: string;
  headers: Headers;
  /** The `Idempotency-Key`; empty when there was none. */
  key: string;
  /** The body as text. */
  text: string;
}

/** A running server. */
export interface EffectServer {
  /** `http://127.0.0.1:<port>` */
  url: string;
  /** `127.0.0.1:<port>`, for EGRESS_ALLOW. */
  host: string;
  /** Everything that came, in order. */
  effects: Effect[];
  /** Requests whose key begins with a run's id and names the node. */
  of(runId: string, nodeId: string): Effect[];
  stop(): Promise<void>;
}

/**
 * Starts a server.
 *
 * @param answer Makes the answer; 200 with `{ "ok": true }` when absent.
 */
export function startEffectServer(
  answer: (effect: Effect, count: number) => Response | Promise<Response> = () => Response.json({ ok: true }),
): EffectServer {
  const effects: Effect[] = [];
  const stop = new AbortController();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, signal: stop.signal, onListen() {} }, async (request) => {
    // A caller that dies in the middle of a request has not made it.
    const text = await request.text().catch(() => undefined);
    if (text === undefined) return new Response(null, { status: 400 });
    const effect: Effect = {
      method: request.method,
      path: new URL(request.url).pathname,
      headers: request.headers,
      key: request.headers.get("idempotency-key") ?? "",
      text,
    };
    effects.push(effect);
    return await answer(effect, effects.filter(({ path }) => path === effect.path).length);
  });
  const host = `127.0.0.1:${server.addr.port}`;
  return {
    url: `http://${host}`,
    host,
    effects,
    of: (runId, nodeId) => effects.filter(({ key }) => key === `${runId}:${nodeId}`),
    async stop() {
      stop.abort();
      await server.finished;
    },
  };
}
