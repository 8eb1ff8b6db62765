import type { Json } from "../../shared/graph/mod.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { createFlow, createTenant, type Tenant } from "./_world.ts";

/** A run, as the functions that write runs answer. */
export interface Run {
  id: string;
  status: string;
  flow_id: string;
  flow_version_id: string;
  retry_of: string | null;
  input: Json;
  deadline_at: string;
  created_at: string;
  [column: string]: Json;
}

/** A tenant with a flow. */
export async function tenantWithFlow(db: TestDatabase): Promise<{ tenant: Tenant; flow: string }> {
  const tenant = await createTenant(db);
  return { tenant, flow: await createFlow(db, tenant) };
}
