/**
 * A run watched while it goes: its events over server-sent events.
 *
 * @module
 */
import type { ApiUser, TestApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { readEvents } from "../../tests/helpers/events.ts";
import { draw, post, saveFlow, set } from "../../tests/helpers/flows.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import { type RunBody, withEffects, withFlow } from "../../tests/helpers/runs_api.ts";
import { until } from "../../tests/helpers/until.ts";
import { router } from "./router.ts";

/** Watches a run as a browser would. */
function watch(api: TestApi, user: ApiUser, id: string, headers: Record<string, string> = {}): Promise<Response> {
  return api.fetch(`http://project.test/functions/v1/runs/${id}/events`, {
    headers: { authorization: `Bearer ${user.token}`, ...headers },
  });
}

Deno.test("GET /runs/:id/events tells the steps so far, then each new one, then the end", () => {
  const answers = new Map<string, PromiseWithResolvers<Response>>();
  const answerTo = (path: string) => {
    const answer = answers.get(path) ?? Promise.withResolvers<Response>();
    answers.set(path, answer);
    return answer;
  };
  return withEffects(router, ({ path }) => answerTo(path).promise, async (api, ada, server) => {
    const node = (id: string) => post(`${server.url}/${id}`);
    const graph = draw({ t: ["trigger.manual"], a: set({ n: 1 }), b: node("b"), c: node("c") }, "t>a", "a>b", "b>c");
    const { body: { id } } = await ada.post<RunBody>("/runs", { flow_id: await saveFlow(api, ada, graph) });
    await until(() => server.effects.length === 1);
    const response = await watch(api, ada, id);
    assertEquals(response.headers.get("content-type"), "text/event-stream; charset=utf-8");
    assertEquals(response.headers.get("cache-control"), "no-store");
    const seen: string[] = [];
    const ids: string[] = [];
    for await (const { event, id, data } of readEvents(response)) {
      const word = `${event} ${data.node_id ?? data.status}`;
      seen.push(word);
      ids.push(id);
      // The next answer is given only when the step before it was told.
      if (word === "run running") answerTo("/b").resolve(Response.json({ b: 1 }));
      if (word === "step b") answerTo("/c").resolve(Response.json({ c: 1 }));
    }
    assertEquals(seen, ["run running", "step a", "step b", "step c", "run completed", "end completed"]);
    assertEquals(new Set(ids).size, 6);

    const rest = async (lastEventId: string) => {
      const response = await watch(api, ada, id, { "last-event-id": lastEventId });
      return {
        status: response.status,
        events: (await Array.fromAsync(readEvents(response))).map(({ event }) => event),
      };
    };
    assertEquals((await rest(ids[2]!)).events, ["step", "run", "end"]);
    assertEquals((await rest(ids[4]!)).events, ["end"]);
    assertEquals(await rest("end"), { status: 204, events: [] });
    expectProblem(await ada.get(`/runs/${id}/events`, { "last-event-id": "42" }), "invalid_request");
  });
});

Deno.test("GET /runs/:id/events loses and repeats nothing when branches end in any order and the client keeps leaving", () =>
  withEffects(
    router,
    ({ path }) => new Promise((resolve) => setTimeout(() => resolve(Response.json({})), Number(path.slice(1)))),
    async (api, ada, server) => {
      const branches = [700, 20, 350, 90, 10].flatMap((ms, b) => [0, 1, 2].map((n) => [`b${b}n${n}`, ms] as const));
      const graph = draw(
        {
          t: ["trigger.manual"],
          ...Object.fromEntries(branches.map(([id, ms]) => [id, post(`${server.url}/${ms}`)])),
          m: ["logic.merge", {}],
        },
        ...branches.map(([id]) =>
          id.endsWith("n0") ? `t>${id}` : `${id.replace(/\d$/, (n) => String(Number(n) - 1))}>${id}`
        ),
        ...branches.filter(([id]) => id.endsWith("n2")).map(([id]) => `${id}>m`),
      );
      const { body: { id } } = await ada.post<RunBody>("/runs", { flow_id: await saveFlow(api, ada, graph) });
      const steps: string[] = [];
      let lastEventId = "";
      let connections = 0;
      while (lastEventId !== "end") {
        connections++;
        let left = 1 + connections % 3;
        for await (const event of readEvents(await watch(api, ada, id, { "last-event-id": lastEventId }))) {
          if (event.event === "step") steps.push(String(event.data.id));
          lastEventId = event.id;
          if (--left === 0) break;
        }
      }
      const { body: run } = await ada.get<RunBody>(`/runs/${id}`);
      assertEquals(run.status, "completed");
      assertEquals(steps.toSorted(), run.steps.map(({ id }) => id).toSorted());
      assertEquals(steps.length, 16);
      assert(connections > 5);
    },
  ));

Deno.test("GET /runs/:id/events goes on when the database was away, and ends when the run is deleted", () =>
  withFlow(router, async (api, ada, flowId) => {
    const [row] = await api.db.as(
      "authenticated",
      { sub: ada.id },
      (sql) => sql`select public.start_run(${flowId}) as run`,
    );
    const { id } = row?.run;
    const seen: string[] = [];
    for await (const { event, data } of readEvents(await watch(api, ada, id))) {
      seen.push(`${event} ${data.node_id ?? data.status}`);
      if (seen.length === 1) {
        await api.withoutDatabase(() => new Promise((resolve) => setTimeout(resolve, 1_500)));
        assertEquals((await ada.post(`/runs/${id}/cancel`)).status, 200);
      }
    }
    assertEquals(seen, ["run queued", "run cancelled", "end cancelled"]);

    const [again] = await api.db.as(
      "authenticated",
      { sub: ada.id },
      (sql) => sql`select public.start_run(${flowId}) as run`,
    );
    for await (const { event, data } of readEvents(await watch(api, ada, again?.run.id))) {
      if (event === "run") {
        await api.db.sql`delete from public.job_queue where run_id = ${again?.run.id}`;
        await api.db.sql`delete from public.runs where id = ${again?.run.id}`;
      } else assertEquals([event, data.status], ["end", null]);
    }
  }));
