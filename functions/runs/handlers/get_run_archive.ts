import { z } from "zod";
import { readArchiveLines } from "../../../shared/archives/mod.ts";
import { notFound } from "../../../shared/errors/mod.ts";
import { defineRoute, idParams, isNotModified } from "../../../shared/http/mod.ts";
import { archiveStore } from "../archived_run.ts";
import { findRunArchive } from "../archive_queries.ts";

const query = z.object({
  format: z.enum(["jsonl", "gzip"]).default("jsonl").meta({
    description: "jsonl = the lines; gzip = the object as it lies in Storage",
  }),
});

/** GET /runs/archives/:id */
export const getRunArchive = defineRoute({
  method: "get",
  path: "/archives/:id",
  operationId: "getRunArchive",
  summary: "Read an archive of runs",
  description:
    "One line of JSON for each run, as `GET /runs/{id}` gave it, in the order in which they were started. A " +
    "run with more than 100 steps, or 4 MiB of outputs, goes on in lines `{run_id, steps, more_steps}` behind its own. " +
    "The ETag is the SHA-256 of the object.",
  tags: ["runs"],
  access: { user: "runs:read" },
  request: { params: idParams, query },
  responses: {
    200: {
      description: "The lines",
      contentType: "application/x-ndjson",
      headers: { ETag: "SHA-256 of the object" },
    },
    304: { description: "You have it" },
  },
  errors: ["not_found", "service_unavailable"],
}, async (c, { params, query }) => {
  const archive = await findRunArchive(c.var.request.db, params.id);
  const tag = `"${query.format === "gzip" ? "" : "l-"}${archive.sha256}"`;
  c.header("ETag", tag);
  if (isNotModified(c, tag)) return c.body(null, 304);
  const name = archive.path.split("/").at(-1) ?? "";
  const store = archiveStore(c);
  if (query.format === "gzip") {
    const body = await store.stream(archive.path);
    if (body === null) throw notFound("archive");
    c.header("Content-Type", "application/gzip");
    c.header("Content-Disposition", `attachment; filename="${name}"`);
    return c.body(body);
  }
  const lines = readArchiveLines(store, archive);
  // The first one before the answer begins: from then on an error can only cut it short.
  const first = await lines.next();
  c.header("Content-Type", "application/x-ndjson");
  return c.body(textOf(first.value, lines));
});

/** Lines as bytes, some 64 KiB at once. */
function textOf(first: string | undefined, rest: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let held = first === undefined ? "" : `${first}\n`;
  return new ReadableStream({
    async pull(controller) {
      for (;;) {
        const next = held.length < 65_536 ? await rest.next() : undefined;
        if (next?.done === false) {
          held += `${next.value}\n`;
          continue;
        }
        if (held !== "") controller.enqueue(encoder.encode(held));
        held = "";
        if (next?.done === true) controller.close();
        return;
      }
    },
    async cancel() {
      await rest.return(undefined);
    },
  });
}
