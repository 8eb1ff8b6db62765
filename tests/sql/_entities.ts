import type { Graph, Json } from "../../shared/graph/mod.ts";
import { draw } from "../helpers/flows.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { type Arguments, createFlow, createTenant, rpc, startRun, type Tenant } from "./_world.ts";

/** An entity, as the functions that write entities answer. */
export interface Entity {
  id: string;
  flow_id: string;
  type: string;
  name: string;
  external_key: string | null;
  data: Json;
  node_id: string | null;
  entered_at: string | null;
  run_id: string | null;
  move_count: number;
  version: number;
  is_new?: boolean;
  [column: string]: Json | undefined;
}

/** A move of a journey. */
export interface Move {
  number: number;
  from_node: string | null;
  to_node: string;
  edge_id: string | null;
  reason: string;
  run_id: string | null;
  moved_by: string | null;
  moved_at: string;
  seconds: number | null;
}

/** What is between two nodes. */
export interface EdgeStats {
  from_node: string;
  to_node: string;
  edge_ids: string[];
  moves: number;
  total_seconds: number;
  average_seconds: number;
  last_at: string;
}

const STEP: [string] = ["action.transform"];

/** start → a → b → c, with a way from a to c, and d apart. */
export const PIPELINE: Graph = draw(
  { start: ["trigger.manual"], hook: ["trigger.webhook"], a: STEP, b: STEP, c: STEP, d: STEP },
  "start>a",
  "hook>a",
  "a>b",
  "b>c",
  "a>c",
);

/** A tenant with a flow of the {@linkcode PIPELINE}. */
export async function tenantWithPipeline(db: TestDatabase): Promise<{ tenant: Tenant; flow: string }> {
  const tenant = await createTenant(db);
  return { tenant, flow: await createFlow(db, tenant, { p_graph: PIPELINE as unknown as Json }) };
}

/** Makes an entity: a lead, `Ada`. */
export async function createEntity(
  db: TestDatabase,
  tenant: Tenant,
  flow: string,
  args: Arguments = {},
): Promise<Entity> {
  return await rpc<Entity>(db, tenant.user, "create_entity", {
    p_flow_id: flow,
    p_type: "lead",
    p_name: "Ada",
    ...args,
  });
}

/** A run of the flow that the entity moves with; gives its id. */
export async function startWith(db: TestDatabase, tenant: Tenant, flow: string, entity: string): Promise<string> {
  const run = await startRun(db, tenant, flow);
  await attach(db, run, entity);
  return run;
}

/** Gives a run its entity, as whoever creates runs does. */
export async function attach(db: TestDatabase, run: string, entity: string): Promise<void> {
  await db.sql.begin(async (sql) => {
    await sql`update public.runs set entity_id = ${entity} where id = ${run}`;
    await sql`select private.attach_entity(r) from public.runs r where r.id = ${run}`;
  });
}

/** A step that ended: run, node, and the moment. */
export type EndedStep = [run: string, node: string, at: string];

/** Moves the entities of runs, as settling does. */
export async function moveEntities(db: TestDatabase, steps: EndedStep[]): Promise<number> {
  const [row] = await db.sql<{ moved: number }[]>`
    select private.move_entities(
      ${steps.map(([run]) => run)}::uuid[], ${steps.map(([, node]) => node)}::text[],
      ${steps.map(([, , at]) => at)}::timestamptz[]
    ) as moved`;
  return row?.moved ?? -1;
}

/** Where an entity stands. */
export async function placeOf(db: TestDatabase, id: string): Promise<string | null> {
  const [row] = await db.sql<{ node_id: string | null }[]>`select node_id from public.entities where id = ${id}`;
  return row?.node_id ?? null;
}

/** The journey of an entity. */
export async function journeyOf(db: TestDatabase, tenant: Tenant, id: string): Promise<Move[]> {
  const page = await rpc<{ moves: Move[] }>(db, tenant.user, "get_entity_journey", { p_entity_id: id, p_limit: 100 });
  return page.moves;
}

/** A journey in short: `from>to reason`. */
export function ways(moves: readonly Move[]): string[] {
  return moves.map(({ from_node, to_node, reason }) => `${from_node ?? ""}>${to_node} ${reason}`);
}

/** The edge statistics of a flow. */
export async function statsOf(db: TestDatabase, tenant: Tenant, flow: string): Promise<EdgeStats[]> {
  return await rpc<EdgeStats[]>(db, tenant.user, "list_edge_stats", { p_flow_id: flow });
}

/** A moment some seconds from now, as a database writes it. */
export function secondsFromNow(seconds: number): string {
  return new Date(Date.now() + seconds * 1000).toISOString();
}
