import { assert, assertEquals, assertNotEquals } from "../helpers/assert.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { scenarios } from "./_scenarios.ts";
import { addMember, createFlow, createTenant, parallel, rpc, service, smallGraph, type Tenant } from "./_world.ts";

interface Gate {
  generation: string | null;
}

type Kind = "flows" | "organization";

async function generation(db: TestDatabase, tenant: Tenant, kind: Kind = "flows"): Promise<string> {
  const args = { p_organization_id: tenant.organizationId, p_cached: kind };
  const answer = await rpc<Gate>(db, tenant.user, "gate", args);
  assert(answer.generation !== null);
  return answer.generation;
}

/** Whether each kind's generation is another one after `change`. */
async function changedBy(db: TestDatabase, tenant: Tenant, change: () => Promise<unknown>): Promise<Kind[]> {
  const kinds: Kind[] = ["flows", "organization"];
  const before = await Promise.all(kinds.map((kind) => generation(db, tenant, kind)));
  await change();
  const after = await Promise.all(kinds.map((kind) => generation(db, tenant, kind)));
  return kinds.filter((_, index) => before[index] !== after[index]);
}

async function rowsOf(db: TestDatabase, tenant: Tenant): Promise<number> {
  const [row] = await db.sql`
    select count(*)::int as n from private.generations
    where organization_id = ${tenant.organizationId} and kind = 'flows'`;
  return row?.n;
}

scenarios("generations", {
  "the gate": {
    "says no generation unless asked, and the same one while nothing changes": async (db) => {
      const tenant = await createTenant(db);
      assertEquals((await rpc<Gate>(db, tenant.user, "gate")).generation, null);
      const first = await generation(db, tenant);
      await rpc(db, tenant.user, "get_stats", { p_organization_id: tenant.organizationId });
      assertEquals(await generation(db, tenant), first);
    },
    "says a key what it says a person": async (db) => {
      const tenant = await createTenant(db);
      const hash = crypto.randomUUID().replaceAll("-", "").repeat(2);
      await db.sql`
        with k as (
          insert into public.api_keys (organization_id, name, mode, prefix, last_four, scopes)
          values (${tenant.organizationId}, 'k', 'live', 'mr_live_abcd', 'wxyz', '{flows:read}') returning id
        )
        insert into private.api_key_hashes (secret_hash, key_id) select decode(${hash}, 'hex'), id from k`;
      const ask = () => service<Gate>(db, "gate_key", { p_secret_hash: hash, p_cached: "flows" });
      assertEquals((await ask()).generation, await generation(db, tenant));
      await createFlow(db, tenant);
      assertEquals((await ask()).generation, await generation(db, tenant));
      assertEquals((await service<Gate>(db, "gate_key", { p_secret_hash: hash })).generation, null);
    },
  },
  "a change": {
    "of flows is one of this kind, of this organization, and no other": async (db) => {
      const [tenant, other] = [await createTenant(db), await createTenant(db)];
      const elsewhere = await generation(db, other);
      let id = "";
      const save = (args: Record<string, string | boolean>) =>
        rpc(db, tenant.user, "save_flow", { p_flow_id: id, ...args });
      assertEquals(await changedBy(db, tenant, async () => id = await createFlow(db, tenant)), ["flows"]);
      assertEquals(await changedBy(db, tenant, () => save({ p_name: "Other" })), ["flows"]);
      assertEquals(await changedBy(db, tenant, () => save({ p_is_active: false })), ["flows"]);
      const restore = async () => {
        await rpc(db, tenant.user, "save_flow", { p_flow_id: id, p_graph: smallGraph(2) });
      };
      assertEquals(await changedBy(db, tenant, restore), ["flows"]);
      assertEquals(await changedBy(db, tenant, () => rpc(db, tenant.user, "delete_flow", { p_flow_id: id })), [
        "flows",
      ]);
      assertEquals(await generation(db, other), elsewhere);
    },
    "by hand, with SQL, counts as well, of many rows for each of their organizations; one of no row does not": async (
      db,
    ) => {
      const [tenant, other] = [await createTenant(db), await createTenant(db)];
      const id = await createFlow(db, tenant);
      const rename = () => db.sql`update public.flows set name = 'By hand' where id = ${id}`;
      assertEquals(await changedBy(db, tenant, rename), ["flows"]);
      const ofBoth = () => db.sql`update public.flows set description = 'all'`;
      const before = await generation(db, other);
      await createFlow(db, other);
      const between = await generation(db, other);
      assertEquals(await changedBy(db, tenant, ofBoth), ["flows"]);
      assertEquals(new Set([before, between, await generation(db, other)]).size, 3);
      const nothing = () => db.sql`update public.flows set name = 'x' where id = ${crypto.randomUUID()}`;
      assertEquals(await changedBy(db, tenant, nothing), []);
      const edit = () => db.sql`update public.flow_versions set edge_lengths = '{}' where flow_id = ${id}`;
      assertEquals(await changedBy(db, tenant, edit), ["flows"]);
    },
    "of members, their names, workspaces and the organization is one of the organization": async (db) => {
      const tenant = await createTenant(db);
      const { organizationId, user } = tenant;
      const ofIt = async (change: () => Promise<unknown>) =>
        assertEquals(await changedBy(db, tenant, change), ["organization"]);
      let member = "";
      await ofIt(async () => member = (await addMember(db, organizationId, "viewer")).id);
      await ofIt(() =>
        rpc(db, user, "change_member_role", { p_organization_id: organizationId, p_user_id: member, p_role: "admin" })
      );
      await ofIt(() => db.sql`update public.profiles set display_name = 'Ada' where id = ${member}`);
      await ofIt(() => rpc(db, user, "remove_member", { p_organization_id: organizationId, p_user_id: member }));
      await ofIt(() => rpc(db, user, "create_workspace", { p_organization_id: organizationId, p_name: "Shop" }));
      await ofIt(() => db.sql`update public.workspaces set name = 'Office' where organization_id = ${organizationId}`);
      await ofIt(() =>
        db.sql`delete from public.workspaces where organization_id = ${organizationId} and not is_default`
      );
      await ofIt(() => rpc(db, user, "update_organization", { p_organization_id: organizationId, p_name: "Acme" }));
      await ofIt(() => db.sql`update public.organizations set plan_id = 'team' where id = ${organizationId}`);
    },
    "that is rolled back is none, nor what a savepoint takes back; what is written after that one is": async (db) => {
      const tenant = await createTenant(db);
      const id = await createFlow(db, tenant);
      const before = await generation(db, tenant);
      await db.sql.begin(async (sql) => {
        await sql`update public.flows set name = 'Never' where id = ${id}`;
        throw new Error("Rolled back");
      }).catch(() => {});
      await db.sql.begin((sql) =>
        sql.savepoint(async (inner) => {
          await inner`update public.flows set name = 'Never' where id = ${id}`;
          throw new Error("Rolled back");
        }).catch(() => {})
      );
      assertEquals(await generation(db, tenant), before);
      await db.sql.begin(async (sql) => {
        await sql.savepoint(async (inner) => {
          await inner`update public.flows set name = 'Never' where id = ${id}`;
          throw new Error("Rolled back");
        }).catch(() => {});
        await sql`update public.flows set name = 'Now' where id = ${id}`;
      });
      assertNotEquals(await generation(db, tenant), before);
    },
    "is not seen before its commit, and waits for no other writer": async (db) => {
      const tenant = await createTenant(db);
      const [first, second] = [await createFlow(db, tenant), await createFlow(db, tenant)];
      const before = await generation(db, tenant);
      await db.sql.begin(async (slow) => {
        await slow`update public.flows set name = 'Slow' where id = ${first}`;
        assertEquals(await generation(db, tenant), before);
        await db.sql.begin(async (quick) => {
          await quick`set local lock_timeout = '2s'`;
          await quick`update public.flows set name = 'Quick' where id = ${second}`;
        });
        assertNotEquals(await generation(db, tenant), before);
      });
      assertEquals(await rowsOf(db, tenant), 2);
      // What was made for two at once is used again.
      for (let n = 0; n < 5; n++) await db.sql`update public.flows set name = ${`${n}`} where id = ${first}`;
      assertEquals(await rowsOf(db, tenant), 2);
    },
    "of each of 200 writers at once gives a generation that was never there": async (db) => {
      const tenant = await createTenant(db);
      const ids = await Promise.all(Array.from({ length: 8 }, () => createFlow(db, tenant)));
      const seen = new Set<string>();
      await parallel(200, async (index) => {
        await db.sql`update public.flows set name = ${`n${index}`} where id = ${ids[index % 8] ?? ""}`;
        seen.add(await generation(db, tenant));
      });
      const last = await generation(db, tenant);
      await db.sql`update public.flows set name = 'last' where id = ${ids[0] ?? ""}`;
      assert(!seen.has(await generation(db, tenant)));
      assert(seen.has(last));
      assert(await rowsOf(db, tenant) <= 10);
    },
    "under repeatable read neither fails nor waits": async (db) => {
      const tenant = await createTenant(db);
      const [first, second] = [await createFlow(db, tenant), await createFlow(db, tenant)];
      const before = await generation(db, tenant);
      await db.sql.begin("isolation level repeatable read", async (late) => {
        await late`select 1 from public.flows limit 1`;
        await db.sql`update public.flows set name = 'Between' where id = ${first}`;
        await late`update public.flows set name = 'Late' where id = ${second}`;
      });
      assertNotEquals(await generation(db, tenant), before);
    },
  },
  "an organization that goes": {
    "takes its generations along": async (db) => {
      const tenant = await createTenant(db);
      await createFlow(db, tenant);
      await db
        .sql`update public.organizations set deletes_at = now() - interval '1 day' where id = ${tenant.organizationId}`;
      const remove = () =>
        service<{ done: boolean }>(db, "remove_organization", { p_organization_id: tenant.organizationId });
      while (!(await remove()).done);
      const [row] = await db.sql`
        select (select count(*)::int from public.organizations where id = ${tenant.organizationId}) as organizations,
          (select count(*)::int from private.generations where organization_id = ${tenant.organizationId}) as generations`;
      assertEquals({ ...row }, { organizations: 0, generations: 0 });
    },
  },
  "what replies came from": {
    "is added up by day and operation, with rates": async (db) => {
      const row = { day: "2026-11-21", operation: "listFlows", hits: 6, stale: 1, joined: 1, matched: 1, misses: 1 };
      const rows = [{ ...row, not_modified: 4 }, { ...row, operation: "getFlow", hits: 0, not_modified: 0 }];
      await service(db, "add_api_usage", { p_rows: [], p_cache: rows });
      await service(db, "add_api_usage", { p_rows: [], p_cache: rows });
      const days = { p_from: "2026-11-21", p_to: "2026-11-21" };
      const [flows, flow] = await service<Record<string, unknown>[]>(db, "get_cache_usage", days);
      assertEquals([flows?.operation, flows?.requests, flows?.hits, flows?.hit_rate], ["listFlows", 20, 12, 0.9]);
      assertEquals([flow?.operation, flow?.hit_rate, flow?.first_day], ["getFlow", 0.75, "2026-11-21"]);
      const [rates] = await db.sql`
        select hit_rate::float, not_modified_rate::float from engine.cache_rates where operation = 'listFlows'`;
      assertEquals({ ...rates }, { hit_rate: 0.9, not_modified_rate: 0.4 });
    },
  },
});
