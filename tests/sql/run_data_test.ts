import { assertEquals } from "../helpers/assert.ts";
import type { TestDatabase, TestUser } from "../helpers/postgres.ts";
import { scenarios } from "./_scenarios.ts";
import { createTenant } from "./_world.ts";

const NAME = `${"a".repeat(64)}.json`;

/** The paths of the bucket's objects that a user sees. */
async function seenBy(db: TestDatabase, user: TestUser): Promise<string[]> {
  const rows = await db.as("authenticated", user.claims, (sql) => sql`select name from storage.objects order by name`);
  return rows.map(({ name }) => name);
}

scenarios("large outputs", {
  "the bucket run-data": {
    "is private and takes JSON up to 16 MiB": async (db) => {
      const rows = await db.sql`
        select id, public, file_size_limit::integer, allowed_mime_types from storage.buckets where id = 'run-data'`;
      assertEquals([...rows], [
        { id: "run-data", public: false, file_size_limit: 16_777_216, allowed_mime_types: ["application/json"] },
      ]);
    },
    "shows members with runs:read what lies in the folder of their organization, and nothing else": async (db) => {
      const [ada, bob] = [await createTenant(db), await createTenant(db)];
      const path = `${ada.organizationId}/${NAME}`;
      await db.sql`insert into storage.buckets (id, name) values ('other', 'other')`;
      for (const [bucket, name] of [["run-data", path], ["run-data", NAME], ["other", path]] as const) {
        await db.sql`insert into storage.objects (bucket_id, name) values (${bucket}, ${name})`;
      }
      assertEquals(await seenBy(db, ada.user), [path]);
      assertEquals(await seenBy(db, bob.user), []);
      await db.sql`update public.organization_members set role = 'guest' where user_id = ${ada.user.id}`;
      assertEquals(await seenBy(db, ada.user), []);
    },
    "lets no member write": async (db) => {
      const { user, organizationId } = await createTenant(db);
      const path = `${organizationId}/${NAME}`;
      await db.sql`insert into storage.objects (bucket_id, name) values ('run-data', ${path})`;
      const refused = await db.as(
        "authenticated",
        user.claims,
        (sql) => sql`insert into storage.objects (bucket_id, name) values ('run-data', ${`${path}2`})`,
      ).then(() => "", ({ code }) => code);
      assertEquals(refused, "42501");
      for (const change of ["update storage.objects set name = 'x'", "delete from storage.objects"]) {
        await db.as("authenticated", user.claims, (sql) => sql.unsafe(change));
      }
      assertEquals(await seenBy(db, user), [path]);
    },
    "is made when Storage is there, once": async (db) => {
      const [again] = await db.sql`select private.secure_run_data() as made`;
      assertEquals(again?.made, true);
      await db.sql`drop schema storage cascade`;
      const [none] = await db.sql`select private.secure_run_data() as made`;
      assertEquals(none?.made, false);
    },
  },
});
