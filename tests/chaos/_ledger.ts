/**
 * The world outside, in a process of its own: `deno run -A _ledger.ts`. It counts every effect by its key, and outlives
 * whatever a scenario kills. It ends when its standard input does, so it never outlives who started it.
 *
 * - `POST` anywhere with an `Idempotency-Key` is an effect. It is counted when it has arrived whole, and answered some
 *   milliseconds later, so that there is a time in which it has happened and nobody knows.
 * - `GET /` gives the counts: `{ key: times }`.
 *
 * @module
 */

/** Longest time between an effect and its answer, milliseconds. */
const SLOWEST_MS = 40;

if (import.meta.main) {
  const counts = new Map<string, number>();
  Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: ({ port }) => console.log(port),
  }, async (request) => {
    if (request.method === "GET") return Response.json(Object.fromEntries(counts));
    // A caller that dies in the middle of a request has not made it.
    const body = await request.text().catch(() => undefined);
    const key = request.headers.get("idempotency-key");
    if (body === undefined || key === null) return new Response(null, { status: 400 });
    counts.set(key, (counts.get(key) ?? 0) + 1);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * SLOWEST_MS));
    return Response.json({ name: new URL(request.url).pathname.slice(1) });
  });
  for await (const _ of Deno.stdin.readable);
  Deno.exit(0);
}
