import { assertEquals } from "../../tests/helpers/assert.ts";
import { readDatabaseAddress } from "./database_address.ts";

Deno.test("readDatabaseAddress() tells transaction poolers by what the address says, and Supabase's by host and port", () => {
  const poolers: Record<string, boolean | null> = {
    "db.example.supabase.co:5432/postgres": null,
    "db.example.supabase.co:6543/postgres": true,
    "aws-0-eu-central-1.pooler.supabase.com:6543/postgres": true,
    "aws-0-eu-central-1.pooler.supabase.com:5432/postgres": false,
    "pooler.supabase.com.example.org:5432/postgres": null,
    "10.0.0.7:6432/postgres?pgbouncer=true": true,
    "10.0.0.7:6432/postgres?pgbouncer=false": false,
    "10.0.0.7:6543/postgres?pgbouncer=false": false,
  };
  for (const [place, expected] of Object.entries(poolers)) {
    assertEquals(readDatabaseAddress(`postgresql://u:p@${place}`).isTransactionPooler, expected, place);
  }
});

Deno.test("readDatabaseAddress() keeps from the driver what Postgres would refuse, and nothing else", () => {
  const { href } = readDatabaseAddress("postgresql://u:p%40x@h:6432/postgres?pgbouncer=true&sslmode=require");
  assertEquals(href, "postgresql://u:p%40x@h:6432/postgres?sslmode=require");
});
