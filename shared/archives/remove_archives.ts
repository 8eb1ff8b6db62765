import type { BlobStore } from "../blobs/mod.ts";
import { type DatabaseClient, rpc } from "../db/mod.ts";

/** Objects that are removed at once. */
const BATCH = 100;

/**
 * Removes what has expired: first the objects, then their rows, so that none is left without a row.
 *
 * @returns How many.
 * @throws {AppError} `service_unavailable` when the database or Storage is away: another attempt does the rest.
 */
export async function removeArchives(
  db: DatabaseClient,
  store: BlobStore,
  signal: AbortSignal,
): Promise<{ removed: number }> {
  const options = { schema: "engine", signal } as const;
  for (let removed = 0;;) {
    const expired = await rpc<{ id: string; path: string }[]>(db, "expired_run_archives", { p_limit: BATCH }, options);
    if (expired.length === 0) return { removed };
    await store.remove(expired.map(({ path }) => path));
    removed += await rpc<number>(db, "remove_run_archives", { p_ids: expired.map(({ id }) => id) }, options);
  }
}
