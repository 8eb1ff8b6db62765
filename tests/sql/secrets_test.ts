/**
 * Secrets: kept encrypted, changed in versions, read by the engine, revealed on the record.
 *
 * @module
 */
import { toBase64 } from "../../shared/bytes/mod.ts";
import type { SecretReply } from "../../shared/secrets/mod.ts";
import { assert, assertEquals } from "../helpers/assert.ts";
import { scenarios } from "./_scenarios.ts";
import { create, envelopeFor, read, type Secret, set, valueOf } from "./_secrets.ts";
import {
  addMember,
  type Arguments,
  assertFails,
  createFlow,
  createTenant,
  failureOf,
  parallel,
  rpc,
  service,
  unusedId,
} from "./_world.ts";

scenarios("secrets", {
  "public.create_secret()": {
    "keeps a value encrypted and shows none of it": async (db) => {
      const tenant = await createTenant(db);
      const secret = await create(db, tenant, "CRM_KEY", "hunter22", { p_description: "For the CRM" });
      assertEquals([secret.name, secret.version, secret.current_version, secret.created_by], [
        "CRM_KEY",
        1,
        1,
        tenant.user.id,
      ]);
      assertEquals(Object.keys(secret).filter((column) => /value|envelope/.test(column)), []);
      assertEquals(await valueOf(tenant, await read(db, tenant, "CRM_KEY")), "hunter22");
    },
    "refuses what is out of range, and what is no envelope": async (db) => {
      const tenant = await createTenant(db);
      const long = toBase64(new Uint8Array(71_000).fill(1));
      const refused: Arguments[] = [
        { p_name: "lower" },
        { p_name: "" },
        { p_name: null },
        { p_name: "1A" },
        { p_name: "A-B" },
        { p_name: "A".repeat(65) },
        { p_description: "x".repeat(1001) },
        { p_rotate_after_days: 0 },
        { p_rotate_after_days: 3651 },
        { p_expires_at: "2020-01-01T00:00:00Z" },
        { p_envelope: null },
        { p_envelope: "" },
        { p_envelope: "hunter22" },
        { p_envelope: "%%%" },
        { p_envelope: toBase64(new Uint8Array(100)) },
        { p_envelope: long },
        { p_key_id: "k2" },
        { p_key_id: null },
      ];
      for (const args of refused) {
        await assertFails(create(db, tenant, "GOOD", "x", args), "invalid_request", 400);
      }
    },
    "knows a name once, and a repeated request by its fingerprint": async (db) => {
      const tenant = await createTenant(db);
      const keyed = { p_idempotency_key: "one", p_fingerprint: "f1" };
      const first = await create(db, tenant, "TWICE", "a", keyed);
      assertEquals((await create(db, tenant, "TWICE", "a", keyed)).id, first.id);
      await assertFails(
        create(db, tenant, "TWICE", "b", { ...keyed, p_fingerprint: "f2" }),
        "idempotency_mismatch",
        422,
      );
      await assertFails(create(db, tenant, "TWICE", "c"), "conflict", 409);
      const other = await createTenant(db);
      await create(db, other, "TWICE", "d");
    },
    "stops at the plan's number, exactly, when eight are made at once": async (db) => {
      const tenant = await createTenant(db);
      await db.sql`update public.plans set max_secrets = 3 where id = 'free'`;
      const outcomes = await parallel(8, (index) =>
        create(db, tenant, `S${index}`)
          .then(() => "made", async (error) => (await failureOf(Promise.reject(error))).code));
      assertEquals(outcomes.filter((outcome) => outcome === "made").length, 3);
      assertEquals(outcomes.filter((outcome) => outcome === "plan_limit_reached").length, 5);
      await db.sql`update public.plans set max_secrets = 20 where id = 'free'`;
    },
    "needs secrets:write": async (db) => {
      const tenant = await createTenant(db);
      for (const [role, may] of Object.entries({ developer: true, member: false, viewer: false, guest: false })) {
        const user = await addMember(db, tenant.organizationId, role as "member");
        const call = create(db, { ...tenant, user }, `BY_${role.toUpperCase()}`);
        if (may) await call;
        else await assertFails(call, "forbidden", 403);
      }
      const stranger = await createTenant(db);
      await assertFails(create(db, { ...tenant, user: stranger.user }, "MINE"), "not_found", 404);
    },
  },
  "public.set_secret_value(), restore, destroy": {
    "makes versions, of which the newest ten besides the current one keep their value": async (db) => {
      const tenant = await createTenant(db);
      const { id } = await create(db, tenant, "ROTATED", "v1");
      for (let number = 2; number <= 13; number++) await set(db, tenant, id, number, `v${number}`);
      const versions = await rpc<{ number: number; destroyed_at: string | null; is_current: boolean }[]>(
        db,
        tenant.user,
        "list_secret_versions",
        { p_secret_id: id },
      );
      assertEquals(versions.map(({ number }) => number), [13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
      assertEquals(versions.filter(({ destroyed_at }) => destroyed_at === null).length, 10);
      assertEquals(versions.filter(({ is_current }) => is_current).map(({ number }) => number), [13]);
      const restored = await rpc<Secret>(db, tenant.user, "restore_secret_version", { p_secret_id: id, p_number: 7 });
      assertEquals(restored.current_version, 7);
      assertEquals(await valueOf(tenant, await read(db, tenant, "ROTATED")), "v7");
      const again = { p_secret_id: id, p_number: 2 };
      await assertFails(rpc(db, tenant.user, "restore_secret_version", again), "conflict", 409);
      await assertFails(rpc(db, tenant.user, "restore_secret_version", { ...again, p_number: 99 }), "not_found", 404);
      await assertFails(rpc(db, tenant.user, "destroy_secret_version", { ...again, p_number: 7 }), "conflict", 409);
      await rpc(db, tenant.user, "destroy_secret_version", { ...again, p_number: 13 });
      const [row] = await db
        .sql`select envelope, destroyed_at from private.secret_versions where secret_id = ${id} and number = 13`;
      assertEquals([row?.envelope, row?.destroyed_at !== null], [null, true]);
    },
    "lets one of two simultaneous values win, and If-Match refuse": async (db) => {
      const tenant = await createTenant(db);
      const { id } = await create(db, tenant, "RACED", "v1");
      const outcomes = await parallel(4, (index) =>
        set(db, tenant, id, 2, `by ${index}`)
          .then(() => "set", async (error) => (await failureOf(Promise.reject(error))).code));
      assertEquals(outcomes.toSorted(), ["conflict", "conflict", "conflict", "set"]);
      await assertFails(set(db, tenant, id, 3, "x", { p_if_version: 1 }), "version_mismatch", 412);
      assertEquals((await set(db, tenant, id, 3, "x", { p_if_version: 2 })).version, 3);
    },
    "refuses a value that would be expired at once": async (db) => {
      const tenant = await createTenant(db);
      const soon = new Date(Date.now() + 3_600_000).toISOString();
      const { id } = await create(db, tenant, "OVER", "v1", { p_expires_at: soon });
      const later = { now: new Date(Date.now() + 7_200_000).toISOString() };
      const args = { p_secret_id: id, p_number: 2, p_envelope: await envelopeFor(tenant, id, 2, "v2"), p_key_id: "k1" };
      await assertFails(rpc(db, tenant.user, "set_secret_value", args, later), "invalid_request", 400);
      const next = new Date(Date.now() + 864e5).toISOString();
      await rpc(db, tenant.user, "set_secret_value", { ...args, p_expires_at: next }, later);
    },
  },
  "public.update_secret(), delete": {
    "changes what is named, null included": async (db) => {
      const tenant = await createTenant(db);
      const { id } = await create(db, tenant, "NAMED", "v", { p_rotate_after_days: 30, p_description: "a" });
      const update = (changes: Record<string, unknown>, more: Arguments = {}) =>
        rpc<Secret>(db, tenant.user, "update_secret", { p_secret_id: id, p_changes: changes as never, ...more });
      const renamed = await update({ name: "OTHER", rotate_after_days: null, organization_id: unusedId(), version: 9 });
      assertEquals([renamed.name, renamed.rotate_after_days, renamed.description, renamed.version], [
        "OTHER",
        null,
        "a",
        2,
      ]);
      assertEquals(renamed.organization_id, tenant.organizationId);
      assertEquals((await update({ name: "OTHER" })).version, 2);
      await create(db, tenant, "TAKEN");
      await assertFails(update({ name: "TAKEN" }), "conflict", 409);
      for (
        const bad of [{ name: null }, { name: "x" }, { rotate_after_days: 0 }, { expires_at: "2020-01-01T00:00:00Z" }]
      ) {
        await assertFails(update(bad), "invalid_request", 400);
      }
      await assertFails(update({ description: "b" }, { p_if_version: 1 }), "version_mismatch", 412);
    },
    "refuses to delete what flows use, and names them": async (db) => {
      const tenant = await createTenant(db);
      const { id } = await create(db, tenant, "API_KEY");
      const graph = (text: string) => ({
        nodes: [{ id: "a", type: "action.http", position: { x: 0, y: 0 }, data: { config: { text } } }],
        edges: [],
      });
      const remove = (more: Arguments = {}) => rpc(db, tenant.user, "delete_secret", { p_secret_id: id, ...more });
      for (
        const text of ["{{ secrets.API_KEY_2 }}", "{{ secrets.MY_API_KEY }}", "{{ secrets.API_KEY-x }}", "API_KEY"]
      ) {
        await createFlow(db, tenant, { p_graph: graph(text), p_name: "No" });
      }
      assertEquals(await rpc(db, tenant.user, "list_secret_flows", { p_secret_id: id }), []);
      const spellings = [
        "{{secrets.API_KEY}}",
        '{{ "a" + secrets [ "API_KEY" ] }}',
        "{{ secrets['API_KEY'] }}",
        "{{ secrets. API_KEY + 1 }}",
      ];
      const flows = await Promise.all(
        spellings.map((text, index) => createFlow(db, tenant, { p_graph: graph(text), p_name: `Flow ${index}` })),
      );
      const failure = await failureOf(remove());
      assertEquals([failure.code, failure.status], ["conflict", 409]);
      for (const flow of flows) assert(failure.message.includes(flow), failure.message);
      await remove({ p_force: true });
      assertEquals((await read(db, tenant, "API_KEY")).status, "missing");
    },
  },
  "public.request_secret_reveal()": {
    "writes down who asks, and gives the function the value once": async (db) => {
      const tenant = await createTenant(db);
      const { id } = await create(db, tenant, "SHOWN", "v1");
      await set(db, tenant, id, 2, "v2");
      const ask = (user = tenant.user, p_number?: number) =>
        rpc<{ ticket: string }>(db, user, "request_secret_reveal", { p_secret_id: id, ...p_number && { p_number } });
      const redeem = (p_ticket: string, now?: string) =>
        service<SecretReply | null>(db, "redeem_secret_ticket", { p_ticket }, now === undefined ? {} : { now });
      const { ticket } = await ask();
      assertEquals(await valueOf(tenant, (await redeem(ticket))!), "v2");
      assertEquals(await redeem(ticket), null);
      const old = await ask(tenant.user, 1);
      assertEquals(await valueOf(tenant, (await redeem(old.ticket))!), "v1");
      const late = await ask();
      assertEquals(await redeem(late.ticket, new Date(Date.now() + 31_000).toISOString()), null);
      await assertFails(ask(tenant.user, 3), "not_found", 404);
      await assertFails(ask((await createTenant(db)).user), "not_found", 404);
      await assertFails(ask(await addMember(db, tenant.organizationId, "member")), "forbidden", 403);
      const log = await rpc<{ kind: string; user_id: string; number: number; uses: number }[]>(
        db,
        tenant.user,
        "list_secret_accesses",
        { p_secret_id: id },
      );
      assertEquals(log.reduce((sum, { uses }) => sum + uses, 0), 3);
      assert(log.every(({ kind, user_id }) => kind === "reveal" && user_id === tenant.user.id));
    },
  },
  "engine.read_secrets()": {
    "gives several organizations theirs, and sends no version that is known": async (db) => {
      const [a, b] = [await createTenant(db), await createTenant(db)];
      const first = await create(db, a, "SAME", "of a");
      await create(db, b, "SAME", "of b");
      const reads = [b, a].map(({ organizationId }) => ({ organization_id: organizationId, name: "SAME" }));
      const replies = await service<SecretReply[]>(db, "read_secrets", {
        p_reads: [...reads, { ...reads[0]!, name: "NONE" }],
      });
      for (const [tenant, value] of [[a, "of a"], [b, "of b"]] as const) {
        const reply = replies.find(({ organization_id, name }) =>
          organization_id === tenant.organizationId && name === "SAME"
        )!;
        assertEquals(await valueOf(tenant, reply), value);
      }
      assertEquals(replies.find(({ name }) => name === "NONE")?.status, "missing");
      const again = await read(db, a, "SAME", { secret_id: first.id, number: 1 });
      assertEquals([again.status, "envelope" in again], ["found", false]);
      await set(db, a, first.id, 2, "new");
      assertEquals(await valueOf(a, await read(db, a, "SAME", { secret_id: first.id, number: 1 })), "new");
    },
    "counts readers by the minute, and stamps last_used_at once a minute": async (db) => {
      const tenant = await createTenant(db);
      const { id } = await create(db, tenant, "COUNTED");
      const run = unusedId();
      const at = (seconds: number) => new Date(Date.UTC(2030, 0, 1, 12, 0, seconds)).toISOString();
      const use = { run_id: run, node_id: "call", uses: 3 };
      await read(db, tenant, "COUNTED", { uses: [use] }, at(0));
      await read(
        db,
        tenant,
        "COUNTED",
        { uses: [{ ...use, uses: 1 }], past_uses: [{ ...use, number: 1, uses: 5 }] },
        at(30),
      );
      const [{ last_used_at } = { last_used_at: null }] = await db.sql<
        Secret[]
      >`select * from public.secrets where id = ${id}`;
      assertEquals(new Date(last_used_at ?? 0).toISOString(), at(0));
      await read(db, tenant, "COUNTED", { uses: [{ ...use, node_id: "other" }] }, at(61));
      const log = await rpc<{ node_id: string; uses: number; run_id: string }[]>(
        db,
        tenant.user,
        "list_secret_accesses",
        {
          p_secret_id: id,
          p_run_id: run,
        },
      );
      assertEquals(log.map(({ node_id, uses }) => [node_id, uses]), [["other", 3], ["call", 9]]);
      const [used] = await db.sql<Secret[]>`select * from public.secrets where id = ${id}`;
      assertEquals([new Date(used?.last_used_at ?? 0).toISOString(), used?.version], [at(61), 1]);
    },
    "refuses an expired secret": async (db) => {
      const tenant = await createTenant(db);
      await create(db, tenant, "BRIEF", "v", { p_expires_at: "2031-01-01T00:00:00Z" });
      assertEquals((await read(db, tenant, "BRIEF", {}, "2030-12-31T23:59:59Z")).expires_in_ms, 1000);
      const reply = await read(db, tenant, "BRIEF", {}, "2031-01-01T00:00:00Z");
      assertEquals([reply.status, reply.envelope], ["expired", undefined]);
    },
  },
});
