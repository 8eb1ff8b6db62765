import { z } from "zod";
import { type BlobStore, RUN_ARCHIVES_BUCKET, RUN_DATA_BUCKET, serviceBlobStore } from "../blobs/mod.ts";
import { adminClient, type DatabaseClient, rpc } from "../db/mod.ts";
import { defineJob } from "./define_job.ts";

/** Rows, and objects, that are removed at once. */
const BATCHES = { rows: 2_000, objects: 100 };

/** How a tenant's removal stands after a batch: what `engine.remove_organization` answers. */
interface Batch {
  readonly removed: number;
  readonly done: boolean;
  /** What keeps the rest from going; the next run of the task takes it up. */
  readonly waits_for?: "workers" | "objects";
}

/** The job of the system task `organizations-remove`. */
export const organizationsRemove = defineJob({
  type: "organizations.remove",
  summary: "Removes what is left of organizations whose deletion was asked for 30 days ago.",
  payload: z.unknown(),
  timeoutMs: 120_000,
  maxAttempts: 5,
  async run(_payload, { env, log, signal }) {
    const db = adminClient(env);
    const stores: Record<string, BlobStore> = {};
    for (const bucket of [RUN_DATA_BUCKET, RUN_ARCHIVES_BUCKET]) {
      stores[bucket.name] = serviceBlobStore(env, { bucket });
    }
    const options = { schema: "engine", signal } as const;
    const ids = await rpc<string[]>(db, "organizations_to_remove", {}, options);
    const counts = { organizations: 0, rows: 0, objects: 0, waiting: 0 };
    for (const id of ids) {
      const removed = await removeOrganization(db, stores, id, signal);
      counts.rows += removed.rows;
      counts.objects += removed.objects;
      if (removed.done) counts.organizations++;
      else counts.waiting++;
      log.info("organization.removed", { organizationId: id, ...removed });
    }
    return counts;
  },
});

/** Rows and objects of one tenant, in turns, until nothing is left or something has to be waited for. */
async function removeOrganization(
  db: DatabaseClient,
  stores: Readonly<Record<string, BlobStore>>,
  id: string,
  signal: AbortSignal,
): Promise<{ rows: number; objects: number; done: boolean }> {
  const options = { schema: "engine", signal } as const;
  let rows = 0;
  let objects = 0;
  for (;;) {
    objects += await removeObjects(db, stores, id, signal);
    const args = { p_organization_id: id, p_limit: BATCHES.rows };
    const batch = await rpc<Batch>(db, "remove_organization", args, options);
    rows += batch.removed;
    // Objects that a worker stored meanwhile go in the next turn.
    if (batch.done || batch.waits_for === "workers") return { rows, objects, done: batch.done };
  }
}

async function removeObjects(
  db: DatabaseClient,
  stores: Readonly<Record<string, BlobStore>>,
  id: string,
  signal: AbortSignal,
): Promise<number> {
  for (let removed = 0;;) {
    const found = await rpc<{ bucket: string; path: string }[]>(
      db,
      "list_organization_objects",
      { p_organization_id: id, p_limit: BATCHES.objects },
      { schema: "engine", signal },
    );
    if (found.length === 0) return removed;
    for (const [bucket, objects] of Map.groupBy(found, (object) => object.bucket)) {
      await stores[bucket]?.remove(objects.map(({ path }) => path));
    }
    removed += found.length;
  }
}
