/**
 * Secrets that grow old: a new master key, and warnings of values that expire.
 *
 * @module
 */
import { Keyring, rewrapSecrets, type RewrapStore } from "../../shared/secrets/mod.ts";
import { assert, assertEquals } from "../helpers/assert.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { scenarios } from "./_scenarios.ts";
import { both, create, key, read, set, valueOf } from "./_secrets.ts";
import { createTenant, service } from "./_world.ts";

/** What rotation asks the database. */
function storeOf(db: TestDatabase): RewrapStore {
  return {
    next: (p_key_id, p_limit, skip) => service(db, "secrets_to_rewrap", { p_key_id, p_limit, p_skip: skip as never }),
    write: (rows) => service(db, "rewrap_secrets", { p_rows: rows as never }),
    nextPlain: (p_limit) => service(db, "plain_webhook_secrets", { p_limit }),
    writeSealed: (rows) => service(db, "seal_webhook_secrets", { p_rows: rows as never }),
    count: () => service(db, "count_secrets_by_key"),
  };
}

scenarios("rotation of secrets", {
  "rotation of the master key": {
    "wraps everything anew in batches, killed in between, while values are read and set": async (db) => {
      await db.sql`delete from public.secrets`;
      const tenant = await createTenant(db);
      const ids: string[] = [];
      for (let index = 0; index < 12; index++) ids.push((await create(db, tenant, `K${index}`, `value ${index}`)).id);
      const ciphertext = async () =>
        await db.sql`select secret_id, number, substring(envelope from octet_length(envelope) - 20) as tail
          from private.secret_versions order by 1, 2`;
      const before = await ciphertext();
      const store = storeOf(db);
      const killed = new AbortController();
      const first = await rewrapSecrets(both, store, {
        batch: 5,
        signal: killed.signal,
        onProgress: () => killed.abort(),
      });
      assertEquals([first.rewrapped, first.values, first.done], [5, { k1: 7, k2: 5 }, false]);
      assertEquals(first.removable, []);
      // Read by somebody with both keys, and set by somebody who has the old one only.
      for (const index of [0, 11]) {
        assertEquals(await valueOf(tenant, await read(db, tenant, `K${index}`), both), `value ${index}`);
      }
      await set(db, tenant, ids[0]!, 2, "set meanwhile");
      // Two go on at once.
      const [second, third] = await Promise.all([
        rewrapSecrets(both, store, { batch: 3 }),
        rewrapSecrets(both, store, { batch: 4 }),
      ]);
      assertEquals(second.rewrapped + third.rewrapped, 8);
      const last = await rewrapSecrets(both, store);
      assertEquals([last.rewrapped, last.values, last.done, last.removable], [0, { k2: 13 }, true, ["k1"]]);
      const after = await ciphertext();
      for (const { secret_id, number, tail } of before) {
        assertEquals(after.find((row) => row.secret_id === secret_id && row.number === number)?.tail, tail);
      }
      const alone = new Keyring({ current: "k2", keys: { k2: key(2) } });
      assertEquals(await valueOf(tenant, await read(db, tenant, "K0"), alone), "set meanwhile");
      assertEquals(await valueOf(tenant, await read(db, tenant, "K7"), alone), "value 7");
    },
    "goes past values that nobody can unwrap, and says so": async (db) => {
      await db.sql`delete from public.secrets`;
      const tenant = await createTenant(db);
      const good = await create(db, tenant, "GOOD", "x");
      const bad = await create(db, tenant, "BAD", "x");
      await db
        .sql`update private.secret_versions set envelope = set_byte(envelope, 30, (get_byte(envelope, 30) + 1) % 256)
        where secret_id = ${bad.id}`;
      const store = storeOf(db);
      const progress = await rewrapSecrets(both, store, { batch: 1 });
      assertEquals([progress.rewrapped, progress.unreadable, progress.done, progress.removable], [1, 1, false, []]);
      assertEquals(progress.values, { k1: 1, k2: 1 });
      assertEquals(await valueOf(tenant, await read(db, tenant, "GOOD"), both), "x");
      assert(good.id !== bad.id);
    },
  },
  "private.warn_of_expiry()": {
    "queues each warning once, the tightest that has come": async (db) => {
      await db.sql`delete from public.secrets`;
      const tenant = await createTenant(db);
      const { id } = await create(db, tenant, "AGING", "v", {
        p_expires_at: "2040-02-01T00:00:00Z",
        p_rotate_after_days: 3650,
      });
      const warn = async (now: string) => {
        const [row] = await db.sql.begin(async (sql) => {
          await sql`select set_config('millrace.now', ${now}, true)`;
          return await sql`select private.warn_of_expiry() as queued`;
        });
        return row?.queued;
      };
      const days: unknown[] = [];
      for (
        const now of [
          "2040-01-10",
          "2040-01-18",
          "2040-01-19",
          "2040-01-29",
          "2040-01-30",
          "2040-01-31",
          "2040-02-01",
          "2040-02-02",
        ]
      ) {
        days.push(await warn(`${now}T06:00:00Z`));
      }
      // The day of rotation has long come as well: it is said once, at the first look.
      assertEquals(days, [1, 1, 0, 1, 0, 1, 1, 0]);
      const [row] = await db.sql`select array_agg(days_before order by days_before) as marks from private.secret_notices
        where secret_id = ${id} and kind = 'expiry'`;
      assertEquals(row?.marks, [0, 1, 3, 14]);
      const jobs = await db
        .sql`select payload from public.job_queue where type = 'secret.warning' and payload ->> 'secret_id' = ${id}`;
      assertEquals(jobs.length, 5);
      const warning = await service<{ name: string; to: string[] } | null>(db, "get_secret_warning", {
        p_secret_id: id,
        p_kind: "expiry",
        p_due_at: "2040-02-01T00:00:00Z",
      });
      assertEquals([warning?.name, warning?.to], ["AGING", [tenant.user.email]]);
      const stale = { p_secret_id: id, p_kind: "expiry", p_due_at: "2040-03-01T00:00:00Z" };
      assertEquals(await service(db, "get_secret_warning", stale), null);
    },
  },
});
