import { createClient, type RealtimeChannel, type SupabaseClient } from "@supabase/supabase-js";
import { assert, assertEquals, assertExists, assertStringIncludes } from "../../tests/helpers/assert.ts";
import { startStack, type TestStack } from "../../tests/helpers/stack.ts";
import { until } from "../../tests/helpers/until.ts";
import { readFrame, writeFrame } from "./realtime_frames.ts";

const FIXTURES = new URL("./testdata/functions/", import.meta.url);

/** Runs `fn` on both databases, with policies as a project's developer would write them. */
function test(name: string, fn: (stack: TestStack) => Promise<void>): void {
  for (const database of ["postgres", "pglite"] as const) {
    Deno.test(`${name} (${database})`, async () => {
      const stack = await startStack({ database, functionsFolder: FIXTURES });
      try {
        await stack.executor.exec(`
          create policy team_reads on realtime.messages for select to authenticated
            using ((select realtime.topic()) = 'team' and (select auth.jwt() ->> 'email') like '%@team.example');
          create policy team_writes on realtime.messages for insert to authenticated
            with check ((select realtime.topic()) = 'team' and extension = 'presence'
              or (select auth.jwt() ->> 'email') = 'ada@team.example');
        `);
        await fn(stack);
      } finally {
        await stack.stop();
      }
    });
  }
}

function connect(stack: TestStack, options: { vsn?: "1.0.0" | "2.0.0"; key?: string } = {}): SupabaseClient {
  return createClient(stack.url, options.key ?? stack.publishableKey, {
    auth: { persistSession: false, autoRefreshToken: false },
    realtime: options.vsn ? { vsn: options.vsn } : {},
  });
}

async function signIn(stack: TestStack, email: string, vsn?: "1.0.0" | "2.0.0"): Promise<SupabaseClient> {
  const client = connect(stack, vsn ? { vsn } : {});
  const { data, error } = await client.auth.signUp({ email, password: "correct horse" });
  assertEquals(error, null);
  assertExists(data.session);
  await client.realtime.setAuth(data.session.access_token);
  return client;
}

/** What a subscription ends in: `SUBSCRIBED`, or the error's text. */
function outcome(channel: RealtimeChannel): Promise<string> {
  return new Promise((resolve) => {
    channel.subscribe((status, error) => resolve(error ? `${status} ${error.message}` : status));
  });
}

/** Leaves every channel and ends the connections, timers of the client included. */
async function disconnect(...clients: SupabaseClient[]): Promise<void> {
  for (const client of clients) {
    await client.removeAllChannels();
    await client.realtime.disconnect();
  }
}

test("clients of both protocol versions broadcast to each other on public channels", async (stack) => {
  const [ada, bob] = [connect(stack), connect(stack, { vsn: "1.0.0" })];
  const received: [string, unknown][] = [];
  const config = { broadcast: { ack: true } };
  const [hers, his] = [ada.channel("lobby", { config }), bob.channel("lobby", { config })];
  hers.on("broadcast", { event: "*" }, ({ event, payload }) => received.push([`ada ${event}`, payload]));
  his.on("broadcast", { event: "greeting" }, ({ payload }) => received.push(["bob greeting", payload]));
  assertEquals([await outcome(hers), await outcome(his)], ["SUBSCRIBED", "SUBSCRIBED"]);

  assertEquals(await hers.send({ type: "broadcast", event: "greeting", payload: { text: "ä → 😀" } }), "ok");
  assertEquals(await his.send({ type: "broadcast", event: "answer", payload: { n: 1 } }), "ok");
  await until(() => received.length === 2);
  assertEquals(received, [["bob greeting", { text: "ä → 😀" }], ["ada answer", { n: 1 }]]);

  assertEquals((await bob.channel("lobby").httpSend("posted", { n: 2 })).success, true);
  await until(() => received.length === 3);
  assertEquals(received[2], ["ada posted", { n: 2 }]);
  const batch = await fetch(`${stack.url}/realtime/v1/api/broadcast`, {
    method: "POST",
    headers: { apikey: stack.secretKeys.default, "content-type": "application/json" },
    body: JSON.stringify({ messages: [{ topic: "lobby", event: "batch", payload: {}, private: false }] }),
  });
  assertEquals(batch.status, 202);
  await until(() => received.length === 4);
  await disconnect(ada, bob);
});

test("private channels are for whom the policies on realtime.messages let in", async (stack) => {
  const [ada, eve, anon] = [
    await signIn(stack, "ada@team.example"),
    await signIn(stack, "eve@elsewhere.example"),
    connect(stack),
  ];
  const config = { private: true, broadcast: { ack: true } };
  const received: unknown[] = [];
  const hers = ada.channel("team", { config }).on("broadcast", { event: "news" }, (message) => received.push(message));
  assertEquals(await outcome(hers), "SUBSCRIBED");
  const refusal = "Unauthorized: You do not have permissions to read from this Channel topic: team";
  assertStringIncludes(await outcome(eve.channel("team", { config })), refusal);
  assertStringIncludes(await outcome(anon.channel("team", { config })), refusal);

  // A public channel of the same name is another channel.
  assertEquals(await outcome(connectPublic(eve)), "SUBSCRIBED");
  await eve.channel("public:team").send({ type: "broadcast", event: "news", payload: { from: "eve" } });
  await stack.executor.exec(`
    select realtime.send(jsonb_build_object('n', n), 'news', 'team', true) from generate_series(1, 3) n;
    select realtime.send('{"n": 9}', 'news', 'team', false);
    do $$ begin
      perform realtime.send('{"n": 0}', 'news', 'team', true);
      raise exception 'undo';
    exception when others then null; end $$;
    select realtime.send('{"n": 4}', 'news', 'team', true);
  `);
  await until(() => received.length === 4);
  assertEquals(received.map((message) => (message as { payload: { n: number } }).payload.n), [1, 2, 3, 4]);
  const left = await stack.executor.query("select from realtime.messages");
  assertEquals(left.length, 0, "delivered messages and probes of the policies are gone");

  // Whoever may only read is not heard.
  const bob = await signIn(stack, "bob@team.example");
  const his = bob.channel("team", { config });
  assertEquals(await outcome(his), "SUBSCRIBED");
  assertEquals(await his.send({ type: "broadcast", event: "news", payload: { n: 5 } }, { timeout: 200 }), "timed out");
  await ada.channel("team").httpSend("news", { n: 6 });
  await bob.channel("team").httpSend("news", { n: 7 });
  await stack.executor.exec(`select realtime.send('{"n": 8}', 'news', 'team', true)`);
  await until(() => received.length === 6);
  assertEquals(received.slice(4).map((message) => (message as { payload: { n: number } }).payload.n), [6, 8]);
  await disconnect(ada, bob, eve, anon);
});

/** Joins a public channel that has the name of the private one. */
function connectPublic(client: SupabaseClient): RealtimeChannel {
  // The client keeps one channel a topic: the refused one goes first.
  for (const channel of client.getChannels()) channel.teardown();
  return client.channel("public:team");
}

test("presence tells who is there, who comes and who goes", async (stack) => {
  const [ada, bob] = [await signIn(stack, "ada@team.example"), await signIn(stack, "bob@team.example", "1.0.0")];
  const join = (client: SupabaseClient, key: string, events: string[]) =>
    client.channel("team", { config: { private: true, presence: { key } } })
      .on("presence", { event: "join" }, ({ key }) => events.push(`+${key}`))
      .on("presence", { event: "leave" }, ({ key }) => events.push(`-${key}`));
  const [seenByAda, seenByBob]: [string[], string[]] = [[], []];
  const [hers, his] = [join(ada, "ada", seenByAda), join(bob, "bob", seenByBob)];
  assertEquals(await outcome(hers), "SUBSCRIBED");
  assertEquals(await hers.track({ at: "canvas" }), "ok");
  assertEquals(await outcome(his), "SUBSCRIBED");
  await until(() => "ada" in his.presenceState());
  assertEquals(await his.track({ at: "list" }), "ok");
  await until(() => "bob" in hers.presenceState());
  assertEquals(await his.track({ at: "run" }), "ok");
  await until(() => (hers.presenceState()["bob"]?.[0] as { at?: string } | undefined)?.at === "run");
  assertEquals(hers.presenceState()["bob"]?.length, 1);

  assertEquals(await hers.untrack(), "ok");
  await until(() => !("ada" in his.presenceState()));
  await disconnect(bob);
  await until(() => !("bob" in hers.presenceState()));
  assert(seenByAda.includes("+bob") && seenByAda.at(-1) === "-bob", seenByAda.join());
  assert(seenByBob.includes("+ada") && seenByBob.includes("-ada"), seenByBob.join());
  await disconnect(ada);
});

test("connections need a key, tokens a signature, and both may end", async (stack) => {
  for (const key of ["", "?apikey=sb_publishable_wrong"]) {
    const refused = await fetch(`${stack.url}/realtime/v1/websocket${key}`);
    assertEquals(refused.status, 401);
    await refused.body?.cancel();
  }
  const ada = await signIn(stack, "ada@team.example");
  const config = { private: true };
  const hers = ada.channel("team", { config });
  const system: string[] = [];
  hers.on("system", {}, ({ message }) => system.push(message));
  const statuses: string[] = [];
  await new Promise<void>((resolve) =>
    hers.subscribe((status) => {
      statuses.push(status);
      resolve();
    })
  );
  // Her permission goes; the next token finds that out.
  await stack.executor.exec("drop policy team_reads on realtime.messages");
  // Not a new session: the client would send its token by itself, and which comes first is chance.
  const { data } = await ada.auth.getSession();
  await ada.realtime.setAuth(`${data.session?.access_token.slice(0, -4)}AAAA`);
  await until(() => statuses.at(-1) === "CLOSED");
  assertEquals(system, ["JwtSignatureError: Failed to validate JWT signature"]);
  await ada.realtime.setAuth(data.session?.access_token ?? null);
  assertStringIncludes(await outcome(ada.channel("team", { config })), "You do not have permissions to read");
  await disconnect(ada);
});

Deno.test("readFrame() takes what realtime-js writes and nothing else", () => {
  const frame = { joinRef: "1", ref: "2", topic: "realtime:a", event: "phx_join", payload: { x: 1 } };
  for (const version of ["1.0.0", "2.0.0"] as const) {
    assertEquals(readFrame(String(writeFrame(frame, version)), version), frame);
  }
  for (const text of ["", "{", "[]", "null", "[1,2,3]", '["1","2",3,"e",{}]', '{"topic":1,"event":"e"}']) {
    assertEquals(readFrame(text, "1.0.0"), undefined, text);
    assertEquals(readFrame(text, "2.0.0"), undefined, text);
  }
  assertEquals(readFrame(Uint8Array.of(3, 0, 0, 9, 0, 0, 1).buffer, "2.0.0"), undefined);
  assertEquals(readFrame(Uint8Array.of(7).buffer, "2.0.0"), undefined);
});
