import type { BlobStore } from "../blobs/mod.ts";
import { internal } from "../errors/mod.ts";
import { gunzip } from "./gzip.ts";

/** What has to be known of an object to read it: columns of `run_archives`. */
export interface StoredArchive {
  readonly path: string;
  readonly bytes: number;
  readonly member_offsets: readonly number[];
  readonly member_run_ids: readonly (string | null)[];
}

/**
 * Every line of an object, in order. One gzip member is in memory at a time.
 *
 * @throws {AppError} `internal` when the object is gone or is not what its row says.
 */
export async function* readArchiveLines(store: BlobStore, archive: StoredArchive): AsyncGenerator<string> {
  const body = await store.stream(archive.path);
  if (body === null) throw missing(archive);
  for await (const member of split(body, archive)) yield* linesOf(await unpack(member, archive));
}

/**
 * The lines of one run: the one it begins with, then those with its further steps. Reads the member in which it begins,
 * and further ones while the caller asks for more; nothing when no object holds the run.
 *
 * @param archives The objects that may hold it, in their order.
 * @throws {AppError} As {@link readArchiveLines}.
 */
export async function* findRunLines(
  store: BlobStore,
  archives: readonly StoredArchive[],
  runId: string,
): AsyncGenerator<string> {
  let found = false;
  for (const archive of archives) {
    const first: number = found ? 0 : memberOf(archive, runId);
    for (let index = first; index >= 0 && index < archive.member_offsets.length; index++) {
      for (const line of await readMember(store, archive, index)) {
        const isOfRun: boolean = found ? continues(line, runId) : begins(line, runId);
        if (isOfRun) yield line;
        else if (found) return;
        found ||= isOfRun;
      }
      // Others begin in this member, and it does not.
      if (!found) break;
    }
  }
}

async function readMember(store: BlobStore, archive: StoredArchive, index: number): Promise<string[]> {
  const { path, member_offsets: offsets, bytes } = archive;
  const member = await store.getRange(path, offsets[index]!, offsets[index + 1] ?? bytes);
  if (member === null) throw missing(archive);
  return linesOf(await unpack(member, archive));
}

/** The member in which a run begins, if the object holds it: the last one that does not begin behind it. */
function memberOf({ member_run_ids: ids }: StoredArchive, runId: string): number {
  return ids.findLastIndex((id) => id !== null && id <= runId);
}

function begins(line: string, runId: string): boolean {
  // Parsed only when it may be: a member holds many lines.
  return line.includes(runId) && (JSON.parse(line) as { id?: string }).id === runId;
}

function continues(line: string, runId: string): boolean {
  return line.includes(runId) && (JSON.parse(line) as { run_id?: string }).run_id === runId;
}

/** Cuts a stream where its members begin. */
async function* split(body: ReadableStream<Uint8Array>, archive: StoredArchive): AsyncGenerator<Uint8Array> {
  const { member_offsets: offsets, bytes } = archive;
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let index = 0;
  for await (const chunk of body) {
    let rest: Uint8Array = chunk;
    while (rest.length > 0) {
      if (index >= offsets.length) throw damaged(archive);
      const length = (offsets[index + 1] ?? bytes) - offsets[index]!;
      const part = rest.subarray(0, length - heldBytes);
      held.push(part);
      heldBytes += part.length;
      rest = rest.subarray(part.length);
      if (heldBytes < length) continue;
      yield new Uint8Array(await new Blob(held.map((bytes) => Uint8Array.from(bytes))).arrayBuffer());
      held = [];
      heldBytes = 0;
      index++;
    }
  }
  if (index < offsets.length) throw damaged(archive);
}

async function unpack(member: Uint8Array, archive: StoredArchive): Promise<string> {
  try {
    return new TextDecoder().decode(await gunzip(member));
  } catch (error) {
    throw damaged(archive, error);
  }
}

function linesOf(text: string): string[] {
  const lines = text.split("\n");
  lines.pop();
  return lines;
}

function missing({ path }: StoredArchive) {
  return internal(`The archive ${path} is not in Storage`);
}

function damaged({ path }: StoredArchive, cause?: unknown) {
  return internal(`The archive ${path} is not what its row says`, cause);
}
