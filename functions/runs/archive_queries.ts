import type { StoredArchive } from "../../shared/archives/mod.ts";
import { asResult, type DatabaseClient, type Page, rpc } from "../../shared/db/mod.ts";
import { notFound } from "../../shared/errors/mod.ts";
import type { AnyListQuery, UserContext } from "../../shared/http/mod.ts";
import { RUN_ARCHIVES } from "./lists.ts";
import type { RunArchive } from "./schemas.ts";

/** A page of the organization's archives; with `fields`, only those are read. */
export function findRunArchives(context: UserContext, query: AnyListQuery): Promise<Page<RunArchive>> {
  const rows = context.db.from("run_archives").select(RUN_ARCHIVES.columns(query))
    .eq("organization_id", context.organizationId);
  return RUN_ARCHIVES.find(asResult<RunArchive[]>(rows), context, query);
}

/** An archive with what is needed to read it. */
export type StoredRunArchive = RunArchive & StoredArchive;

/**
 * An archive.
 *
 * @throws {AppError} `not_found`.
 */
export async function findRunArchive(db: DatabaseClient, id: string): Promise<StoredRunArchive> {
  const archive = await rpc<StoredRunArchive | null>(db, "get_run_archive", { p_archive_id: id });
  if (archive === null) throw notFound("archive");
  return archive;
}

/** The archives that may hold a run, in their order: in most cases one, or none. */
export async function findArchivesOf(db: DatabaseClient, runId: string): Promise<StoredRunArchive[]> {
  return await rpc<StoredRunArchive[] | null>(db, "find_run_archives", { p_run_id: runId }) ?? [];
}
