import type { Row } from "postgres";
import { assert, assertEquals, assertRejects } from "../helpers/assert.ts";
import { type ApiRole, type TestDatabase, withDatabase } from "../helpers/postgres.ts";

const AGENT = "frontend/1.0";

/** A user with an organization of her own. */
async function createTenant(db: TestDatabase) {
  const user = await db.createUser();
  const [gate] = await db.as("authenticated", user.claims, (sql) => sql`select public.gate() as reply`);
  return { user, claims: user.claims, organizationId: gate!["reply"].organization_id as string };
}

async function eventsOf(db: TestDatabase, organizationId: string): Promise<Row[]> {
  return await db.sql`
    select *, before::jsonb as b, after::jsonb as a, details::jsonb as d from public.audit_events
    where organization_id = ${organizationId} order by id`;
}

Deno.test("a person's first call leaves who made organization, membership and workspace", () =>
  withDatabase(async (db) => {
    const { user, organizationId } = await createTenant(db);
    const events = await eventsOf(db, organizationId);
    assertEquals(events.map((event) => event["action"]), [
      "organization.created",
      "member.created",
      "workspace.created",
    ]);
    for (const event of events) {
      assertEquals([event["actor"], event["user_id"], event["auth"], event["via"]], [
        "user",
        user.id,
        "jwt",
        "data_api",
      ]);
    }
    assertEquals(events[1]!["target_id"], user.id);
    assertEquals(events[1]!["a"].role, "owner");
  }));

Deno.test("an update records only the columns that changed, and nothing when none did", () =>
  withDatabase(async (db) => {
    const { organizationId } = await createTenant(db);
    await db.sql`update public.organizations set name = 'New' where id = ${organizationId}`;
    await db.sql`update public.organizations set name = 'New' where id = ${organizationId}`;
    await db.sql`update public.organizations set suspended_at = now() where id = ${organizationId}`;
    const events = (await eventsOf(db, organizationId)).slice(3);
    assertEquals(events.map((event) => event["action"]), ["organization.updated", "organization.suspended"]);
    assertEquals(Object.keys(events[0]!["a"]), ["name"]);
    assertEquals(events[0]!["a"], { name: "New" });
    assertEquals([events[0]!["actor"], events[0]!["auth"], events[0]!["via"]], ["system", "sql", "sql"]);
    assert(events[0]!["agent"].length > 0);
  }));

Deno.test("secret columns are named and never recorded; large values are cut with a hash", () =>
  withDatabase(async (db) => {
    const { organizationId } = await createTenant(db);
    await db.sql`create table public.things (id text, organization_id uuid, token text, body jsonb)`;
    await db.sql`create trigger audit after insert or update or delete on public.things
      for each row execute function private.audit_row('organization_id', 'id', 'token')`;
    await db.sql`insert into public.things values ('a', ${organizationId}, 'canary-1', '{}')`;
    await db.sql`update public.things set token = 'canary-2', body = to_jsonb(repeat('x', 100000))`;
    await db.sql`delete from public.things`;
    const events = (await eventsOf(db, organizationId)).slice(3);
    assertEquals(events.map((event) => event["action"]), ["thing.created", "thing.updated", "thing.deleted"]);
    assertEquals(events.map((event) => event["d"]), Array(3).fill({ hidden: ["token"] }));
    assert(!JSON.stringify(events).includes("canary"));
    const body = events[1]!["a"].body;
    assertEquals([body.cut, body.bytes, body.sha256.length], [true, 100002, 64]);
  }));

Deno.test("a flow leaves created, updated and deleted; its graph stays in its versions", () =>
  withDatabase(async (db) => {
    const { claims, organizationId } = await createTenant(db);
    await db.as("authenticated", claims, async (sql) => {
      const [made] = await sql`
        select public.create_flow(${organizationId}, 'Flow', '{"nodes": [], "edges": []}') as reply`;
      await sql`select public.delete_flow(${made!["reply"].id})`;
    });
    const events = (await eventsOf(db, organizationId)).slice(3);
    assertEquals(events[0]!["action"], "flow.created");
    assertEquals(events.at(-1)!["action"], "flow.deleted");
    assert(!JSON.stringify(events.map((event) => event["a"])).includes("edges"));
  }));

Deno.test("headers count as proven only with the proof of our functions", () =>
  withDatabase(async (db) => {
    const { claims, organizationId } = await createTenant(db);
    const key = new Uint8Array(32).fill(7);
    await db.sql`select engine.set_request_proof_key(${hex(key)})`;
    const headers = { "x-request-id": "r-1", "x-millrace-ip": "2001:DB8::1", "x-millrace-agent": AGENT };
    const mac = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    const proof = hex(
      new Uint8Array(
        await crypto.subtle.sign("HMAC", mac, new TextEncoder().encode(`r-1\n2001:DB8::1\n${AGENT}`)),
      ),
    );
    const attempts = [
      headers,
      { ...headers, "x-millrace-proof": proof },
      { ...headers, "x-millrace-ip": "192.0.2.1", "x-millrace-proof": proof },
      { "x-millrace-ip": "no address", "x-millrace-agent": "x".repeat(1000) },
    ];
    for (const attempt of attempts) {
      await db.as("authenticated", claims, async (sql) => {
        await sql`select set_config('request.headers', ${JSON.stringify(attempt)}, true)`;
        await sql`reset role`;
        await sql`select private.audit(${organizationId}, 'test.done', 'test', null)`;
      });
    }
    const events = (await eventsOf(db, organizationId)).slice(3);
    assertEquals(events.map((event) => event["via"]), ["data_api", "function", "data_api", "data_api"]);
    assertEquals(events.map((event) => event["ip"]), ["2001:db8::1", "2001:db8::1", "192.0.2.1", null]);
    assertEquals([events[1]!["agent"], events[1]!["request_id"]], [AGENT, "r-1"]);
    assertEquals(events[3]!["agent"].length, 400);
  }));

Deno.test("the log is append-only for every role, the owner included, in every partition", () =>
  withDatabase(async (db) => {
    const { claims, organizationId } = await createTenant(db);
    await db.sql`select engine.ensure_partitions(1)`;
    const [week] = await db.sql`
      select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
      where i.inhparent = 'public.audit_events'::regclass and c.relname <> 'audit_events_default' order by 1 limit 1`;
    await db.sql`select private.audit(${organizationId}, 'test.done', 'test', null)`;
    const tables = ["audit_events", "audit_events_default", week!["name"]];
    const statements = tables.flatMap((table) => [
      `update public.${table} set action = 'a.b'`,
      `delete from public.${table}`,
      `truncate public.${table}`,
      `insert into public.${table} (organization_id, actor, auth, via, action, target_type)
       values ('${organizationId}', 'system', 'sql', 'sql', 'a.b', 'c')`,
    ]);
    for (const role of ["anon", "authenticated", "service_role"] as ApiRole[]) {
      for (const statement of statements) {
        await assertRejects(
          () => db.as(role, role === "authenticated" ? claims : {}, (sql) => sql.unsafe(statement)),
          Error,
          "permission denied",
        );
      }
    }
    // As the owner, also in a session that replicates.
    for (const setting of ["origin", "replica"]) {
      for (const table of [...tables]) {
        for (
          const verb of [
            `update public.${table} set action = 'a.b'`,
            `delete from public.${table}`,
            `truncate public.${table}`,
          ]
        ) {
          const [rows] = await db.sql.unsafe(`select count(*)::int as n from public.${table}`);
          if (rows!["n"] === 0 && !verb.startsWith("truncate")) continue;
          await assertRejects(
            () =>
              db.sql.begin(async (sql) => {
                await sql.unsafe(`set local session_replication_role = ${setting}`);
                await sql.unsafe(verb);
              }),
            Error,
            "append-only",
          );
        }
      }
    }
  }));

Deno.test("what an engine does to its own columns leaves no row", () =>
  withDatabase(async (db) => {
    const { claims, organizationId } = await createTenant(db);
    await db.as("authenticated", claims, async (sql) => {
      const [flow] = await sql`select public.create_flow(${organizationId}, 'Flow',
        '{"nodes": [{"id": "a"}, {"id": "b"}], "edges": [{"id": "e", "source": "a", "target": "b"}]}') as reply`;
      const [entity] = await sql`
        select public.create_entity(${flow!["reply"].id}, 'lead', p_name => 'Ada Lovelace', p_node_id => 'a') as reply`;
      await sql`select public.move_entity(${entity!["reply"].id}, 'b')`;
      await sql`select public.delete_entity(${entity!["reply"].id})`;
    });
    const events = (await eventsOf(db, organizationId)).filter((event) => event["target_type"] === "entity");
    assertEquals(events.map((event) => event["action"]), ["entity.created", "entity.deleted"]);
    // Deleting an entity forgets what it held: so must the log.
    assert(!JSON.stringify(events).includes("Lovelace"));
  }));

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
