import type { z } from "zod";
import { asResult, type DatabaseClient, openList, type Page, rpc, runSingle, signCursor } from "../../shared/db/mod.ts";
import { notFound } from "../../shared/errors/mod.ts";
import type { AnyListQuery, UserContext } from "../../shared/http/mod.ts";
import { EDGE_STATS, ENTITIES, JOURNEY } from "./lists.ts";
import {
  type EdgeStats,
  type Entity,
  ENTITY_FIELDS,
  type EntityChanges,
  type Journey,
  type Move,
  type NewEntity,
} from "./schemas.ts";

/** A page of the organization's entities; with `fields`, only those are read. */
export function findEntities(context: UserContext, query: AnyListQuery): Promise<Page<Entity>> {
  const rows = context.db.from("entities").select(ENTITIES.columns(query)).eq(
    "organization_id",
    context.organizationId,
  );
  return ENTITIES.find(asResult<Entity[]>(rows), context, query);
}

/**
 * An entity.
 *
 * @throws {AppError} `not_found`.
 */
export function findEntity(db: DatabaseClient, id: string): Promise<Entity> {
  const query = db.from("entities").select(ENTITY_FIELDS.join(",")).eq("id", id).maybeSingle();
  return runSingle(asResult<Entity>(query), () => notFound("entity"));
}

/** Makes an entity, or with `upsert` brings the one up to date that has its key. */
export async function insertEntity(
  db: DatabaseClient,
  entity: NewEntity,
  idempotencyKey: string | null,
): Promise<{ entity: Entity; isNew: boolean }> {
  const { is_new: isNew, ...made } = await rpc<Entity & { is_new: boolean }>(db, "create_entity", {
    p_flow_id: entity.flow_id,
    p_type: entity.type,
    p_name: entity.name ?? null,
    p_external_key: entity.external_key ?? null,
    p_data: entity.data ?? {},
    p_node_id: entity.node_id ?? null,
    p_upsert: entity.upsert ?? false,
    p_idempotency_key: idempotencyKey,
  });
  return { entity: made, isNew };
}

/**
 * Changes an entity.
 *
 * @param ifVersion The row version it must have; null = any.
 */
export function saveEntity(
  db: DatabaseClient,
  id: string,
  changes: EntityChanges,
  ifVersion: number | null,
): Promise<Entity> {
  return rpc<Entity>(db, "update_entity", {
    p_entity_id: id,
    p_name: changes.name ?? null,
    // For SQL, null is "as it is" and empty is "none".
    p_external_key: changes.external_key === null ? "" : changes.external_key ?? null,
    p_data: changes.data ?? null,
    p_if_version: ifVersion,
  });
}

/** Moves an entity by hand. */
export function placeEntity(
  db: DatabaseClient,
  id: string,
  nodeId: string,
  ifVersion: number | null,
): Promise<Entity> {
  return rpc<Entity>(db, "move_entity", { p_entity_id: id, p_node_id: nodeId, p_if_version: ifVersion });
}

/** Deletes an entity. */
export async function removeEntity(db: DatabaseClient, id: string, ifVersion: number | null): Promise<void> {
  await rpc(db, "delete_entity", { p_entity_id: id, p_if_version: ifVersion });
}

/**
 * A page of an entity's journey.
 *
 * @throws {AppError} `not_found`.
 */
export async function findJourney(context: UserContext, id: string, query: AnyListQuery): Promise<Journey> {
  const options = JOURNEY.options(context, query, { entity_id: id });
  const { after, ascending } = await openList(options);
  type Found = { moves: Move[]; more: boolean; durations: Journey["durations"] };
  const found = await rpc<Found | null>(context.db, "get_entity_journey", {
    p_entity_id: id,
    // Moves are numbered in the order of their moments, which may be equal.
    p_after: after?.value ?? null,
    p_limit: query.limit,
    p_descending: !ascending,
  });
  if (found === null) throw notFound("entity");
  const { moves, more, durations } = found;
  const last = moves.at(-1);
  const position = more && last !== undefined ? { value: last.number, id: String(last.number) } : undefined;
  const next_cursor = position === undefined ? null : await signCursor(options.secret, options, position);
  return { data: moves, next_cursor, durations };
}

/**
 * What moved over the edges of a flow.
 *
 * @throws {AppError} `not_found`.
 */
export function findEdgeStats(
  context: UserContext,
  query: z.output<typeof EDGE_STATS.query>,
): Promise<Page<EdgeStats>> {
  const read = async () => {
    const args = { p_flow_id: query.flow_id };
    const found = await rpc<Omit<EdgeStats, "id">[] | null>(context.db, "list_edge_stats", args);
    if (found === null) throw notFound("flow");
    return found.map((edge) => ({ id: `${edge.from_node} ${edge.to_node}`, ...edge }));
  };
  return EDGE_STATS.pageOf(read, context, query);
}
