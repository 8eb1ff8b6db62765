/**
 * Serves every function of a folder in one process, as the edge runtime would serve each: `Deno.serve` hands over the
 * handler, `EdgeRuntime.waitUntil` keeps work alive past the answer, `beforeunload` announces the end.
 *
 * Started by `functions_process.ts` as `deno run … functions_child.ts FOLDER_URL VARIABLES_TO_FORGET…`. It writes
 * `ready PORT` as its first line and ends when its standard input does, so it never outlives its parent.
 *
 * @module
 */
type Handler = Deno.ServeHandler;

const [folder, ...forget] = Deno.args as [string, ...string[]];
const { serve } = Deno;

/** How long work given to `waitUntil` may take after the end was announced. */
const GRACE_MS = 5_000;

const handlers = new Map<string, Promise<Handler>>();
const pending = new Set<Promise<unknown>>();
let registered: Handler | undefined;
let loading: Promise<unknown> = Promise.resolve();

// What this process needed to start is nothing that a deployed function would see.
for (const name of forget) Deno.env.delete(name);

Object.defineProperty(Deno, "serve", { value: registerHandler });
Object.defineProperty(globalThis, "EdgeRuntime", { value: { waitUntil } });

const server = serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => console.log(`ready ${port}`),
}, answer);

for await (const _ of Deno.stdin.readable);
globalThis.dispatchEvent(new CustomEvent("beforeunload", { detail: { reason: "early_drop" } }));
await Promise.race([workDone(), new Promise((resolve) => setTimeout(resolve, GRACE_MS))]);
Deno.exit(0);

async function answer(request: Request, info: Deno.ServeHandlerInfo<Deno.NetAddr>): Promise<Response> {
  const slug = new URL(request.url).pathname.split("/")[1] ?? "";
  let handler: Handler;
  try {
    handler = await load(slug);
  } catch (error) {
    console.error(`Cannot start the function ${slug}:`, error);
    const body = { code: "BOOT_ERROR", message: "Function failed to start (please check logs)" };
    return Response.json(body, { status: 503 });
  }
  try {
    return await handler(request, info);
  } catch (error) {
    console.error(`The function ${slug} threw:`, error);
    return new Response("Internal Server Error", { status: 500 });
  }
}

/** Imports functions one after the other, so that a call of `Deno.serve` belongs to the one being imported. */
function load(slug: string): Promise<Handler> {
  const known = handlers.get(slug);
  if (known) return known;
  const handler = loading.then(async () => {
    registered = undefined;
    await import(new URL(`${slug}/index.ts`, folder).href);
    if (!registered) throw new Error("It does not call Deno.serve");
    return registered;
  });
  loading = handler.catch(() => {});
  handlers.set(slug, handler);
  return handler;
}

function registerHandler(first: Handler | { handler?: Handler }, second?: Handler): Deno.HttpServer<Deno.NetAddr> {
  registered = typeof first === "function" ? first : second ?? first.handler;
  return {
    finished: server.finished,
    addr: server.addr,
    ref() {},
    unref() {},
    shutdown: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Resolves when nothing is pending any more: work may give more work to `waitUntil`. */
async function workDone(): Promise<void> {
  while (pending.size > 0) await Promise.allSettled(pending);
}

function waitUntil<T>(work: Promise<T>): Promise<T> {
  const tracked = work.catch((error) => console.error("Work given to EdgeRuntime.waitUntil failed:", error))
    .finally(() => pending.delete(tracked));
  pending.add(tracked);
  return work;
}
