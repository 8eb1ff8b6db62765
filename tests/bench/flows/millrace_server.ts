/**
 * The function `hooks` in a process of its own, as an edge runtime would serve it, with the clock and the worker that
 * pg_cron and pg_net call elsewhere. Says `ready PORT`; ends when its standard input does.
 *
 * @module
 */
import { getEngine } from "../../../shared/engine/mod.ts";
import { readEnv } from "../../../shared/env/mod.ts";
import { backgroundSettled, createApp, type Router } from "../../../shared/http/mod.ts";

/** Loaded as the platform loads a function: nothing else imports one. */
const { router }: { router: Router } = await import(
  new URL("../../../functions/hooks/router.ts", import.meta.url).href
);
const engine = getEngine(readEnv());
const server = Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => console.log(`ready ${port}`),
}, createApp("hooks", router).fetch);

const ended = new AbortController();
let draining = false;

/** Turns the clock, and takes what is due and belongs to nobody: what a lost process has left. */
async function tick(): Promise<void> {
  try {
    await engine.client.tick();
    if (draining) return;
    draining = true;
    const { worker, close } = await engine.createWorker();
    await worker.drain({ idleMs: 0, signal: ended.signal });
    await close();
  } catch (error) {
    console.error("The clock stumbled:", error);
  } finally {
    draining = false;
  }
}

const clock = setInterval(() => void tick(), Number(Deno.env.get("TICK_MS")));
for await (const _ of Deno.stdin.readable);
clearInterval(clock);
ended.abort();
await server.shutdown();
await Promise.race([backgroundSettled(), new Promise((resolve) => setTimeout(resolve, 5_000))]);
await engine.client.close();
Deno.exit(0);
