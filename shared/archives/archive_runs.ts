import type { BlobStore } from "../blobs/mod.ts";
import { type DatabaseClient, rpc } from "../db/mod.ts";
import type { Json } from "../graph/mod.ts";
import { ArchiveWriter, type WrittenArchive } from "./archive_writer.ts";

/**
 * Bytes of lines that one object, and one job, takes: packed, a tenth or so. It bounds what is in memory at once, and the
 * processor's time of a job where that is limited (measured: 0.2 s).
 */
const PART_BYTES = 16_777_216;

/** Bytes of lines that are asked for at once. */
const PAGE_BYTES = 2_097_152;

/** Whose runs of which week. */
export interface ArchivedWeek {
  readonly organization_id: string;
  /** The Monday of the week, in UTC: `2026-11-16`. */
  readonly week: string;
}

/** What an archiving needs of the world. */
export interface ArchiveOptions {
  readonly db: DatabaseClient;
  readonly store: BlobStore;
  readonly signal: AbortSignal;
  /** Bytes of lines at which an object ends. Default 16 MiB. */
  readonly partBytes?: number | undefined;
}

/** What a job archived. */
export interface ArchiveSummary {
  readonly runs: number;
  /** The object; null = there was nothing to archive. */
  readonly path: string | null;
  /** Its size. */
  readonly bytes: number;
  /** Whether there is more: another job goes on. */
  readonly more: boolean;
}

interface Pass {
  readonly pass_id: string;
  readonly position: Json;
  readonly name: string;
  readonly part: number;
}

interface LinesPage {
  readonly lines: string[];
  readonly run_ids: string[];
  readonly begins: boolean[];
  readonly position: Json;
}

/**
 * Archives one object of the pass under way: first the object, then its row, together with the job for the next one; the
 * end of the pass last. Killed at any point, the next attempt goes on behind the last confirmed object; equal content has
 * an equal name, so nothing is there twice.
 *
 * @throws {AppError} `service_unavailable` when the database or Storage is away; `conflict` when somebody else has begun
 * to archive the same.
 */
export async function archiveRuns(of: ArchivedWeek, options: ArchiveOptions): Promise<ArchiveSummary> {
  const { db, store, signal, partBytes = PART_BYTES } = options;
  const whose = { p_organization_id: of.organization_id, p_week: of.week };
  const call = <T>(name: string, args: Readonly<Record<string, unknown>>) =>
    rpc<T>(db, name, { ...whose, ...args }, { schema: "engine", signal });
  const pass = await call<Pass | null>("begin_run_archive", {});
  if (pass === null) return { runs: 0, path: null, bytes: 0, more: false };
  const mine = { p_pass_id: pass.pass_id };

  const writer = new ArchiveWriter();
  let next = pass.position;
  let lastRunId = "";
  do {
    const page: LinesPage = await call("read_run_archive", {
      ...mine,
      p_position: next,
      p_bytes: Math.min(PAGE_BYTES, partBytes),
    });
    for (const [index, text] of page.lines.entries()) {
      lastRunId = page.run_ids[index] ?? "";
      await writer.add({ text, runId: lastRunId, begins: page.begins[index] ?? true });
    }
    next = page.position;
  } while (next !== null && writer.rawBytes < partBytes);

  let summary: ArchiveSummary = { runs: 0, path: null, bytes: 0, more: false };
  if (!writer.isEmpty) {
    const written = await writer.finish();
    const path = pathOf(of, pass, written);
    await store.put(path, written.body);
    await call("add_run_archive", {
      ...mine,
      p_archive: rowOf(written, path, pass.part),
      // Behind the last run there is nothing: a repetition finds that out by itself.
      p_position: next ?? { run_id: lastRunId },
      p_more: next !== null,
    });
    summary = { runs: written.runs, path, bytes: written.body.length, more: next !== null };
  }
  if (next === null) await call("finish_run_archive", mine);
  return summary;
}

/** The end of the name is the beginning of the hash: other content never takes the place of what was confirmed. */
function pathOf({ organization_id }: ArchivedWeek, { name, part }: Pass, { sha256 }: WrittenArchive): string {
  return `${organization_id}/runs/${name}-${String(part).padStart(4, "0")}-${sha256.slice(0, 12)}.jsonl.gz`;
}

/** The columns of `run_archives`. */
function rowOf(written: WrittenArchive, path: string, part: number): Json {
  return {
    part,
    path,
    runs: written.runs,
    lines: written.lines,
    bytes: written.body.length,
    raw_bytes: written.rawBytes,
    sha256: written.sha256,
    first_run_id: written.firstRunId,
    last_run_id: written.lastRunId,
    member_offsets: [...written.memberOffsets],
    member_run_ids: [...written.memberRunIds],
  };
}
