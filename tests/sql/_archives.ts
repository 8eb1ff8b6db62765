/**
 * Archives of runs, made and read.
 *
 * @module
 */
import { archiveRuns, type ArchiveSummary } from "../../shared/archives/mod.ts";
import { type BlobStore, RUN_ARCHIVES_BUCKET, serviceBlobStore } from "../../shared/blobs/mod.ts";
import { adminClient } from "../../shared/db/mod.ts";
import type { JsonObject } from "../../shared/graph/mod.ts";
import type { ApiUser, TestApi } from "../helpers/api.ts";
import { assertEquals } from "../helpers/assert.ts";
import type { Keeper } from "./_retention.ts";

/** A week that is long over. */
export const WEEK = "2026-01-05";
/** When pro, which keeps runs for 30 days, has let go of it. */
export const AFTER = "2026-02-12Z";

/** Archives all that is asked for, one job after the other; gives what the jobs did. */
export async function archive(
  api: TestApi,
  keeper: Keeper,
  partBytes?: number,
  store = archives(api),
): Promise<ArchiveSummary[]> {
  const summaries: ArchiveSummary[] = [];
  do {
    summaries.push(
      await archiveRuns({ organization_id: keeper.organizationId, week: WEEK }, {
        db: adminClient(api.env),
        store,
        signal: new AbortController().signal,
        partBytes,
      }),
    );
  } while (summaries.at(-1)!.more);
  return summaries;
}

/** Where archives lie, as the service sees it. */
export function archives(api: TestApi): BlobStore {
  return serviceBlobStore(api.env, { bucket: RUN_ARCHIVES_BUCKET });
}

/** A user of the API in the keeper's organization. */
export function member(api: TestApi, { organizationId }: Keeper): Promise<ApiUser> {
  return api.createMember(organizationId, "viewer");
}

/** Every line of the organization's archives as the API gives them. */
export async function download(user: ApiUser): Promise<JsonObject[]> {
  const { body } = await user.get<{ data: { id: string; part: number; lines: number }[] }>("/runs/archives?limit=100");
  const lines: JsonObject[] = [];
  for (const { id, lines: count } of body.data.toReversed()) {
    const reply = await user.get<string>(`/runs/archives/${id}`);
    assertEquals([reply.status, reply.headers.get("content-type")], [200, "application/x-ndjson"]);
    const found = String(reply.body).trimEnd().split("\n").map((line) => JSON.parse(line) as JsonObject);
    assertEquals(found.length, count);
    lines.push(...found);
  }
  return lines;
}

/** What `GET /runs/:id` answers, for every run of an organization. */
export async function everyRun(api: TestApi, { organizationId }: Keeper): Promise<JsonObject[]> {
  const rows = await api.db.sql<{ run: JsonObject }[]>`
    select public.get_run(r.id) as run from public.runs r where r.organization_id = ${organizationId} order by r.id`;
  return rows.map(({ run: { more, ...run } }) => ({ ...run, more_steps: more!, waiting_for: null }));
}
