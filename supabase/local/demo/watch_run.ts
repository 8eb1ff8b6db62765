/**
 * Shows a run while it happens.
 *
 * @module
 */
import { TextLineStream } from "deno-std/streams/mod.js";
import { style } from "../terminal.ts";
import type { Api } from "./api.ts";

/** An attempt of a node, as the API tells it. */
interface Step {
  node_id: string;
  attempt: number;
  status: string;
  output: unknown;
  error: { code: string; message: string } | null;
  duration_ms: number;
}

/** Longer than the demo's runs may take. */
const PATIENCE_MS = 60_000;

/**
 * Prints each step of a run as it is recorded.
 *
 * @returns the status it ended with
 * @throws when it has not ended within a minute
 */
export async function watchRun(api: Api, runId: string): Promise<string> {
  const until = Date.now() + PATIENCE_MS;
  let lastId = "";
  while (Date.now() < until) {
    const headers = { accept: "text/event-stream", ...(lastId ? { "last-event-id": lastId } : {}) };
    const response = await api.open("GET", `/functions/v1/runs/${runId}/events`, { headers, quiet: lastId !== "" });
    for await (const event of readEvents(response)) {
      lastId = event.id;
      if (event.name === "step") showStep(event.data as Step);
      if (event.name === "end") {
        await response.body?.cancel().catch(() => {});
        return (event.data as { status: string }).status;
      }
    }
    // The stream ended before the run did: go on behind its last event.
  }
  throw new Error(`The run ${runId} did not end within a minute`);
}

function showStep({ node_id, attempt, status, output, error, duration_ms }: Step): void {
  const mark = status === "completed"
    ? style("✓", "green")
    : status === "skipped"
    ? style("–", "dim")
    : style("✗", "red");
  const name = `${node_id}${attempt > 1 ? ` (attempt ${attempt})` : ""}`.padEnd(12);
  const text = error ? `${error.code}: ${error.message}` : JSON.stringify(output);
  console.log(
    `    ${mark} ${name} ${status.padEnd(9)} ${style(`${Math.round(duration_ms)} ms`.padStart(7), "dim")}  ${
      short(text)
    }`,
  );
}

function short(text: string): string {
  return text.length > 140 ? `${text.slice(0, 139)}…` : text;
}

/** https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation */
async function* readEvents(response: Response): AsyncGenerator<{ id: string; name: string; data: unknown }> {
  let [id, name, data] = ["", "message", ""];
  const lines = response.body!.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
  for await (const line of lines as AsyncIterable<string>) {
    const [, field = "", value = ""] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (line === "") {
      if (data) yield { id, name, data: JSON.parse(data) };
      [name, data] = ["message", ""];
    } else if (field === "id") id = value;
    else if (field === "event") name = value;
    else if (field === "data") data += value;
  }
}
