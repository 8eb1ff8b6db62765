/**
 * The engine on a test's own database: a tenant, a flow, a run, workers over a real connection.
 *
 * @module
 */
import type { Graph, Json } from "../../shared/graph/mod.ts";
import { EngineClient, postgresTransport, Worker, type WorkerOptions } from "../../shared/engine/mod.ts";
import { createLog } from "../../shared/log/mod.ts";
import { createProviders, type Providers } from "../../shared/providers/mod.ts";
import type { TestDatabase, TestUser } from "./postgres.ts";

/** A user with the organization that the first call made. */
export interface Tenant {
  user: TestUser;
  organizationId: string;
}

/** A role in an organization. */
export type MemberRole = "owner" | "admin" | "developer" | "member" | "viewer" | "guest";

/** A run as `public.runs` holds it. */
export interface RunRow {
  id: string;
  status: string;
  output: Json;
  error: { code: string; message: string; node_id?: string } | null;
  flow_version_id: string;
  retry_of: string | null;
  parent_run_id: string | null;
}

/** A step as `public.run_steps` holds it. */
export interface StepRow {
  node_id: string;
  /** The items and iterations it belongs to; empty = top level. */
  scope: string;
  attempt: number;
  status: string;
  output: Json;
  error: { code: string; message: string } | null;
  handles: string[] | null;
}

/** Makes a user and, by the gate, her organization. */
export async function createTenant(db: TestDatabase): Promise<Tenant> {
  const user = await db.createUser();
  const [row] = await db.as("authenticated", user.claims, (sql) => sql`select public.gate() as gate`);
  return { user, organizationId: row?.gate.organization_id };
}

/** Another user, in the role, of an organization. */
export async function addMember(db: TestDatabase, organizationId: string, role: MemberRole): Promise<TestUser> {
  const user = await db.createUser();
  await db.sql`insert into public.profiles (id, email) values (${user.id}, ${user.email})`;
  await db.sql`
    insert into public.organization_members (organization_id, user_id, role)
    values (${organizationId}, ${user.id}, ${role})`;
  return user;
}

/** Saves a graph as a flow of the tenant; gives its id. */
export async function createFlow(db: TestDatabase, tenant: Tenant, graph: Graph, name = "Test"): Promise<string> {
  const [row] = await db.as(
    "authenticated",
    tenant.user.claims,
    (sql) =>
      sql`select public.create_flow(${tenant.organizationId}, ${name}, ${JSON.stringify(graph)}::text::jsonb) as flow`,
  );
  return row?.flow.id;
}

/** Starts a run by hand; gives its id. */
export async function startRun(db: TestDatabase, tenant: Tenant, flowId: string, input: Json = {}): Promise<string> {
  const [row] = await db.as(
    "authenticated",
    tenant.user.claims,
    (sql) => sql`select public.start_run(${flowId}, ${JSON.stringify(input)}::text::jsonb) as run`,
  );
  return row?.run.id;
}

/** A run and its steps in order of their end. */
export async function readRun(db: TestDatabase, runId: string): Promise<{ run: RunRow; steps: StepRow[] }> {
  const [run] = await db.sql<RunRow[]>`select * from public.runs where id = ${runId}`;
  const steps = await db.sql<StepRow[]>`
    select node_id, scope, attempt, status, output, error, handles from public.run_steps
    where run_id = ${runId} order by finished_at, started_at, node_id`;
  if (run === undefined) throw new Error(`There is no run ${runId}`);
  return { run, steps: [...steps] };
}

/** The engine's calls over connections of their own; close it at the end. */
export async function connectEngine(db: TestDatabase, connections = 2): Promise<EngineClient> {
  return new EngineClient(await postgresTransport(db.url, { connections }));
}

/** Providers that may call stand-ins on this machine. */
export function localProviders(...ports: number[]): Providers {
  return createProviders({
    egressAllow: ports.map((port) => `127.0.0.1:${port}`),
    resendApiKey: null,
    resendBaseUrl: null,
    emailFrom: "Millrace <test@example.com>",
  });
}

/** A worker for tests. */
export function createWorker(client: EngineClient, options: Partial<WorkerOptions> = {}): Worker {
  return new Worker({
    client,
    providers: localProviders(),
    log: createLog("engine"),
    kind: "worker",
    ...options,
  });
}

/** Runs everything that is due, and what follows from it, with one worker. */
export async function drain(client: EngineClient, options: Partial<WorkerOptions> = {}): Promise<void> {
  await createWorker(client, options).drain({ idleMs: 0, pollMs: 10 });
}
