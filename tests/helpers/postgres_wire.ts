/**
 * Just enough of Postgres' wire protocol (https://www.postgresql.org/docs/17/protocol-message-formats.html) to see where a
 * statement begins, where its transaction is asked for, and where it is confirmed.
 *
 * @module
 */

/** A message, whole. */
export interface WireMessage {
  /** Its type byte as a letter; empty for the first one of a client. */
  type: string;
  bytes: Uint8Array<ArrayBuffer>;
}

/** Cuts a stream of bytes into messages. */
export class WireReader {
  #rest: Uint8Array<ArrayBuffer> = new Uint8Array();
  #untyped: boolean;

  /** @param fromClient A client's first message has no type. */
  constructor(fromClient: boolean) {
    this.#untyped = fromClient;
  }

  /** The messages that are complete with these bytes. */
  read(chunk: Uint8Array): WireMessage[] {
    this.#rest = concat(this.#rest, chunk);
    const messages: WireMessage[] = [];
    for (;;) {
      const head = this.#untyped ? 0 : 1;
      if (this.#rest.length < head + 4) return messages;
      const view = new DataView(this.#rest.buffer, this.#rest.byteOffset);
      const size = head + view.getInt32(head);
      if (this.#rest.length < size) return messages;
      messages.push({
        type: head === 0 ? "" : String.fromCharCode(this.#rest[0]!),
        bytes: this.#rest.slice(0, size),
      });
      this.#rest = this.#rest.slice(size);
      this.#untyped = false;
    }
  }
}

/** Bytes of several pieces in one. */
export function concat(...pieces: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let place = 0;
  for (const piece of pieces) {
    whole.set(piece, place);
    place += piece.length;
  }
  return whole;
}
