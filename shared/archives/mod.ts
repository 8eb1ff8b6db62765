/**
 * Runs that fell out of retention: how they lie in Storage, and how one of them is found there.
 *
 * @module
 */
export { type ArchivedLine, ArchiveWriter, type WrittenArchive } from "./archive_writer.ts";
export { findRunLines, readArchiveLines, type StoredArchive } from "./archive_reader.ts";
export { type ArchivedWeek, type ArchiveOptions, archiveRuns, type ArchiveSummary } from "./archive_runs.ts";
export { removeArchives } from "./remove_archives.ts";
export { gunzip, gzip } from "./gzip.ts";
