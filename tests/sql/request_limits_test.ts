import { assert, assertEquals } from "../helpers/assert.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { scenarios } from "./_scenarios.ts";
import { parallel } from "./_world.ts";

interface Rate {
  allowed: boolean;
  name: string;
  limit: number;
  window_seconds: number;
  remaining: number;
  reset_seconds: number;
  retry_after_seconds: number;
  warning: boolean;
  blocked: boolean;
}

interface Bucket {
  key: string;
  limit: number;
  window_seconds: number;
  burst: number;
  name?: string;
}

const START = Date.parse("2026-01-01T00:00:00Z");

async function take(db: TestDatabase, buckets: readonly Bucket[], atSeconds = 0): Promise<Rate> {
  const now = new Date(START + atSeconds * 1000).toISOString();
  return await db.sql.begin(async (sql) => {
    await sql`select set_config('millrace.now', ${now}, true), set_config('deadlock_timeout', '100ms', true)`;
    const [row] = await sql<{ rate: Rate }[]>`
      select private.take_request_tokens(${JSON.stringify(buckets)}::text::jsonb) as rate`;
    return row!.rate;
  });
}

/** How many of `count` calls in a row pass. */
async function passes(db: TestDatabase, buckets: readonly Bucket[], count: number, atSeconds = 0): Promise<number> {
  let passed = 0;
  for (let index = 0; index < count; index++) if ((await take(db, buckets, atSeconds)).allowed) passed++;
  return passed;
}

/** How many of `calls` calls by 32 clients at once pass; each names the buckets it takes from. */
async function passesAtOnce(db: TestDatabase, calls: number, buckets: (index: number) => Bucket[]): Promise<number> {
  const passed = await parallel(32, async (client) => {
    let mine = 0;
    for (let index = client; index < calls; index += 32) if ((await take(db, buckets(index))).allowed) mine++;
    return mine;
  });
  return passed.reduce((sum, mine) => sum + mine, 0);
}

function bucket(key: string, burst: number, limit = 60, window_seconds = 60): Bucket {
  return { key, limit, window_seconds, burst };
}

async function override(db: TestDatabase, kind: string, id: string, scope: string, burst: number, expires?: string) {
  await db.sql`
    insert into private.rate_limit_overrides
      (subject_kind, subject_id, scope, request_limit, burst, reason, expires_at, created_by)
    values (${kind}, ${id}, ${scope}, 60, ${burst}, 'test', ${expires ?? null}, 'default')`;
}

scenarios("limits of requests", {
  "private.take_request_tokens()": {
    "answers for one bucket what private.take_tokens() does": async (db) => {
      for (const [limit, burst, window] of [[60, 3, 60], [7, 7, 60], [300, 100, 60], [3, 2, 3600], [59, 20, 10]]) {
        const mine = { limit: limit!, burst: burst!, window_seconds: window! };
        for (let index = 0; index < burst! + 2; index++) {
          const at = index / 10;
          const now = new Date(START + at * 1000).toISOString();
          const [alone] = await db.sql.begin(async (sql) => {
            await sql`select set_config('millrace.now', ${now}, true)`;
            return await sql`
              select private.take_tokens(${`alone:${limit}`}, ${mine.limit}, ${mine.window_seconds}, ${mine.burst}) as rate`;
          });
          const { name, warning, blocked, ...rate } = await take(db, [{ key: `hook:${limit}`, ...mine }], at);
          assertEquals<unknown>(rate, alone?.rate);
          assertEquals([name, blocked], ["hook", false]);
          assertEquals(warning, rate.remaining <= mine.burst / 5);
        }
      }
    },
    "the tightest bucket answers, by its name": async (db) => {
      const buckets = [bucket("user:a:read", 5), { ...bucket("org:a", 3), name: "organization" }, bucket("key:a", 4)];
      const first = await take(db, buckets);
      assertEquals([first.name, first.limit, first.remaining], ["organization", 3, 2]);
      await take(db, [bucket("key:a", 4)]);
      await take(db, [bucket("key:a", 4)]);
      const second = await take(db, buckets);
      assertEquals([second.name, second.remaining, second.warning], ["key", 0, true]);
      const refused = await take(db, buckets);
      assertEquals([refused.name, refused.allowed, refused.retry_after_seconds], ["key", false, 1]);
    },
    "takes from none when one refuses, and the order given does not matter": async (db) => {
      const tight = bucket("org:b", 1);
      const wide = [bucket("user:b", 10), bucket("key:b", 10)];
      assertEquals(await passes(db, [wide[0]!, tight, wide[1]!], 7), 1);
      assertEquals(await passes(db, [wide[0]!], 20), 9);
      assertEquals(await passes(db, [wide[1]!], 20), 9);
      assertEquals((await take(db, [tight], 1)).allowed, true, "a refused call costs nothing");
    },
    "a bucket named twice is taken from once; no bucket answers null": async (db) => {
      assertEquals((await take(db, [bucket("user:twice", 5), bucket("user:twice", 5)])).remaining, 4);
      assertEquals(await take(db, []), null as unknown as Rate);
    },
    "an override counts instead of the numbers given, the narrower one first, until it expires": async (db) => {
      await override(db, "user", "vip", "*", 7);
      await override(db, "user", "vip", "write", 2, "2026-01-01T01:00:00Z");
      assertEquals(await passes(db, [bucket("user:vip:read", 3)], 10), 7);
      assertEquals(await passes(db, [bucket("user:vip:write", 3)], 10), 2);
      assertEquals(await passes(db, [bucket("user:vip:write", 3)], 10, 3600), 7);
      assertEquals(await passes(db, [bucket("user:other:read", 3)], 10), 3);
    },
  },
  "private.take_request_tokens() at once": {
    "exactly 100 of 3,200 calls from 32 clients pass a burst of 100": async (db) => {
      assertEquals(await passesAtOnce(db, 3200, () => [bucket("key:burst", 100, 300)]), 100);
    },
    "exactly 100 pass when all share one of their buckets, in whatever order they name them": async (db) => {
      const passed = await passesAtOnce(db, 3200, (index) => {
        const mine = bucket(`user:shared-${index % 3}:read`, 1000, 300);
        const both = [bucket("org:shared", 100, 300), mine];
        return index % 2 === 0 ? both : both.reverse();
      });
      assertEquals(passed, 100);
      const rows = await db.sql<{ taken: number }[]>`
        select round(extract(epoch from tat - '2026-01-01T00:00:00Z') * 5)::integer as taken
        from private.rate_limits where key like 'user:shared-%'`;
      assertEquals(rows.reduce((sum, { taken }) => sum + taken, 0), 100, "those that were refused cost nothing");
    },
    "two buckets that overlap are both exact, and nobody waits for ever": async (db) => {
      const [a, b] = [bucket("user:x", 60), bucket("user:y", 90)];
      const counts = { a: 0, b: 0 };
      await parallel(32, async (client) => {
        for (let index = 0; index < 40; index++) {
          const kind = (client + index) % 3;
          const { allowed } = await take(db, kind === 0 ? [a, b] : kind === 1 ? [b, a] : [b]);
          if (allowed) counts.b++;
          if (allowed && kind < 2) counts.a++;
        }
      });
      assertEquals(counts.b, 90);
      assert(counts.a <= 60);
    },
    "the clean-up meets requests without a deadlock": async (db) => {
      await db.sql`
        insert into private.rate_limits (key, tat)
        select 'user:old-' || i, '2025-01-01' from generate_series(1, 300) i on conflict do nothing`;
      await Promise.all([
        ...Array.from({ length: 20 }, () => db.sql`select private.purge_rate_limits(40)`),
        passesAtOnce(
          db,
          640,
          (index) => [bucket(`user:old-${300 - index % 300}`, 5), bucket(`user:old-${index % 300}`, 5)],
        ),
      ]);
    },
  },
  "blocks of those who go on": {
    "refusals as many as the burst begin a block, which tells how long it lasts": async (db) => {
      const mine = [bucket("key:deaf:read", 30)];
      assertEquals(await passes(db, mine, 30), 30);
      for (let index = 0; index < 29; index++) assertEquals((await take(db, mine)).blocked, false);
      const blocked = await take(db, mine);
      assertEquals([blocked.blocked, blocked.retry_after_seconds, blocked.remaining], [true, 15, 0]);
      assertEquals((await take(db, mine, 14.5)).retry_after_seconds, 1, "although tokens have come back");
      assertEquals((await take(db, mine, 15)).allowed, true);
    },
    "every further block is twice as long, an hour at the most; ten quiet minutes forgive": async (db) => {
      const mine = [bucket("key:deafer", 1, 60)];
      let at = 0;
      const lengths: number[] = [];
      while (lengths.length < 11) {
        const rate = await take(db, mine, at);
        if (!rate.blocked) continue;
        lengths.push(rate.retry_after_seconds);
        for (let index = 0; index < 20; index++) assertEquals((await take(db, mine, at)).blocked, true);
        at += rate.retry_after_seconds;
      }
      assertEquals(lengths, [15, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]);
      at += 601;
      assertEquals((await take(db, mine, at)).allowed, true);
      const refused = await take(db, mine, at);
      assertEquals([refused.allowed, refused.blocked], [false, false]);
      const [row] = await db
        .sql`select strikes, refused, blocked_until from private.rate_limits where key = 'key:deafer'`;
      assertEquals([row?.strikes, row?.refused, row?.blocked_until], [0, 1, null]);
    },
    "who waits as told is never blocked": async (db) => {
      const mine = [bucket("user:patient", 5, 60)];
      let at = 0;
      for (let index = 0; index < 300; index++) {
        const rate = await take(db, mine, at);
        assertEquals(rate.blocked, false);
        at += rate.allowed ? 0 : 60;
        if (!rate.allowed) assert((await take(db, mine, at)).allowed);
      }
    },
    "an organization without tokens blocks the caller who hammers, not the others": async (db) => {
      const org = bucket("org:busy", 1, 1);
      await take(db, [org, bucket("user:calm", 20)]);
      let last: Rate | undefined;
      for (let index = 0; index < 20; index++) last = await take(db, [org, bucket("user:hammer", 20)]);
      assertEquals([last?.blocked, last?.allowed], [true, false]);
      assertEquals((await take(db, [bucket("user:calm", 20)])).allowed, true);
      const [row] = await db.sql`select strikes, refused from private.rate_limits where key = 'org:busy'`;
      assertEquals([row?.strikes, row?.refused], [0, 0]);
    },
  },
}, { connections: 32 });
