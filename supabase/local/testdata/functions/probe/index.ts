/**
 * A function for the tests of the functions host.
 *
 * @module
 */
declare const EdgeRuntime: { waitUntil<T>(work: Promise<T>): Promise<T> };

let unloaded = false;
addEventListener("beforeunload", () => {
  unloaded = true;
  console.log("probe saw beforeunload");
});

Deno.serve(async (request) => {
  const { pathname } = new URL(request.url);
  switch (pathname) {
    case "/probe/echo":
      return new Response(await request.text(), {
        status: 201,
        headers: { "x-method": request.method, "x-seen": request.headers.get("x-sent") ?? "" },
      });
    case "/probe/env":
      return Response.json(Deno.env.toObject());
    case "/probe/headers":
      return Response.json(Object.fromEntries(request.headers));
    case "/probe/events":
      return new Response(events(), { headers: { "content-type": "text/event-stream" } });
    case "/probe/later":
      EdgeRuntime.waitUntil(pause(300).then(() => console.log(`probe worked later, unloaded: ${unloaded}`)));
      return new Response("answered");
    case "/probe/slow":
      await pause(700);
      return new Response("slow");
    case "/probe/run":
      return Response.json({ run: await attempt(() => new Deno.Command("/bin/true").output()) });
    case "/probe/crash":
      setTimeout(() => Deno.exit(3));
      return await new Promise(() => {});
    case "/probe/throw":
      throw new Error("as asked");
    default:
      return Response.json({ pathname });
  }
});

function events(): ReadableStream<Uint8Array> {
  let count = 0;
  let timer: ReturnType<typeof setInterval>;
  return new ReadableStream({
    start(controller) {
      timer = setInterval(() => controller.enqueue(new TextEncoder().encode(`data: ${++count}\n\n`)), 100);
    },
    cancel() {
      clearInterval(timer);
      console.log(`probe stopped events after ${count}`);
    },
  });
}

async function attempt(fn: () => Promise<unknown>): Promise<string> {
  try {
    await fn();
    return "worked";
  } catch (error) {
    return (error as Error).message;
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
