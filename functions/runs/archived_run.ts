/**
 * Runs that have fallen out of retention, read from their archives.
 *
 * A run that is asked for and not in the database costs one look into `run_archives` more; one that is archived costs one
 * range of some 40 KB from Storage besides.
 *
 * @module
 */
import { findRunLines } from "../../shared/archives/mod.ts";
import { type BlobStore, callerBlobStore, RUN_ARCHIVES_BUCKET } from "../../shared/blobs/mod.ts";
import { isAppError, notFound } from "../../shared/errors/mod.ts";
import type { RouteContext, UserAccess } from "../../shared/http/mod.ts";
import type { RunDetails, Step } from "../../shared/runs/mod.ts";
import { findArchivesOf } from "./archive_queries.ts";

/** A line with further steps of a run. */
interface StepsLine {
  readonly steps: Step[];
}

/** Storage as the caller, who may read the archives of the own organizations. */
export function archiveStore(c: RouteContext<UserAccess>): BlobStore {
  const jwt = c.req.header("authorization")?.replace(/^bearer +/i, "") ?? "";
  return callerBlobStore(c.var.request.env, jwt, { bucket: RUN_ARCHIVES_BUCKET });
}

/**
 * What `find` gives, or what `findArchived` does when `find` finds no run.
 *
 * @throws {AppError} `not_found` when neither does, and what else they throw.
 */
export async function orArchived<T>(find: () => Promise<T>, findArchived: () => Promise<T>): Promise<T> {
  try {
    return await find();
  } catch (error) {
    if (!isAppError(error) || error.code !== "not_found") throw error;
    return await findArchived();
  }
}

/**
 * An archived run with its first steps.
 *
 * @throws {AppError} `not_found`; `service_unavailable` when Storage is away.
 */
export async function findArchivedRun(c: RouteContext<UserAccess>, id: string): Promise<RunDetails> {
  for await (const line of linesOf(c, id)) return { ...JSON.parse(line) as RunDetails, archived: true };
  throw notFound("run");
}

/**
 * All steps of an archived run, in order of their end.
 *
 * @throws {AppError} As {@link findArchivedRun}.
 */
export async function* archivedSteps(c: RouteContext<UserAccess>, id: string): AsyncGenerator<Step> {
  let found = false;
  for await (const line of linesOf(c, id)) {
    found = true;
    yield* (JSON.parse(line) as StepsLine).steps;
  }
  if (!found) throw notFound("run");
}

async function* linesOf(c: RouteContext<UserAccess>, id: string): AsyncGenerator<string> {
  const archives = await findArchivesOf(c.var.request.db, id);
  if (archives.length > 0) yield* findRunLines(archiveStore(c), archives, id);
}
