import { assert, assertEquals } from "../helpers/assert.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { scenarios } from "./_scenarios.ts";
import { parallel } from "./_world.ts";

interface Rate {
  allowed: boolean;
  limit: number;
  window_seconds: number;
  remaining: number;
  reset_seconds: number;
  retry_after_seconds: number;
}

interface Bucket {
  key?: string;
  limit: number;
  windowSeconds: number;
  burst: number;
}

const START = Date.parse("2026-01-01T00:00:00Z");

async function take(db: TestDatabase, bucket: Bucket, atSeconds = 0): Promise<Rate> {
  const now = new Date(START + atSeconds * 1000).toISOString();
  return await db.sql.begin(async (sql) => {
    await sql`select set_config('millrace.now', ${now}, true)`;
    const [row] = await sql<{ rate: Rate }[]>`
      select private.take_tokens(${
      bucket.key ?? "key"
    }, ${bucket.limit}, ${bucket.windowSeconds}, ${bucket.burst}) as rate`;
    return row!.rate;
  });
}

async function takeMany(db: TestDatabase, bucket: Bucket, count: number, atSeconds = 0) {
  const now = new Date(START + atSeconds * 1000).toISOString();
  return await db.sql.begin(async (sql) => {
    await sql`select set_config('millrace.now', ${now}, true)`;
    const [row] = await sql<{ reply: { rate: Rate; taken?: number; refused?: Rate | null } }[]>`
      select private.take_many_tokens(${
      bucket.key ?? "key"
    }, ${bucket.limit}, ${bucket.windowSeconds}, ${bucket.burst}, ${count}) as reply`;
    return row!.reply;
  });
}

/** How many of `count` calls in a row pass. */
async function passes(db: TestDatabase, bucket: Bucket, count: number, atSeconds = 0): Promise<number> {
  let passed = 0;
  for (let index = 0; index < count; index++) if ((await take(db, bucket, atSeconds)).allowed) passed++;
  return passed;
}

scenarios("rate limits", {
  "private.take_tokens()": {
    "says what is left and when the bucket is full again": async (db) => {
      const bucket = { key: "a", limit: 60, windowSeconds: 60, burst: 3 };
      const expected = { allowed: true, limit: 3, window_seconds: 3, retry_after_seconds: 0 };
      assertEquals(await take(db, bucket), { ...expected, remaining: 2, reset_seconds: 1 });
      assertEquals(await take(db, bucket), { ...expected, remaining: 1, reset_seconds: 2 });
      assertEquals(await take(db, bucket), { ...expected, remaining: 0, reset_seconds: 3 });
      assertEquals(await take(db, bucket), {
        ...expected,
        allowed: false,
        remaining: 0,
        reset_seconds: 3,
        retry_after_seconds: 1,
      });
    },
    "passes again at the moment it named, and not before": async (db) => {
      const bucket = { key: "b", limit: 6, windowSeconds: 60, burst: 2 };
      assertEquals(await passes(db, bucket, 5), 2);
      const { retry_after_seconds } = await take(db, bucket);
      assertEquals(retry_after_seconds, 10);
      assertEquals((await take(db, bucket, 9.999)).allowed, false);
      assertEquals((await take(db, bucket, 10)).allowed, true);
      assertEquals((await take(db, bucket, 10)).allowed, false);
    },
    "a refused call costs nothing": async (db) => {
      const bucket = { key: "c", limit: 60, windowSeconds: 60, burst: 1 };
      assertEquals(await passes(db, bucket, 50), 1);
      assertEquals((await take(db, bucket, 1)).allowed, true);
    },
    "refills to the burst and no further": async (db) => {
      const bucket = { key: "d", limit: 60, windowSeconds: 60, burst: 5 };
      assertEquals(await passes(db, bucket, 9), 5);
      assertEquals(await passes(db, bucket, 9, 3), 3);
      assertEquals(await passes(db, bucket, 9, 1000), 5);
    },
    "lets exactly the burst pass whatever the limit": async (db) => {
      for (const [index, limit] of [1, 3, 7, 11, 13, 59, 61, 97, 300, 1200, 3000, 12000, 60000].entries()) {
        const bucket = { key: `limit ${index}`, limit, windowSeconds: 60, burst: 20 };
        assertEquals(await passes(db, bucket, 25), 20, `limit ${limit}`);
      }
    },
    "keys do not share a bucket": async (db) => {
      const bucket = { limit: 60, windowSeconds: 60, burst: 1 };
      assertEquals((await take(db, { ...bucket, key: "e" })).allowed, true);
      assertEquals((await take(db, { ...bucket, key: "f" })).allowed, true);
    },
    "a clock that goes back gives nothing away": async (db) => {
      const bucket = { key: "g", limit: 60, windowSeconds: 60, burst: 2 };
      assertEquals(await passes(db, bucket, 3, 100), 2);
      assertEquals(await passes(db, bucket, 3, 50), 0);
    },
  },
  "private.take_tokens() at once": {
    "exactly 100 of a burst of 100 pass over 32 connections": async (db) => {
      const bucket = { limit: 300, windowSeconds: 60, burst: 100 };
      const rates = (await parallel(32, async () => {
        const mine: Rate[] = [];
        for (let index = 0; index < 10; index++) mine.push(await take(db, bucket));
        return mine;
      })).flat();
      assertEquals(rates.length, 320);
      const passed = rates.filter((rate) => rate.allowed);
      assertEquals(passed.length, 100);
      assertEquals(new Set(passed.map((rate) => rate.remaining)).size, 100, "no two calls got the same token");
      assert(rates.every((rate) => rate.allowed || rate.retry_after_seconds === 1));
    },
  },
  "private.take_many_tokens()": {
    "gives what so many calls at the same moment would have given": async (db) => {
      const bucket = { limit: 60, windowSeconds: 60, burst: 5 };
      for (const [key, counts] of Object.entries({ some: [3, 1, 4, 2], all: [5, 1], more: [9], one: [1, 1] })) {
        let atSeconds = 0;
        for (const count of counts) {
          const alone: Rate[] = [];
          for (let index = 0; index < count; index++) {
            alone.push(await take(db, { ...bucket, key: `${key}:alone` }, atSeconds));
          }
          const { taken, rate, refused } = await takeMany(db, { ...bucket, key: `${key}:many` }, count, atSeconds);
          const passed = alone.filter(({ allowed }) => allowed);
          assertEquals(taken ?? (count === 1 ? passed.length : -1), passed.length);
          assertEquals(rate, passed.at(-1) ?? alone[0]);
          assertEquals(refused ?? undefined, count === 1 ? undefined : alone[passed.length]);
          atSeconds += 1.5;
        }
      }
    },
    "exactly 100 of a burst of 100 pass over 32 connections": async (db) => {
      const bucket = { key: "many at once", limit: 300, windowSeconds: 60, burst: 100 };
      const replies = await parallel(32, (index) => takeMany(db, bucket, 2 + index % 5));
      assertEquals(replies.reduce((sum, { taken = 0 }) => sum + taken, 0), 100);
    },
  },
  "private.purge_rate_limits()": {
    "forgets what nobody has used for ten minutes, in portions": async (db) => {
      await db.sql`delete from private.rate_limits`;
      await db.sql`
        insert into private.rate_limits (key, tat)
        select 'old:' || i, now() - interval '11 minutes' from generate_series(1, 5) as i
        union all select 'new', now() - interval '9 minutes'`;
      const purge = async () => (await db.sql`select private.purge_rate_limits(3) as gone`)[0]?.gone;
      assertEquals([await purge(), await purge(), await purge()], [3, 2, 0]);
      assertEquals((await db.sql`select key from private.rate_limits`).map((row) => row.key), ["new"]);
    },
  },
}, { connections: 32 });
