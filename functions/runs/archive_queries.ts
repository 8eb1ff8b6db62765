import type { StoredArchive } from "../../shared/archives/mod.ts";
import { type DatabaseClient, openList, type Page, rpc } from "../../shared/db/mod.ts";
import { notFound } from "../../shared/errors/mod.ts";
import { listOptions, type PageQuery, type UserContext } from "../../shared/http/mod.ts";
import type { RunArchive } from "./schemas.ts";

/** A page of the organization's archives, newest first. */
export async function findRunArchives(
  context: UserContext,
  query: PageQuery<"-id"> & { readonly week?: string | undefined },
): Promise<Page<RunArchive>> {
  const list = await openList(listOptions(context, "run_archives", query));
  return await list.page(
    await rpc<RunArchive[] | null>(context.db, "list_run_archives", {
      p_organization_id: context.organizationId,
      p_week: query.week ?? null,
      p_after: list.after?.id ?? null,
      p_limit: list.fetchCount,
    }) ?? [],
  );
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
