import { assert, assertEquals, assertStringIncludes } from "../../tests/helpers/assert.ts";
import { fakeDataApi, testOptions } from "../../tests/helpers/http.ts";
import { createApp, createRouter, defineRoute, pause, type SendEvent, type SseOptions, sseStream } from "./mod.ts";

function appOf(produce: (send: SendEvent, signal: AbortSignal) => Promise<void>, options?: SseOptions, log?: string[]) {
  const route = defineRoute({
    method: "get",
    path: "/",
    operationId: "stream",
    summary: "Stream",
    tags: ["t"],
    access: { public: true },
    responses: { 200: { description: "Events", contentType: "text/event-stream" } },
  }, (c) => sseStream(c, produce, options));
  return createApp(
    "t",
    createRouter("t", [route]),
    testOptions(fakeDataApi(), { write: (line) => log?.push(line) }),
  );
}

Deno.test("sseStream() writes events and ends with its producer", async () => {
  const app = appOf(async (send) => {
    await send({ event: "step", data: { text: "a\nb" }, id: "1", retryMilliseconds: 1_000 });
    await send({ data: null, event: "x\nevent: injected" });
  });
  const response = await app.request("/t");
  assertEquals(response.headers.get("content-type"), "text/event-stream; charset=utf-8");
  assertEquals(response.headers.get("cache-control"), "no-store");
  assertEquals(
    await response.text(),
    ': open\n\nid: 1\nevent: step\nretry: 1000\ndata: {"text":"a\\nb"}\n\nevent: xevent: injected\ndata: null\n\n',
  );
});

Deno.test("sseStream() tells its producer that the caller has gone", async () => {
  const gone = Promise.withResolvers<string>();
  const app = appOf(async (send, signal) => {
    while (await pause(5, signal));
    gone.resolve(await send({ data: 2 }).then(() => "sent", () => "refused"));
  });
  const reader = (await app.request("/t")).body?.getReader();
  await reader?.read();
  await reader?.cancel();
  assertEquals(await gone.promise, "refused");
});

Deno.test("sseStream() keeps a silent stream open with comments and ends it in time", async () => {
  let aborted = false;
  const app = appOf(async (_send, signal) => {
    while (await pause(1_000, signal));
    aborted = true;
  }, { keepAliveSeconds: 0.02, maxSeconds: 0.1 });
  const text = await (await app.request("/t")).text();
  assertStringIncludes(text, ": keep-alive\n\n");
  assert(aborted);
});

Deno.test("sseStream() logs what its producer throws and ends the stream", async () => {
  const log: string[] = [];
  const app = appOf(() => Promise.reject(new Error("boom")), {}, log);
  assertEquals(await (await app.request("/t")).text(), ": open\n\n");
  assert(log.some((line) => line.includes("sse.failed") && line.includes("boom")), log.join("\n"));
});

Deno.test("sseStream() ends although its producer does not listen", async () => {
  const never = Promise.withResolvers<void>();
  const app = appOf(() => never.promise, { maxSeconds: 0.05 });
  assertEquals(await (await app.request("/t")).text(), ": open\n\n");
  never.resolve();
});

Deno.test("pause() ends early when the signal is aborted, before or meanwhile", async () => {
  assertEquals(await pause(1, new AbortController().signal), true);
  assertEquals(await pause(60_000, AbortSignal.abort()), false);
  const controller = new AbortController();
  const paused = pause(60_000, controller.signal);
  controller.abort();
  assertEquals(await paused, false);
});

Deno.test("sseStream() answers HEAD without beginning", async () => {
  let began = false;
  const app = appOf(() => Promise.resolve(void (began = true)));
  const response = await app.request("/t", { method: "HEAD" });
  assertEquals(response.headers.get("content-type"), "text/event-stream; charset=utf-8");
  assertEquals([await response.text(), began], ["", false]);
});
