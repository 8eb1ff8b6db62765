/**
 * Database calls of bulk operations.
 *
 * @module
 */
import { asResult, type DatabaseClient, type Page, rpc, runSingle } from "../../shared/db/mod.ts";
import { notFound } from "../../shared/errors/mod.ts";
import type { AnyListQuery, UserContext } from "../../shared/http/mod.ts";
import { BULK_OPERATIONS } from "./lists.ts";
import type { BulkOperation } from "../../shared/runs/mod.ts";

const COLUMNS =
  "id,organization_id,action,filter,status,total,done,failed,errors,error,created_by,created_at,finished_at";

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
