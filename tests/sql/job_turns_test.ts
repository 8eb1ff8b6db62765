/**
 * Whose job a claim takes next: concurrency keys, weights of plans, newcomers, dead rows.
 *
 * @module
 */
import postgres from "postgres";
import { assert, assertEquals } from "../helpers/assert.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { engineOf, lapse, newWorker } from "./_engine.ts";
import { claim, claimedJobs, clean, enqueue, finish, leftovers, NOTHING, org } from "./_jobs.ts";
import { scenarios } from "./_scenarios.ts";
import { parallel, service } from "./_world.ts";

scenarios("turns of jobs", {
  "a concurrency key": {
    "lets so many be at work, and the others come as places are free": async (db) => {
      const organization_id = org();
      const job = { organization_id, concurrency_key: "k", concurrency_limit: 2 };
      await enqueue(db, Array.from({ length: 7 }, (_, n) => ({ ...job, payload: n })));
      await enqueue(db, [{ organization_id: org(), concurrency_key: "k" }]);
      const worker = newWorker();
      const first = await claim(db, worker);
      assertEquals(first.filter((claimed) => claimed.organization_id === organization_id).length, 2);
      assertEquals(first.length, 3, "another organization has a key of its own");
      const seen = first.filter((claimed) => claimed.organization_id === organization_id);
      let held = first;
      while (held.length > 0) {
        await finish(db, worker, held.slice(0, 1));
        const more = await claim(db, worker);
        seen.push(...more);
        held = [...held.slice(1), ...more];
        assert(held.filter((claimed) => claimed.organization_id === organization_id).length <= 2);
      }
      assertEquals(seen.map(({ payload }) => payload), [0, 1, 2, 3, 4, 5, 6]);
      assertEquals(await leftovers(db), NOTHING);
    },
    "is never exceeded by workers that claim and finish at once": async (db) => {
      const organization_id = org();
      await enqueue(
        db,
        Array.from({ length: 60 }, () => ({ organization_id, concurrency_key: "k", concurrency_limit: 3 })),
      );
      let most = 0;
      await parallel(6, async () => {
        const worker = newWorker();
        for (let idle = 0; idle < 20;) {
          const jobs = await claim(db, worker, 5);
          const [row] = await db.sql`select count(*)::int as n from private.job_slots`;
          most = Math.max(most, row?.n);
          if (jobs.length === 0) idle++;
          else await finish(db, worker, jobs);
        }
      });
      assert(most <= 3, `${most} at once`);
      assertEquals(await leftovers(db), NOTHING);
    },
    "gives the places of a lost worker to others": async (db) => {
      const job = { organization_id: org(), concurrency_key: "k" };
      await enqueue(db, [job, job]);
      const worker = newWorker();
      assertEquals((await claim(db, worker)).length, 1);
      assertEquals((await claim(db, newWorker())).length, 0);
      await lapse(db, worker);
      await engineOf(db).tick();
      const next = newWorker();
      const jobs = await claim(db, next);
      assertEquals(jobs.length, 1);
      await finish(db, next, jobs);
      await finish(db, next, await claim(db, next));
      assertEquals(await leftovers(db), NOTHING);
    },
  },
  "turns": {
    "a plan's weight gives its organizations a larger share": async (db) => {
      const [light, heavy] = [org(), org()];
      await enqueue(
        db,
        [light, heavy].flatMap((organization_id) => Array.from({ length: 600 }, () => ({ organization_id }))),
      );
      await db.sql`update private.job_turns set weight = 4 where organization_id = ${heavy}`;
      const counts = { [light]: 0, [heavy]: 0 };
      for (let round = 0; round < 20; round++) {
        for (const { organization_id } of await claim(db, newWorker(), 25)) counts[organization_id]!++;
      }
      assert(Math.abs(counts[heavy]! / 500 - 0.8) < 0.02, JSON.stringify(counts));
      await clean(db);
    },
    "a newcomer is in the next batch, however many wait": async (db) => {
      const many = Array.from({ length: 40 }, () => org());
      await enqueue(db, many.flatMap((organization_id) => Array.from({ length: 30 }, () => ({ organization_id }))));
      // All have had something.
      for (let round = 0; round < 40; round++) await claim(db, newWorker(), 16);
      for (let round = 0; round < 10; round++) {
        await claim(db, newWorker(), 16);
        const organization_id = org();
        await enqueue(db, [{ organization_id }]);
        const jobs = await claim(db, newWorker(), 16);
        assert(jobs.some((job) => job.organization_id === organization_id), `round ${round}`);
      }
      await clean(db);
    },
    "many who wait have whole batches in turn, a few share each batch, and of a small one each has one job": async (
      db,
    ) => {
      const wait = async (count: number): Promise<void> => {
        const ids = Array.from({ length: count }, () => org());
        await enqueue(db, ids.flatMap((organization_id) => Array.from({ length: 60 }, () => ({ organization_id }))));
      };
      const shares = async (limit: number): Promise<Map<string, number>> => {
        const jobs = await claim(db, newWorker(), limit);
        return new Map(
          Map.groupBy(jobs, (job) => job.organization_id).entries().map(([id, list]) => [id, list.length]),
        );
      };
      await wait(9);
      const served = new Set<string>();
      for (let turn = 0; turn < 9; turn++) {
        const share = await shares(24);
        assertEquals([...share.values()], [24]);
        served.add([...share.keys()].join());
      }
      assertEquals(served.size, 9);
      assertEquals([...(await shares(8)).values()], Array(8).fill(1));
      await clean(db);
      await wait(3);
      assertEquals([...(await shares(24)).values()], [8, 8, 8]);
      await clean(db);
    },
    "who has less than a batch leaves the rest of it to the next": async (db) => {
      const ids = Array.from({ length: 12 }, () => org());
      await enqueue(db, ids.flatMap((organization_id) => Array.from({ length: 5 }, () => ({ organization_id }))));
      const jobs = await claim(db, newWorker(), 40);
      assertEquals(jobs.length, 40);
      assertEquals(new Set(jobs.map((job) => job.organization_id)).size, 8);
      assertEquals((await claim(db, newWorker(), 40)).length, 20);
      await clean(db);
    },
    "an organization holds no more than its plan allows": async (db) => {
      const organization_id = org();
      await enqueue(db, Array.from({ length: 10 }, () => ({ organization_id })));
      await db.sql`update private.job_turns set max_running = 3 where organization_id = ${organization_id}`;
      const worker = newWorker();
      const jobs = await claim(db, worker);
      assertEquals(jobs.length, 3);
      assertEquals((await claim(db, newWorker())).length, 0);
      await finish(db, worker, jobs.slice(0, 2));
      assertEquals((await claim(db, newWorker())).length, 2);
      await clean(db);
    },
    "work that nobody announced is found by a claim with room": async (db) => {
      const organization_id = org();
      await db.sql`insert into public.job_queue (organization_id, type) values (${organization_id}, 'test')`;
      await mayLook(db);
      assertEquals((await claim(db, newWorker())).length, 1);
      await clean(db);
    },
    "work that nobody announced is found beside other work once nobody has looked for a second": async (db) => {
      const looked = async (ago: string) => {
        await db.sql`select setval('private.next_discovery',
          (extract(epoch from clock_timestamp() - ${ago}::interval) * 1000000)::bigint)`;
      };
      const hide = async () => {
        await db.sql`insert into public.job_queue (organization_id, type) values (${org()}, 'test')`;
      };
      const announced = { organization_id: org() };
      await hide();
      await enqueue(db, [announced]);
      await looked("-1 minute");
      assertEquals((await claim(db, newWorker())).length, 1);
      await enqueue(db, [announced]);
      await looked("1.1 seconds");
      assertEquals((await claim(db, newWorker())).length, 2);

      // A worker that listens has looked itself, and somebody waits for what it is told of.
      const worker = newWorker();
      const listen = async () =>
        claimedJobs(await service(db, "claim_jobs", { p_worker_id: worker, p_limit: 100, p_listens: true })).length;
      await looked("1.1 seconds");
      assertEquals(await listen(), 0);
      await hide();
      await enqueue(db, [announced]);
      assertEquals(await listen(), 1);
      await mayLook(db);
      assertEquals(await listen(), 1, "the next one finds nothing, and looks");
      await clean(db);
    },
    "behind many dead rows a claim begins where the last one ended, and still finds what is older a second later":
      async (db) => {
        const organization_id = org();
        const reader = postgres(db.url, { max: 1, onnotice: () => {} });
        try {
          // What is deleted from here on stays visible to this transaction, so that nobody can clean it up.
          await reader.unsafe("begin isolation level repeatable read");
          await reader.unsafe("select count(*) from public.job_queue");
          for (let round = 0; round < 4; round++) {
            await enqueue(db, Array.from({ length: 10_000 }, () => ({ organization_id })));
            const worker = newWorker();
            await finish(db, worker, await claim(db, worker, 10_000), { keep: false });
          }
          await enqueue(db, [{ organization_id }]);
          assertEquals((await claim(db, newWorker(), 10)).length, 1);
          const [turn] = await db.sql`
          select head > now() - interval '1 minute' as has_head from private.job_turns where organization_id = ${organization_id}`;
          assertEquals(turn?.["has_head"], true);
          await db.sql`
          insert into public.job_queue (organization_id, type, scheduled_for)
          values (${organization_id}, 'test', now() - interval '1 hour')`;
          const later = { now: new Date(Date.now() + 2_000).toISOString() };
          assertEquals((await claim(db, newWorker(), 10, later)).length, 1);
        } finally {
          await reader.unsafe("rollback");
          await reader.end();
        }
        await clean(db);
      },
  },
});

scenarios("notes of turns", {
  "claims": {
    "what each was given is noted, also by claims that take from the same at once": async (db) => {
      const ids = Array.from({ length: 60 }, () => org());
      const heavy = ids[7]!;
      await enqueue(db, ids.flatMap((organization_id) => Array.from({ length: 20 }, () => ({ organization_id }))));
      await db.sql`update private.job_turns set weight = 2 where organization_id = ${heavy}`;
      // A claim that looks for more itself waits for nobody's turn, and may leave some uncounted.
      await db.sql`select setval('private.next_discovery',
        (extract(epoch from clock_timestamp() + interval '1 minute') * 1000000)::bigint)`;
      const times = async () => {
        const rows = await db.sql<{ id: string; time: string }[]>`
          select organization_id as id, virtual_time as time from private.job_turns`;
        return new Map(rows.map(({ id, time }) => [id, Number(time)]));
      };
      const before = await times();
      const given = new Map<string, number>();
      await parallel(6, async () => {
        // 24 of 20 each: of two at least, and together less than there is, so that every claim is full.
        for (let n = 0; n < 6; n++) {
          const jobs = await claim(db, newWorker(), 24);
          assertEquals(jobs.length, 24);
          for (const { organization_id: id } of jobs) given.set(id, (given.get(id) ?? 0) + 1);
        }
      });
      const after = await times();
      for (const id of ids) {
        const noted = after.get(id)! - before.get(id)!;
        assertEquals(noted, (given.get(id) ?? 0) * (id === heavy ? 500 : 1_000));
      }
      await clean(db);
    },
  },
});

/** Waits until a claim may look for work that nobody announced: a look that led over many dead rows puts the next one off. */
async function mayLook(db: TestDatabase): Promise<void> {
  for (;;) {
    const [row] = await db.sql`
      select n.last_value > extract(epoch from clock_timestamp()) * 1000000 as too_early from private.next_discovery n`;
    if (row?.["too_early"] !== true) return;
    await db.sql`select pg_sleep(0.005)`;
  }
}
