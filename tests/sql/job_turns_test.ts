/**
 * Whose job a claim takes next: concurrency keys, weights of plans, newcomers, dead rows.
 *
 * @module
 */
import postgres from "postgres";
import { assert, assertEquals } from "../helpers/assert.ts";
import { engineOf, lapse, newWorker } from "./_engine.ts";
import { claim, clean, enqueue, finish, leftovers, NOTHING, org } from "./_jobs.ts";
import { scenarios } from "./_scenarios.ts";
import { parallel } from "./_world.ts";

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
      await enqueue(db, many.flatMap((organization_id) => Array.from({ length: 20 }, () => ({ organization_id }))));
      // All have had something.
      for (let round = 0; round < 20; round++) await claim(db, newWorker(), 16);
      for (let round = 0; round < 10; round++) {
        await claim(db, newWorker(), 16);
        const organization_id = org();
        await enqueue(db, [{ organization_id }]);
        const jobs = await claim(db, newWorker(), 16);
        assert(jobs.some((job) => job.organization_id === organization_id), `round ${round}`);
      }
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
      // Not at once, if looking was costly a moment ago.
      let found = 0;
      for (let tries = 0; tries < 100 && found === 0; tries++) found += (await claim(db, newWorker())).length;
      assertEquals(found, 1);
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
