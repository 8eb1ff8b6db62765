import { hashOf } from "../blobs/mod.ts";
import { gzip } from "./gzip.ts";

/** Bytes of lines that are packed together: what is unpacked to find one run. */
const MEMBER_BYTES = 262_144;

/** A line of an archive. */
export interface ArchivedLine {
  /** JSON, without line breaks. */
  readonly text: string;
  readonly runId: string;
  /** Whether the run begins with it; otherwise it goes on. */
  readonly begins: boolean;
}

/** A finished object, with what its row in `run_archives` says. */
export interface WrittenArchive {
  readonly body: Uint8Array;
  readonly sha256: string;
  readonly runs: number;
  readonly lines: number;
  /** Bytes of the lines, unpacked. */
  readonly rawBytes: number;
  readonly firstRunId: string;
  readonly lastRunId: string;
  /** Where each gzip member begins. */
  readonly memberOffsets: readonly number[];
  /** The first run that begins in each; null = none does. */
  readonly memberRunIds: readonly (string | null)[];
}

/**
 * Packs lines into one object: gzip members one behind the other, which every gzip reads as one file, and of which each
 * can be read alone. Equal lines give equal bytes. What it holds in memory is the packed object and one member.
 */
export class ArchiveWriter {
  #members: Uint8Array[] = [];
  #offsets: number[] = [];
  #runIds: (string | null)[] = [];
  #bytes = 0;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #pendingRunId: string | null = null;
  #firstRunId: string | null = null;
  #lastRunId = "";
  #runs = 0;
  #lines = 0;
  #rawBytes = 0;

  /** Bytes of the lines so far, unpacked. */
  get rawBytes(): number {
    return this.#rawBytes;
  }

  /** Whether nothing was added. */
  get isEmpty(): boolean {
    return this.#lines === 0;
  }

  /** Adds a line behind the others. */
  async add({ text, runId, begins }: ArchivedLine): Promise<void> {
    const bytes = new TextEncoder().encode(`${text}\n`);
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    this.#rawBytes += bytes.length;
    this.#lines++;
    this.#firstRunId ??= runId;
    this.#lastRunId = runId;
    if (begins) {
      this.#runs++;
      this.#pendingRunId ??= runId;
    }
    if (this.#pendingBytes >= MEMBER_BYTES) await this.#pack();
  }

  /** Ends the object. It must not be empty, and nothing can be added any more. */
  async finish(): Promise<WrittenArchive> {
    if (this.#pendingBytes > 0) await this.#pack();
    const body = concatenate(this.#members, this.#bytes);
    this.#members = [];
    return {
      body,
      sha256: await hashOf(body),
      runs: this.#runs,
      lines: this.#lines,
      rawBytes: this.#rawBytes,
      firstRunId: this.#firstRunId ?? "",
      lastRunId: this.#lastRunId,
      memberOffsets: this.#offsets,
      memberRunIds: this.#runIds,
    };
  }

  async #pack(): Promise<void> {
    const member = await gzip(concatenate(this.#pending, this.#pendingBytes));
    this.#offsets.push(this.#bytes);
    this.#runIds.push(this.#pendingRunId);
    this.#members.push(member);
    this.#bytes += member.length;
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#pendingRunId = null;
  }
}

function concatenate(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  const whole = new Uint8Array(bytes);
  let place = 0;
  for (const part of parts) {
    whole.set(part, place);
    place += part.length;
  }
  return whole;
}
