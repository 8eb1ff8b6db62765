/**
 * The types of the database. This file is a stand-in that accepts every table and function until
 * `deno task db:types` writes the real one in its place.
 *
 * @module
 */

/** Any JSON value. */
export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[];

interface LooseTable {
  Row: Record<string, Json>;
  Insert: Record<string, Json>;
  Update: Record<string, Json>;
  Relationships: [];
}

interface LooseSchema {
  Tables: Record<string, LooseTable>;
  Views: Record<string, never>;
  Functions: Record<string, { Args: Record<string, unknown>; Returns: Json }>;
}

/** The schemas that the Data API exposes. */
export interface Database {
  public: LooseSchema;
  engine: LooseSchema;
}
