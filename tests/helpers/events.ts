/**
 * Server-sent events as a client reads them.
 *
 * @module
 */

/** One event. */
export interface ReceivedEvent {
  event: string;
  id: string;
  data: Record<string, unknown>;
}

/** Reads the events of an answer until the stream ends or the reader stops, which closes the connection. */
export async function* readEvents(response: Response): AsyncGenerator<ReceivedEvent, void> {
  if (response.body === null) return;
  let text = "";
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const fields = text.slice(0, end).split("\n").map((line) => /^(\w*): ?(.*)$/.exec(line)?.slice(1) ?? ["", ""]);
      text = text.slice(end + 2);
      const event: Record<string, string> = Object.fromEntries(fields);
      if (event.data === undefined) continue;
      yield { event: event.event ?? "message", id: event.id ?? "", data: JSON.parse(event.data) };
    }
  }
}
