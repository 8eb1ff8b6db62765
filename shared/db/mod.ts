/**
 * The database as functions reach it: clients of the Data API, calls that throw our errors, lists by cursor.
 *
 * @module
 */
export { adminClient, callerClient, type ClientOptions, type DatabaseClient } from "./client.ts";
export { type DatabaseAddress, readDatabaseAddress } from "./database_address.ts";
export {
  compareSchema,
  findSchema,
  REQUIRED_SCHEMA,
  type SchemaFinding,
  type SchemaState,
  type SchemaVersion,
} from "./schema_version.ts";
export { asResult, type QueryResult, rpc, type RpcOptions, run, runSingle } from "./query.ts";
export { type CursorPosition, type CursorScope, readCursor, signCursor } from "./cursor.ts";
export {
  containsText,
  type List,
  type ListOptions,
  listPage,
  openList,
  type Page,
  type SortableQuery,
} from "./list.ts";
export type { Database, Json } from "./database_types.ts";
