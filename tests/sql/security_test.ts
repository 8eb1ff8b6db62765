import { assertEquals } from "../helpers/assert.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { scenarios } from "./_scenarios.ts";
import { addMember, assertFails, createTenant, rpc, service } from "./_world.ts";

interface Event {
  id: string;
  kind: string;
  ip: string | null;
  occurrences: number;
  organization_id: string | null;
  user_id: string | null;
  key_id: string | null;
  details: Record<string, unknown>;
}

interface Block {
  id: string;
  network: string;
  is_automatic: boolean;
  blocked_until: string | null;
}

const refusal = (ip: string, occurrences = 1, more: Record<string, unknown> = {}) => ({
  kind: "credential.refused",
  ip,
  occurrences,
  counts: true,
  details: { code: "unauthorized" },
  ...more,
});

const note = (db: TestDatabase, refusals: unknown[], now?: string) =>
  service<{ ip: string; until: string | null }[]>(db, "note_refusals", { p_refusals: refusals as never }, {
    ...now === undefined ? {} : { now },
  });

const blocks = (db: TestDatabase) => service<Block[]>(db, "list_ip_blocks");

async function isOpen(db: TestDatabase, ip: string): Promise<boolean> {
  const [row] = await db.sql`select private.ip_block_until(${ip}::inet) is null as open`;
  return row?.open;
}

async function makeKey(db: TestDatabase, organizationId: string): Promise<string> {
  const [row] = await db.sql`
    insert into public.api_keys (organization_id, name, mode, prefix, last_four, scopes)
    values (${organizationId}, 'CI', 'live', 'mr_live_abcd', 'wxyz', '{flows:read}') returning id`;
  return row?.id;
}

scenarios("security events and blocks of addresses", {
  "engine.note_refusals()": {
    "keeps what functions refused, and nothing it does not know": async (db) => {
      const { organizationId, user } = await createTenant(db);
      await note(db, [
        refusal("198.51.100.1", 3, {
          organization_id: organizationId,
          user_id: user.id,
          agent: "curl/8",
          request_id: "r1",
        }),
        { kind: "made.up", ip: "198.51.100.1" },
        { kind: "permission.denied", ip: "not an address", user_id: user.id },
      ]);
      const events = await service<Event[]>(db, "list_security_events", { p_organization_id: organizationId });
      assertEquals(events.map(({ kind, ip, occurrences, user_id }) => [kind, ip, occurrences, user_id]), [
        ["credential.refused", "198.51.100.1", 3, user.id],
      ]);
      const [denied] = await service<Event[]>(db, "list_security_events", { p_filter: { kind: "permission.denied" } });
      assertEquals([denied?.ip, denied?.user_id], [null, user.id]);
    },
    "the fifty-first refused credential of ten minutes blocks its address for an hour": async (db) => {
      const at = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
      const now = at(0);
      for (let index = 0; index < 49; index++) assertEquals(await note(db, [refusal("203.0.113.5")], now), []);
      assertEquals(await note(db, [refusal("203.0.113.5"), refusal("203.0.113.6")], now), []);
      const [block] = await note(db, [refusal("203.0.113.5"), refusal("203.0.113.6")], now);
      assertEquals(block?.ip, "203.0.113.5");
      assertEquals(Date.parse(block!.until!), Date.parse(now) + 3_600_000);
      assertEquals([await isOpen(db, "203.0.113.5"), await isOpen(db, "203.0.113.6")], [false, true]);
      assertEquals((await blocks(db)).map(({ network, is_automatic }) => [network, is_automatic]), [
        ["203.0.113.5/32", true],
      ]);
      await db.sql`update private.ip_blocks set blocked_until = now() - interval '1 second'`;
      assertEquals(await isOpen(db, "203.0.113.5"), true);
    },
    "many at once count as many, and neighbours in a /64 are one": async (db) => {
      assertEquals(await note(db, [refusal("2001:db8:1:1::1", 30), refusal("2001:db8:1:1::2", 20)]), []);
      const told = await note(db, [refusal("2001:db8:1:1:ffff::3")]);
      assertEquals(told.map(({ ip }) => ip), ["2001:db8:1:1:ffff::3"]);
      assertEquals([await isOpen(db, "2001:db8:1:1::9"), await isOpen(db, "2001:db8:1:2::9")], [false, true]);
    },
    "what does not count, and the platform's own addresses, never block": async (db) => {
      await note(db, [
        refusal("198.51.100.9", 500, { counts: false }),
        refusal("198.51.100.10", 500, { kind: "permission.denied" }),
      ]);
      assertEquals([await isOpen(db, "198.51.100.9"), await isOpen(db, "198.51.100.10")], [true, true]);
      for (const ip of ["127.0.0.1", "10.1.2.3", "192.168.0.1", "::1", "fd00::1", "100.64.0.1"]) {
        assertEquals(await note(db, [refusal(ip, 500)]), [], ip);
      }
      await db.sql`insert into private.settings (name, value) values ('ip_never_block', '192.0.2.0/24, nonsense')`;
      assertEquals(await note(db, [refusal("192.0.2.77", 500)]), []);
      await db.sql`insert into private.settings (name, value) values ('ip_block_after', '0')`;
      assertEquals(await note(db, [refusal("198.51.100.11", 500)]), []);
      await db.sql`update private.settings set value = '3' where name = 'ip_block_after'`;
      assertEquals((await note(db, [refusal("198.51.100.11", 4)])).length, 1);
      await db.sql`delete from private.settings where name in ('ip_block_after', 'ip_never_block')`;
    },
    "is for functions, and for a thousand at once": async (db) => {
      await assertFails(note(db, Array.from({ length: 1001 }, () => refusal("198.51.100.1"))), "invalid_request", 400);
    },
  },
  "blocks by hand": {
    "are set, listed and lifted, with events and audit rows": async (db) => {
      await db.sql`delete from private.ip_blocks`;
      const args = { p_network: "198.18.5.77/24", p_reason: "Guesses keys", p_until: null, p_by: "default" };
      const block = await service<Block>(db, "add_ip_block", args);
      assertEquals([block.network, block.is_automatic], ["198.18.5.0/24", false]);
      assertEquals((await service<Block>(db, "add_ip_block", args)).id, block.id);
      assertEquals(await isOpen(db, "198.18.5.1"), false);
      await note(db, [refusal("198.18.5.1", 500)]);
      await service(db, "remove_ip_block", { p_id: block.id, p_by: "default" });
      // The machine's own block of the one address is another one.
      assertEquals((await blocks(db)).map(({ network }) => network), ["198.18.5.1/32"]);
      await assertFails(service(db, "remove_ip_block", { p_id: block.id, p_by: "default" }), "not_found", 404);
      const actions = await db.sql`select action from public.audit_events where action like 'ip.%' order by id`;
      assertEquals(actions.map(({ action }) => action), ["ip.blocked", "ip.blocked", "ip.unblocked"]);
    },
    "a network that is too wide, no network, the platform's, or already over is refused": async (db) => {
      const add = (p_network: string, p_until: string | null = null) =>
        service(db, "add_ip_block", { p_network, p_reason: "x", p_until, p_by: "default" });
      await assertFails(add("198.0.0.0/7"), "invalid_request", 400);
      await assertFails(add("2001::/31"), "invalid_request", 400);
      await assertFails(add("nonsense"), "invalid_request", 400);
      await assertFails(add("10.0.0.0/24"), "conflict", 409);
      await assertFails(add("8.0.0.0/8", "2020-01-01T00:00:00Z"), "invalid_request", 400);
    },
    "private.require_open_ip() lets the others pass, and those of whom no address is known": async (db) => {
      await service(db, "add_ip_block", { p_network: "198.18.6.1", p_reason: "x", p_until: null, p_by: "default" });
      const require = (ip: string | null) => db.sql`select private.require_open_ip(${ip}::inet)`;
      await assertFails(require("198.18.6.1"), "ip_blocked", 403);
      await require("198.18.6.2");
      await require(null);
    },
  },
  "limit blocks": {
    "leave an event; a key that hammers through an hour expires, with an audit row": async (db) => {
      const { organizationId, user } = await createTenant(db);
      const key = await makeKey(db, organizationId);
      const strike = (kind: string, id: string, strikes: number) =>
        db.sql`select private.limit_struck(${`${kind}:${id}:read`}, ${strikes}, now() + interval '1 hour')`;
      await strike("user", user.id, 12);
      await strike("key", key, 9);
      const open = async () =>
        (await db.sql`select expires_at from public.api_keys where id = ${key}`)[0]?.expires_at === null;
      assertEquals(await open(), true);
      await strike("key", key, 10);
      assertEquals(await open(), false);
      const events = await rpc<Event[]>(db, user, "list_security_events", { p_organization_id: organizationId });
      assertEquals(events.map(({ kind, key_id }) => [kind, key_id]), [
        ["key.suspended", key],
        ["limit.blocked", key],
        ["limit.blocked", key],
      ]);
      const [mine] = await service<Event[]>(db, "list_security_events", {
        p_filter: { user_id: user.id, kind: "limit.blocked" },
      });
      assertEquals([mine?.organization_id, mine?.details.strikes], [null, 12]);
      const rows = await db.sql`
        select action, actor, target_id from public.audit_events
        where organization_id = ${organizationId} and key_id = ${key} order by id`;
      assertEquals(rows.map(({ action, actor, target_id }) => [action, actor, target_id]), [
        ["limit.blocked", "key", null],
        ["key.suspended", "key", key],
      ]);
    },
    "an unknown bucket leaves an event and breaks nothing": async (db) => {
      await db
        .sql`select private.limit_struck('ip:198.51.100.1', 1, now()), private.limit_struck('key:nonsense', 10, now())`;
    },
  },
  "public.list_security_events()": {
    "is for those with audit:read, and shows the organization's own": async (db) => {
      const tenant = await createTenant(db);
      const other = await createTenant(db);
      await note(db, [
        refusal("198.51.100.21", 1, { organization_id: tenant.organizationId }),
        refusal("198.51.100.22", 1, { organization_id: tenant.organizationId, user_id: tenant.user.id }),
        refusal("198.51.100.23", 1, { organization_id: other.organizationId }),
      ]);
      const list = (user = tenant.user, filter = {}) =>
        rpc<Event[]>(db, user, "list_security_events", { p_organization_id: tenant.organizationId, p_filter: filter });
      assertEquals((await list()).length, 2);
      assertEquals((await list(tenant.user, { ip: "198.51.100.21" })).length, 1);
      assertEquals((await list(tenant.user, { ip: "198.51.100.0/24", user_id: tenant.user.id })).length, 1);
      assertEquals((await list(tenant.user, { after: "2100-01-01T00:00:00Z" })).length, 0);
      assertEquals((await list(await addMember(db, tenant.organizationId, "admin"))).length, 2);
      await assertFails(list(await addMember(db, tenant.organizationId, "developer")), "forbidden", 403);
      await assertFails(list(other.user), "not_found", 404);
    },
  },
  "limits by hand": {
    "are set, listed, changed and taken away, each with an audit row": async (db) => {
      const { organizationId } = await createTenant(db);
      const args = { subject_kind: "org", subject_id: organizationId, request_limit: 5, reason: "They asked" };
      const row = await service<Record<string, unknown>>(db, "set_rate_limit_override", {
        p_override: args,
        p_by: "default",
      });
      assertEquals([row.scope, row.window_seconds, row.burst, row.created_by], ["*", 60, 5, "default"]);
      await service(db, "set_rate_limit_override", { p_override: { ...args, burst: 2 }, p_by: "default" });
      const list = () => service<{ burst: number }[]>(db, "list_rate_limit_overrides", { p_subject_kind: "org" });
      assertEquals((await list()).map(({ burst }) => burst), [2]);
      const remove = () =>
        service(db, "remove_rate_limit_override", { p_subject_kind: "org", p_subject_id: organizationId });
      await remove();
      assertEquals(await list(), []);
      await assertFails(remove(), "not_found", 404);
    },
    "buckets are looked at and reset": async (db) => {
      const id = crypto.randomUUID();
      for (let index = 0; index < 45; index++) {
        await db.sql`select private.take_request_tokens(${
          JSON.stringify([{ key: `user:${id}:read`, limit: 60, window_seconds: 60, burst: 20 }])
        }::text::jsonb)`;
      }
      const subject = { p_subject_kind: "user", p_subject_id: id };
      const list = () =>
        service<{ key: string; strikes: number; blocked_until: string | null }[]>(
          db,
          "list_rate_limit_buckets",
          subject,
        );
      const [bucket] = await list();
      assertEquals([bucket?.key, bucket?.strikes, bucket?.blocked_until === null], [`user:${id}:read`, 1, false]);
      assertEquals(await service<number>(db, "reset_rate_limit_buckets", subject), 1);
      assertEquals(await list(), []);
    },
  },
  "private.prune_security()": {
    "forgets what is old": async (db) => {
      await db.sql`
        insert into private.security_events (kind, at) values ('permission.denied', now() - interval '91 days')`;
      await db.sql`
        insert into private.ip_blocks (network, reason, blocked_until, created_by)
        values ('198.18.9.0/24', 'x', now() - interval '2 days', 'system')`;
      const [row] = await db.sql`select private.prune_security() as gone`;
      assertEquals(row?.gone, { events: 1, ip_blocks: 1 });
    },
  },
}, { connections: 4 });
