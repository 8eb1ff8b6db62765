/**
 * The outside world of S6: counts every effect that arrives, and applies each once by its key, as a payment service does.
 *
 * @module
 */

/** A running ledger. */
export interface Ledger {
  /** `127.0.0.1:<port>` */
  readonly host: string;
  /** Calls that have arrived. */
  calls(): number;
  /** Effects that were applied: different keys. */
  applied(): number;
  /** Calls whose effect had been applied before: steps that were run twice. */
  repeated(): number;
  /** Forgets everything. */
  reset(): void;
  stop(): Promise<void>;
}

/**
 * Starts a ledger.
 *
 * @param delayMs How long each call takes, so that there is a middle in which a process can be killed.
 */
export function startLedger(delayMs: number): Ledger {
  const counts = new Map<string, number>();
  let calls = 0;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const key = request.headers.get("idempotency-key");
    const text = await request.text().catch(() => undefined);
    if (key === null || text === undefined) return new Response(null, { status: 400 });
    calls++;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    return Response.json({ ok: true });
  });
  return {
    host: `127.0.0.1:${server.addr.port}`,
    calls: () => calls,
    applied: () => counts.size,
    repeated: () => calls - counts.size,
    reset() {
      counts.clear();
      calls = 0;
    },
    stop: () => server.shutdown(),
  };
}
