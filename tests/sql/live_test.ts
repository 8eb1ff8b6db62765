import { assert, assertEquals } from "../helpers/assert.ts";
import type { TestDatabase, TestUser } from "../helpers/postgres.ts";
import type { Json } from "../../shared/graph/mod.ts";
import { begin, claimOne, engineOf, newWorker, result, step } from "./_engine.ts";
import { scenarios } from "./_scenarios.ts";
import { createFlow, createTenant, failureOf, rpc, startRun } from "./_world.ts";

interface Message {
  topic: string;
  event: string;
  payload: Record<string, Json>;
  private: boolean;
  extension: string;
}

/** What was broadcast since the last look. */
async function taken(db: TestDatabase): Promise<Message[]> {
  const rows = await db.sql<(Message & { place: string })[]>`
    delete from realtime.messages returning topic, event, payload, private, extension, place`;
  return rows.toSorted((a, b) => Number(a.place) - Number(b.place)).map(({ place: _, ...row }) => row);
}

/** What a caller may do with a topic, asked as Realtime does. */
async function access(db: TestDatabase, user: TestUser, topic: string): Promise<string[]> {
  const may: string[] = [];
  for (const extension of ["broadcast", "presence"]) {
    const undo = new Error("undo");
    await db.sql.begin(async (sql) => {
      await sql`insert into realtime.messages (topic, extension) values (${topic}, ${extension})`;
      await sql`select set_config('realtime.topic', ${topic}, true), set_config('role', 'authenticated', true),
        set_config('request.jwt.claims', ${JSON.stringify(user.claims)}, true)`;
      const seen = await sql`select from realtime.messages where topic = ${topic} and extension = ${extension}`;
      if (seen.length > 0) may.push(`read ${extension}`);
      await sql`insert into realtime.messages (topic, extension) values (${topic}, ${extension})`;
      may.push(`write ${extension}`);
      throw undo;
    }).catch((error) => {
      if (error !== undo && error.code !== "42501") throw error;
    });
  }
  return may.sort();
}

/** As engine.settle_jobs calls it. */
async function broadcast(db: TestDatabase, results: Json): Promise<void> {
  await db.sql`select private.broadcast_progress(${JSON.stringify(results)}::text::jsonb, private.now())`;
}

scenarios("live progress", {
  "public.watch_run()": {
    "answers the topic and for how long; a run that has ended is not watched": async (db) => {
      const { tenant, run, worker, job } = await begin(db);
      const watch = await rpc<Record<string, string>>(db, tenant.user, "watch_run", { p_run_id: run });
      assertEquals([watch.topic, watch.status], [`run:${run}`, "running"]);
      assert(Date.parse(watch.watched_until!) > Date.now() + 60_000);
      await engineOf(db).settleJobs(worker, [result(job)]);
      const ended = await rpc<Record<string, Json>>(db, tenant.user, "watch_run", { p_run_id: run });
      assertEquals([ended.status, ended.watched_until], ["completed", null]);
    },
    "writes once in half a minute, and forgets who has gone": async (db) => {
      const { tenant, run } = await begin(db);
      const at = (now: string) => rpc(db, tenant.user, "watch_run", { p_run_id: run }, { now });
      const rows = () => db.sql<{ xmin: string; id: string }[]>`select xmin::text, id from private.live_watchers`;
      await at("2030-01-01T00:00:00Z");
      const [first] = await rows();
      await at("2030-01-01T00:00:20Z");
      assertEquals((await rows())[0]?.xmin, first?.xmin);
      await at("2030-01-01T00:00:40Z");
      assert((await rows())[0]?.xmin !== first?.xmin);
      const later = "2030-01-01T01:00:00Z";
      await rpc(db, tenant.user, "watch_runs", { p_organization_id: tenant.organizationId }, { now: later });
      assertEquals((await rows()).map(({ id }) => id), [tenant.organizationId]);
    },
    "is for those who may read runs": async (db) => {
      const [{ tenant, run }, stranger] = [await begin(db), await createTenant(db)];
      const { code } = await failureOf(rpc(db, stranger.user, "watch_run", { p_run_id: run }));
      assertEquals(code, "not_found");
      const other = { p_organization_id: tenant.organizationId };
      assertEquals((await failureOf(rpc(db, stranger.user, "watch_runs", other))).code, "not_found");
    },
  },
  "broadcasts": {
    "nothing while nobody watches": async (db) => {
      await taken(db);
      const { run, worker, job } = await begin(db);
      await broadcast(db, [{ run_id: run, steps: [{ node: "a", status: "completed" }] }]);
      await engineOf(db).settleJobs(worker, [result(job, { steps: [step("a")] })]);
      assertEquals(await taken(db), []);
    },
    "progress of a watched run: its steps without outputs, and where it waits": async (db) => {
      const [{ tenant, run }, other] = [await begin(db), await begin(db)];
      await rpc(db, tenant.user, "watch_run", { p_run_id: run });
      const steps = [
        { node: "a", status: "completed", output: { secret: 1 }, started_ago: 3_000, finished_ago: 1_000 },
        { node: "b", attempt: 2, status: "failed", error: { code: "http_error", message: "no", details: { x: 1 } } },
      ];
      await broadcast(db, [
        { run_id: run, scope: "split.3", steps },
        { run_id: other.run, steps },
        { run_id: run, steps: [], move: { node: "w", delay_ms: 60_000, wait: { kind: "signal", name: "paid" } } },
        { run_id: run, move: { node: "x", delay_ms: null } },
        { run_id: run, scope: "loop.1", child: { node: "sub", wait: true } },
        { run_id: run, child: { node: "forget", wait: false } },
      ]);
      const [message, ...more] = await taken(db);
      assertEquals(more, []);
      assertEquals([message?.topic, message?.event, message?.private, message?.extension], [
        `run:${run}`,
        "progress",
        true,
        "broadcast",
      ]);
      const payload = message?.payload as unknown as {
        run_id: string;
        steps: Record<string, Json>[];
        waiting: Record<string, Json>[];
      };
      assertEquals(payload.run_id, run);
      assertEquals(payload.steps.map(({ id, status, duration_ms }) => [id, status, duration_ms]), [
        ["a:split.3:1", "completed", 2],
        ["b:split.3:2", "failed", 0],
      ]);
      assertEquals(payload.steps[1]?.error, { code: "http_error", message: "no" });
      assert(!JSON.stringify(message).includes("secret"));
      assertEquals(payload.waiting.map(({ until: _, ...wait }) => wait), [
        { node_id: "w", scope: "", kind: "signal", name: "paid" },
        { node_id: "sub", scope: "loop.1", kind: "run", name: null },
      ]);
      assert(Date.parse(String(payload.waiting[0]?.until)) > Date.now() + 50_000);
    },
    "what a settle records": async (db) => {
      const { tenant, run, worker, job } = await begin(db);
      await rpc(db, tenant.user, "watch_run", { p_run_id: run });
      await engineOf(db).settleJobs(worker, [result(job, { steps: [step("a"), step("b")] })]);
      const messages = await taken(db);
      assertEquals(messages.map(({ event, payload }) => [event, payload.status ?? (payload.steps as Json[]).length]), [
        ["progress", 2],
        ["run", "completed"],
      ]);
    },
    "many steps in messages that Realtime takes": async (db) => {
      const { tenant, run } = await begin(db);
      await rpc(db, tenant.user, "watch_run", { p_run_id: run });
      const steps = Array.from({ length: 450 }, (_, n) => ({ node: `n${n}`, status: "completed" }));
      await broadcast(db, [{ run_id: run, steps }]);
      const found = (await taken(db)).map(({ payload }) => payload.steps as { node_id: string }[]);
      assertEquals(found.map((part) => part.length), [200, 200, 50]);
      assertEquals(found.flat().map(({ node_id }) => node_id), steps.map(({ node }) => node));
    },
    "states of a watched run, whoever changes them, and of all runs of a watched organization": async (db) => {
      const tenant = await createTenant(db);
      await rpc(db, tenant.user, "watch_runs", { p_organization_id: tenant.organizationId });
      const flow = await createFlow(db, tenant);
      const run = await startRun(db, tenant, flow);
      await rpc(db, tenant.user, "watch_run", { p_run_id: run });
      await claimOne(engineOf(db), newWorker(), run);
      await rpc(db, tenant.user, "cancel_run", { p_run_id: run });
      const messages = await taken(db);
      assertEquals(messages.map(({ topic, event, payload }) => [topic.slice(0, 3), event, payload.status]), [
        ["org", "run", "queued"],
        ["run", "run", "running"],
        ["org", "run", "running"],
        ["run", "run", "cancelled"],
        ["org", "run", "cancelled"],
      ]);
      assertEquals(messages.map(({ topic }) => topic).slice(0, 2), [`org:${tenant.organizationId}:runs`, `run:${run}`]);
      assertEquals(messages[0]?.payload.run_id, run);
      assert(messages.every(({ payload }) => !("output" in payload)));
    },
    "nothing and no failure without Realtime": async (db) => {
      const { tenant, run } = await begin(db);
      await rpc(db, tenant.user, "watch_run", { p_run_id: run });
      await db.sql`alter function realtime.send(jsonb, text, text, boolean) rename to away`;
      await broadcast(db, [{ run_id: run, steps: [{ node: "a", status: "completed" }] }]);
      await rpc(db, tenant.user, "cancel_run", { p_run_id: run });
      await db.sql`alter function realtime.away(jsonb, text, text, boolean) rename to send`;
    },
  },
  "public.get_run_progress()": {
    "tells where a run waits, until that is over": async (db) => {
      const { tenant, run, worker, job } = await begin(db);
      await rpc(db, tenant.user, "watch_run", { p_run_id: run });
      const waiting = async () =>
        (await rpc<{ waiting: Record<string, Json>[] }>(db, tenant.user, "get_run_progress", { p_run_id: run }))
          .waiting;
      assertEquals(await waiting(), []);
      const wait = { kind: "signal", name: "paid", data: { title: "Payment" } } as const;
      await engineOf(db).settleJobs(worker, [
        result(job, { move: { node: "w", reads: [], keep: false, payload: { wait }, wait } }),
      ]);
      assertEquals(await waiting(), [
        {
          node_id: "w",
          scope: "",
          kind: "signal",
          name: "paid",
          data: { title: "Payment" },
          run_id: null,
          until: null,
        },
      ]);
      const told = (await taken(db)).find(({ event }) => event === "progress")?.payload.waiting as Record<
        string,
        Json
      >[];
      assertEquals(told.map(({ node_id, kind, name }) => [node_id, kind, name]), [["w", "signal", "paid"]]);
      await db.sql`update public.job_queue set status = 'paused' where run_id = ${run}`;
      assertEquals((await waiting()).length, 1);
      await db.sql`update public.job_queue set status = 'available', scheduled_for = now(),
        payload = payload || '{"resolved": {"by": "signal", "data": null}}' where run_id = ${run}`;
      assertEquals(await waiting(), []);
    },
  },
  "policies on realtime.messages": {
    "let members receive and show themselves, and nobody send": async (db) => {
      const [{ tenant, run }, stranger] = [await begin(db), await createTenant(db)];
      const topics = [`run:${run}`, `org:${tenant.organizationId}:runs`];
      for (const topic of topics) {
        assertEquals(await access(db, tenant.user, topic), ["read broadcast", "read presence", "write presence"]);
        assertEquals(await access(db, stranger.user, topic), []);
      }
      for (const topic of ["", "run:", `run:${run}:runs`, `org:${tenant.organizationId}`, `${topics[0]} `, "other"]) {
        assertEquals(await access(db, tenant.user, topic), [], topic);
      }
    },
    "follow roles: guests do not read runs": async (db) => {
      const { tenant, run } = await begin(db);
      await db.sql`update public.organization_members set role = 'guest' where user_id = ${tenant.user.id}`;
      assertEquals(await access(db, tenant.user, `run:${run}`), []);
      assertEquals((await failureOf(rpc(db, tenant.user, "watch_run", { p_run_id: run }))).code, "forbidden");
    },
    "are made when Realtime is there, once": async (db) => {
      const [again] = await db.sql`select private.secure_live() as made`;
      assertEquals(again?.made, true);
      await db.sql`drop schema realtime cascade`;
      const [none] = await db.sql`select private.secure_live() as made`;
      assertEquals(none?.made, false);
    },
  },
});
