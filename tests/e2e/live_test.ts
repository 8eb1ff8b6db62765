/**
 * Live progress, end to end: supabase-js on the private topics of a run and of an organization, and the event stream,
 * on both databases of the local stack.
 *
 * @module
 */
import { createClient, type RealtimeChannel } from "@supabase/supabase-js";
import { assert, assertEquals, assertExists, assertStringIncludes } from "../helpers/assert.ts";
import { startEffectServer } from "../helpers/effect_server.ts";
import { readEvents } from "../helpers/events.ts";
import { draw, post, set } from "../helpers/flows.ts";
import { startStack, type TestStack } from "../helpers/stack.ts";
import { until } from "../helpers/until.ts";
import { type Frontend, signUp } from "./_frontend.ts";

/** Whoever is signed in. */
type Tab = Pick<Frontend, "supabase">;

interface Received {
  topic: string;
  event: string;
  payload: Record<string, unknown>;
}

/** Joins a private topic; what arrives is added to `received`. */
function join(person: Tab, topic: string, received: Received[] = []): Promise<[string, RealtimeChannel]> {
  const channel = person.supabase.channel(topic, { config: { private: true, presence: { key: crypto.randomUUID() } } })
    .on("broadcast", { event: "*" }, ({ event, payload }) => received.push({ topic, event, payload }))
    .on("presence", { event: "sync" }, () => {});
  return new Promise((resolve) => {
    channel.subscribe((status, error) => resolve([error?.message ?? status, channel]));
  });
}

/** Runs `fn` with a flow whose requests wait for `gates`. */
async function withLive(
  database: "postgres" | "pglite",
  fn: (
    stack: TestStack,
    ada: Frontend,
    flowId: string,
    gates: Record<string, PromiseWithResolvers<void>>,
  ) => Promise<void>,
): Promise<void> {
  const gates = { "/one": Promise.withResolvers<void>(), "/two": Promise.withResolvers<void>() };
  const server = startEffectServer(async ({ path }) => {
    await gates[path as keyof typeof gates]?.promise;
    return Response.json({ secret: "only through the API" });
  });
  const stack = await startStack({ database, functionsEnv: { EGRESS_ALLOW: server.host } });
  try {
    const ada = await signUp(stack, "ada");
    const graph = draw(
      {
        t: ["trigger.manual"],
        one: post(`${server.url}/one`),
        two: post(`${server.url}/two`),
        last: set({ ok: true }),
      },
      "t>one",
      "one>two",
      "two>last",
    );
    const { body: flow } = await ada.call<{ id: string }>("POST", "flows", { name: "Live", graph });
    await fn(stack, ada, flow.id, gates);
  } finally {
    for (const gate of Object.values(gates)) gate.resolve();
    await stack.stop();
    await server.stop();
  }
}

async function rpc(
  person: Frontend,
  name: string,
  args: Record<string, string>,
): Promise<Record<string, string | null>> {
  const { data, error } = await person.supabase.rpc(name, args);
  assertEquals(error, null);
  return data;
}

async function leave(...people: Tab[]): Promise<void> {
  for (const { supabase } of people) {
    await supabase.removeAllChannels();
    await supabase.realtime.disconnect();
  }
}

for (const database of ["postgres", "pglite"] as const) {
  Deno.test(`a member follows a run through Realtime and sees who else does; a stranger is refused (${database})`, () =>
    withLive(database, async (stack, ada, flowId, gates) => {
      const [eve, received] = [await signUp(stack, "eve"), [] as Received[]];
      const { body: run } = await ada.call<{ id: string; organization_id: string }>("POST", "runs", {
        flow_id: flowId,
      });
      const topic = `run:${run.id}`;

      const [status, channel] = await join(ada, topic, received);
      assertEquals(status, "SUBSCRIBED");
      const watch = await rpc(ada, "watch_run", { p_run_id: run.id });
      assertEquals(watch.topic, topic);
      const [refused] = await join(eve, topic);
      assertStringIncludes(refused, `You do not have permissions to read from this Channel topic: ${topic}`);
      const { error } = await eve.supabase.rpc("watch_run", { p_run_id: run.id });
      assertEquals(error?.code, "not_found");

      // Ada is here twice; nobody makes up progress.
      const again = await openTab(stack, ada);
      const [, second] = await join(again, topic);
      assertEquals(await second.track({ tab: 2 }), "ok");
      await until(() => Object.keys(channel.presenceState()).length === 1);
      await second.httpSend("run", { status: "completed" });
      await leave(again);
      await until(() => Object.keys(channel.presenceState()).length === 0);

      const list = `org:${run.organization_id}:runs`;
      const [listed] = await join(ada, list, received);
      assertEquals(listed, "SUBSCRIBED");
      assertEquals((await rpc(ada, "watch_runs", { p_organization_id: run.organization_id })).topic, list);

      gates["/one"]?.resolve();
      const steps = () =>
        received.filter(({ event }) => event === "progress").flatMap(({ payload }) =>
          (payload.steps as { node_id: string; status: string }[]).map(({ node_id, status }) => `${node_id} ${status}`)
        );
      await until(() => steps().length >= 1);
      assertEquals(steps(), ["one completed"]);
      gates["/two"]?.resolve();
      const states = (of: string) =>
        received.filter((message) => message.topic === of && message.event === "run").map(({ payload }) =>
          payload.status
        );
      await until(() => states(list).length > 0);
      await until(() => states(topic).includes("completed"));
      assertEquals(steps(), ["one completed", "two completed", "last completed"]);
      assertEquals([states(topic).at(-1), states(list).at(-1)], ["completed", "completed"]);
      assert(
        received.findLastIndex(({ event }) => event === "progress") <
          received.findIndex(({ topic: of, payload }) => of === topic && payload.status === "completed"),
      );
      assert(!JSON.stringify(received).includes("only through the API"));
      assertEquals((await rpc(ada, "watch_run", { p_run_id: run.id })).watched_until, null);
      await leave(ada, eve);
    }));

  Deno.test(`the event stream of a run goes on where its client left (${database})`, () =>
    withLive(database, async (stack, ada, flowId, gates) => {
      const { body: run } = await ada.call<{ id: string }>("POST", "runs", { flow_id: flowId });
      const connect = async (lastEventId: string) =>
        readEvents(
          await fetch(`${stack.functionsUrl}/runs/${run.id}/events`, {
            headers: { authorization: `Bearer ${ada.token}`, "last-event-id": lastEventId },
          }),
        );
      const told: string[] = [];
      let lastEventId = "";
      gates["/one"]?.resolve();
      for await (const { event, id, data } of await connect("")) {
        told.push(`${event} ${data.node_id ?? data.status}`);
        lastEventId = id;
        if (data.node_id === "one") break;
      }
      gates["/two"]?.resolve();
      for await (const { event, data } of await connect(lastEventId)) {
        told.push(`${event} ${data.node_id ?? data.status}`);
      }
      assertEquals(told.filter((word) => word !== "run queued"), [
        "run running",
        "step one",
        "step two",
        "step last",
        "run completed",
        "end completed",
      ]);
    }));
}

/** The same person in another tab: the same session, another connection. */
async function openTab(stack: TestStack, person: Frontend): Promise<Tab> {
  const { data: { session } } = await person.supabase.auth.getSession();
  assertExists(session);
  const supabase = createClient(stack.url, stack.publishableKey, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  assertEquals((await supabase.auth.setSession(session)).error, null);
  return { supabase };
}
