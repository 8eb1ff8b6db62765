/**
 * Reading side of {@linkcode exchange}: lines and counted bytes, each within a limit.
 *
 * @module
 */
import { NodeError } from "./node_error.ts";

const READ_SIZE = 16 * 1024;

/** The byte stream under an exchange; `Deno.Conn` fits. */
export interface ByteStream {
  read(buffer: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
}

/** Counts while it collects, into one growing buffer: a million chunks of one byte must not be a million arrays. */
export class Collector {
  readonly #max: number;
  readonly #cuts: boolean;
  #buffer = new Uint8Array(READ_SIZE);
  #size = 0;

  /**
   * @param max Bytes to accept.
   * @param cuts Whether what is beyond them ends the reading with {@linkcode BodyCut} and not with an error.
   */
  constructor(max: number, cuts = false) {
    this.#max = max;
    this.#cuts = cuts;
  }

  /** Fails when so many more bytes would be too many. */
  reserve(count: number): void {
    if (!this.#cuts && this.#size + count > this.#max) throw tooLarge(this.#max);
  }

  /** Takes a copy. */
  add(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    const room = this.#max - this.#size;
    this.#take(bytes.subarray(0, room));
    if (bytes.length > room) throw new BodyCut();
  }

  #take(bytes: Uint8Array): void {
    const size = this.#size + bytes.length;
    if (size > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(size, this.#buffer.length * 2));
      larger.set(this.#buffer);
      this.#buffer = larger;
    }
    this.#buffer.set(bytes, this.#size);
    this.#size = size;
  }

  /** All that was added. */
  bytes(): Uint8Array {
    return this.#buffer.slice(0, this.#size);
  }
}

/** The body has more bytes than are wanted. */
export class BodyCut extends Error {
  override readonly name = "BodyCut";
}

/** Reads lines and counted bytes from a stream. */
export class MessageReader {
  readonly #stream: ByteStream;
  readonly #buffer = new Uint8Array(READ_SIZE);
  #start = 0;
  #end = 0;
  /** Whether not one byte of an answer has come. */
  untouched = true;

  constructor(stream: ByteStream) {
    this.#stream = stream;
  }

  /** Reads up to the next line feed. `budget.bytes` is lowered by what was read. */
  async line(budget: { bytes: number }): Promise<string> {
    let text = "";
    for (;;) {
      if (this.#start === this.#end && !await this.#fill()) {
        throw notHttp("The connection ended within the answer", true);
      }
      const feed = this.#buffer.subarray(this.#start, this.#end).indexOf(10);
      const stop = feed < 0 ? this.#end : this.#start + feed + 1;
      budget.bytes -= stop - this.#start;
      if (budget.bytes < 0) throw notHttp("A header or chunk line is too long");
      text += String.fromCharCode(...this.#buffer.subarray(this.#start, stop));
      this.#start = stop;
      if (feed >= 0) return text.replace(/\r?\n$/, "");
    }
  }

  /** Reads this many bytes. */
  async exactly(count: number, take: (bytes: Uint8Array) => void): Promise<void> {
    for (let left = count; left > 0;) {
      if (this.#start === this.#end && !await this.#fill()) {
        throw notHttp("The connection ended within the answer", true);
      }
      const size = Math.min(left, this.#end - this.#start);
      take(this.#buffer.subarray(this.#start, this.#start + size));
      this.#start += size;
      left -= size;
    }
  }

  /** Reads to the end of the connection. */
  async rest(take: (bytes: Uint8Array) => void): Promise<void> {
    do {
      take(this.#buffer.subarray(this.#start, this.#end));
      this.#start = this.#end;
    } while (await this.#fill());
  }

  async #fill(): Promise<boolean> {
    const count = await this.#stream.read(this.#buffer);
    if (count === null) return false;
    this.untouched = false;
    this.#start = 0;
    this.#end = count;
    return count > 0 || await this.#fill();
  }
}

/** The other side does not speak HTTP as we know it. */
export function notHttp(message: string, retryable = false): NodeError {
  return new NodeError(message, { code: "http_error", retryable });
}

/** The body is over the limit. */
export function tooLarge(maxBytes: number): NodeError {
  return new NodeError(`The response is larger than ${maxBytes} bytes`, { code: "output_too_large" });
}
