/**
 * Callback URLs over HTTP, on a real Postgres: single use, batches, forgeries, runs that are over.
 *
 * @module
 */
import { callbackUrl } from "../../shared/engine/mod.ts";
import type { Json } from "../../shared/graph/mod.ts";
import { backgroundSettled } from "../../shared/http/mod.ts";
import type { ApiUser, TestApi } from "../../tests/helpers/api.ts";
import { assertEquals } from "../../tests/helpers/assert.ts";
import { draw, saveFlow, set } from "../../tests/helpers/flows.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import { withServedApi } from "../../tests/helpers/served_api.ts";
import { FUNCTIONS } from "./mounts.ts";

const GRAPH = draw(
  {
    t: ["trigger.manual"],
    w: ["logic.wait", { config: { mode: "callback" } }],
    a: set({ got: "{{ steps.w.output.data }}" }),
  },
  "t>w",
  "w>a",
);

type Problem = Parameters<typeof expectProblem>[0]["body"];
interface Answer {
  status: number;
  headers: Headers;
  body: Problem & { status: string; results: { status: string }[] };
}

/** Calls a path of the receiver as the world does: no key, no token. */
async function call(api: TestApi, path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await api.fetch(`http://project.test/functions/v1/hooks/callbacks${path}`, init);
  const text = await response.text();
  await backgroundSettled();
  return { status: response.status, headers: response.headers, body: text === "" ? {} : JSON.parse(text) };
}

const send = (api: TestApi, token: string, data: Json) =>
  call(api, `/${token}`, { method: "POST", body: JSON.stringify(data) });

/** A run that waits at `w`, and the token of its URL. */
async function waiting(api: TestApi, ada: ApiUser): Promise<{ run: string; url: string; token: string }> {
  const flow_id = await saveFlow(api, ada, GRAPH);
  const { body } = await ada.post<{ id: string }>("/runs", { flow_id });
  await backgroundSettled();
  const url = await callbackUrl(api.env.secretKeys.default, "http://project.test/functions/v1", {
    runId: body.id,
    node: "w",
    scope: "",
  });
  return { run: body.id, url, token: url.slice(url.lastIndexOf("/") + 1) };
}

async function withCallbacks(fn: (api: TestApi, ada: ApiUser) => Promise<void>): Promise<void> {
  const routers = await Promise.all([FUNCTIONS.hooks(), FUNCTIONS.runs()]);
  await withServedApi(routers, async (api) => await fn(api, await api.createUser()));
}

const stateOf = async (ada: ApiUser, run: string) =>
  (await ada.get<{ status: string; output: Json; waiting_for: { reason: string } | null }>(`/runs/${run}`)).body;

Deno.test("POST /hooks/callbacks/:token completes the step once, and the run goes on with what was sent", () =>
  withCallbacks(async (api, ada) => {
    const { run, token } = await waiting(api, ada);
    assertEquals((await stateOf(ada, run)).waiting_for?.reason, "callback");
    assertEquals((await call(api, `/${token}`)).body.status, "open");
    const answer = await send(api, token, { paid: true });
    assertEquals([answer.status, answer.body.status], [200, "completed"]);
    const ended = await stateOf(ada, run);
    assertEquals([ended.status, ended.output], ["completed", { got: { paid: true } }]);
    const again = await send(api, token, { paid: false });
    assertEquals([again.status, again.body.status], [200, "duplicate"]);
    assertEquals((await call(api, `/${token}`)).body.status, "done");
    assertEquals((await stateOf(ada, run)).output, { got: { paid: true } });
  }));

Deno.test("POST /hooks/callbacks/:token takes an empty body as null and refuses what is no JSON or too large", () =>
  withCallbacks(async (api, ada) => {
    const { run, token } = await waiting(api, ada);
    for (const body of ["{", '{"a":9007199254740993}', '{"__proto__":{}}']) {
      expectProblem(await call(api, `/${token}`, { method: "POST", body }), "invalid_json");
    }
    const large = await call(api, `/${token}`, { method: "POST", body: JSON.stringify("x".repeat(262_144)) });
    expectProblem(large, "payload_too_large");
    assertEquals((await call(api, `/${token}`, { method: "POST" })).body.status, "completed");
    assertEquals((await stateOf(ada, run)).output, { got: null });
  }));

Deno.test("a token that is forged, garbled, cut or of a run that is gone gets the same 404", () =>
  withCallbacks(async (api, ada) => {
    const { run, token } = await waiting(api, ada);
    const other = crypto.randomUUID();
    const gone = await callbackUrl(api.env.secretKeys.default, "", { runId: other, node: "w", scope: "" });
    const foreign = await callbackUrl("sb_secret_of_another", "", { runId: run, node: "w", scope: "" });
    const tokens = [
      token.slice(0, -2),
      token.replace(run, other),
      token.replace(".w.", ".a."),
      `${token}.`,
      "nope",
      "%00",
      "x".repeat(3_000),
      ...[gone, foreign].map((url) => url.slice(url.lastIndexOf("/") + 1)),
    ];
    const details = new Set<unknown>();
    for (const wrong of tokens) {
      const answer = await send(api, wrong, 1);
      expectProblem(answer, "not_found");
      details.add((answer.body as unknown as { detail: string }).detail);
      expectProblem(await call(api, `/${wrong}`), "not_found");
    }
    assertEquals(details.size, 1);
    assertEquals((await call(api, `/${token}`)).body.status, "open");
  }));

Deno.test("a callback to a run that has ended is 409 run_finished", () =>
  withCallbacks(async (api, ada) => {
    const { run, token } = await waiting(api, ada);
    await ada.post(`/runs/${run}/cancel`, undefined);
    expectProblem(await send(api, token, 1), "run_finished");
    assertEquals((await call(api, `/${token}`)).body.status, "finished");
  }));

Deno.test("POST /hooks/callbacks takes many at once, each once, and tells each its fate in its place", () =>
  withCallbacks(async (api, ada) => {
    const [one, two, over] = [await waiting(api, ada), await waiting(api, ada), await waiting(api, ada)];
    await ada.post(`/runs/${over.run}/cancel`, undefined);
    const batch = [
      { url: `${one.url}?utm=1`, data: 1 },
      { token: two.token, data: 2 },
      { token: one.token, data: 3 },
      { token: over.token },
      { token: "forged", data: 4 },
      { url: "http://elsewhere.test/", data: 5 },
      { token: two.token, data: "x".repeat(300_000) },
    ];
    const post = () => call(api, "", { method: "POST", body: JSON.stringify(batch) });
    const fates = ["completed", "completed", "duplicate", "finished", "not_found", "not_found", "too_large"];
    const first = await post();
    assertEquals([first.status, first.body.results.map(({ status }) => status)], [200, fates]);
    const second = await post();
    assertEquals(second.body.results.map(({ status }) => status), [
      "duplicate",
      "duplicate",
      "duplicate",
      "finished",
      "not_found",
      "not_found",
      "too_large",
    ]);
  }));

Deno.test("POST /hooks/callbacks refuses a list that is empty, too long or not a list of callbacks", () =>
  withCallbacks(async (api) => {
    for (
      const batch of [
        [],
        {},
        [{}],
        [{ token: "a", url: "b" }],
        [{ token: "a", more: 1 }],
        Array(101).fill({ token: "a" }),
      ]
    ) {
      expectProblem(await call(api, "", { method: "POST", body: JSON.stringify(batch) }), "invalid_request");
    }
  }));
