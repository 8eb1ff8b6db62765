import { createClient } from "@supabase/supabase-js";
import type { DatabaseClient } from "../../shared/db/mod.ts";
import type { ServerEvent } from "../../shared/http/mod.ts";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { START } from "./event_position.ts";
import { followRun } from "./follow_run.ts";
import type { RunProgress } from "./queries.ts";

const RUN: RunProgress = {
  id: "01940000-0000-7000-8000-000000000000",
  status: "running",
  output: null,
  error: null,
  started_at: "2026-11-20T12:00:00Z",
  finished_at: null,
  complete_until: "2026-11-20T12:00:00Z",
  waiting: [],
  steps: [],
  more: false,
};
const ENDED: RunProgress = { ...RUN, status: "completed", finished_at: "2026-11-20T12:00:01Z" };

/** A database that answers each look at a run as `look` says, which is given the number of the look. */
function databaseOf(look: (n: number) => RunProgress | Response): { db: DatabaseClient; looks: () => number } {
  let count = 0;
  const db = createClient("http://project.test", "sb_publishable_test", {
    auth: { persistSession: false, autoRefreshToken: false },
    global: {
      fetch: (_input, init) => {
        init?.signal?.throwIfAborted();
        const answer = look(count++);
        return Promise.resolve(answer instanceof Response ? answer : Response.json(answer));
      },
    },
  });
  return { db: db as unknown as DatabaseClient, looks: () => count };
}

function follow(db: DatabaseClient, signal: AbortSignal, events: ServerEvent[]): Promise<void> {
  return followRun({
    db,
    runId: RUN.id,
    position: START,
    progress: RUN,
    send: (event) => {
      signal.throwIfAborted();
      events.push(event);
      return Promise.resolve();
    },
    signal,
  });
}

Deno.test("followRun() stops looking when its client has gone, and each of several watchers by itself", async () => {
  const { db, looks } = databaseOf(() => RUN);
  const watchers = [1, 2, 3].map(() => new AbortController());
  const events: ServerEvent[][] = [[], [], []];
  const all = watchers.map(({ signal }, n) => follow(db, signal, events[n]!));
  while (looks() < 6) await new Promise((resolve) => setTimeout(resolve, 5));
  watchers[0]?.abort();
  watchers[1]?.abort();
  await Promise.all(all.slice(0, 2));
  const before = looks();
  while (looks() < before + 2) await new Promise((resolve) => setTimeout(resolve, 5));
  watchers[2]?.abort();
  await all[2];
  const after = looks();
  await new Promise((resolve) => setTimeout(resolve, 400));
  assertEquals(looks(), after);
  assertEquals(events.map((told) => told.map(({ event }) => event)), [["run"], ["run"], ["run"]]);
});

Deno.test("followRun() looks often while a run moves, and less the longer it does not", async () => {
  const times: number[] = [];
  const { db } = databaseOf((n) => {
    times.push(performance.now());
    return n < 6 ? RUN : ENDED;
  });
  const events: ServerEvent[] = [];
  await follow(db, new AbortController().signal, events);
  const pauses = times.slice(1).map((time, n) => time - times[n]!);
  assert(pauses[0]! < 400, `${pauses}`);
  assert(pauses.at(-1)! > 2 * pauses[0]!, `${pauses}`);
  assertEquals(events.map(({ event }) => event), ["run", "run", "end"]);
});

Deno.test("followRun() is patient with a database that is away, and ends when the run or the token has gone", async () => {
  const error = (status: number, code: string) =>
    Response.json({ code, message: "x", details: null, hint: null }, { status });
  const away = databaseOf((n) => n === 0 ? error(503, "PGRST001") : ENDED);
  const events: ServerEvent[] = [];
  await follow(away.db, new AbortController().signal, events);
  assertEquals(events.map(({ event }) => event), ["run", "run", "end"]);

  const expired = databaseOf(() => error(401, "PGRST303"));
  await follow(expired.db, new AbortController().signal, []);
  assertEquals(expired.looks(), 1);

  const gone: ServerEvent[] = [];
  await follow(databaseOf(() => Response.json(null)).db, new AbortController().signal, gone);
  assertEquals(gone.at(-1), { event: "end", id: "end", data: { status: null } });
});
