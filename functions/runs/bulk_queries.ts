/**
 * Database calls of bulk operations.
 *
 * @module
 */
import { asResult, type DatabaseClient, type Page, rpc, runSingle } from "../../shared/db/mod.ts";
import { notFound } from "../../shared/errors/mod.ts";
import type { AnyListQuery, UserContext } from "../../shared/http/mod.ts";
import { BULK_OPERATIONS } from "./lists.ts";
import type { BulkFilter, BulkOperation } from "./bulk_schemas.ts";

const COLUMNS =
  "id,organization_id,action,filter,status,total,done,failed,errors,error,created_by,created_at,finished_at";

/** What {@linkcode insertBulkOperation} takes. */
export interface NewBulkOperation {
  readonly organizationId: string;
  readonly action: string;
  readonly filter: BulkFilter;
  readonly idempotencyKey: string | null;
}

/** Has an action done to all runs that a filter finds. */
export async function insertBulkOperation(db: DatabaseClient, operation: NewBulkOperation): Promise<BulkOperation> {
  const { dry_run: _, ...made } = await create<BulkOperation & { dry_run: false }>(db, operation, false);
  return made;
}

/** How many runs that would be. */
export async function countBulkOperation(db: DatabaseClient, operation: NewBulkOperation): Promise<{ total: number }> {
  const { total } = await create<{ total: number }>(db, operation, true);
  return { total };
}

function create<T>(db: DatabaseClient, operation: NewBulkOperation, dryRun: boolean): Promise<T> {
  return rpc<T>(db, "create_bulk_operation", {
    p_organization_id: operation.organizationId,
    p_action: operation.action,
    p_filter: operation.filter,
    p_dry_run: dryRun,
    p_idempotency_key: operation.idempotencyKey,
  });
}

/**
 * A bulk operation.
 *
 * @throws {AppError} `not_found`.
 */
export function findBulkOperation(db: DatabaseClient, id: string): Promise<BulkOperation> {
  const query = db.from("bulk_operations").select(COLUMNS).eq("id", id).maybeSingle();
  return runSingle(asResult<BulkOperation>(query), () => notFound("operation"));
}

/** A page of the organization's bulk operations. */
export function findBulkOperations(
  context: UserContext,
  query: AnyListQuery,
): Promise<Page<BulkOperation>> {
  const rows = context.db.from("bulk_operations").select(COLUMNS).eq(
    "organization_id",
    context.organizationId,
  );
  return BULK_OPERATIONS.find(asResult<BulkOperation[]>(rows), context, query);
}

/** Stops a bulk operation. */
export function endBulkOperation(db: DatabaseClient, id: string): Promise<BulkOperation> {
  return rpc<BulkOperation>(db, "cancel_bulk_operation", { p_operation_id: id });
}
