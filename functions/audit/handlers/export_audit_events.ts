import { z } from "zod";
import { defineRoute } from "../../../shared/http/mod.ts";
import { CSV_COLUMNS, csvLine } from "../csv.ts";
import { auditFilters } from "../lists.ts";
import { type AuditEvent, readAuditEvents } from "../queries.ts";

const { actor, user_id, key_id, via, action, target_type, target_id, ip, request_id, q, from, to } = auditFilters;
const query = z.object({
  format: z.enum(["jsonl", "csv"]).default("jsonl"),
  actor: actor.schema,
  user_id: user_id.schema,
  key_id: key_id.schema,
  via: via.schema,
  action: action.schema,
  target_type: target_type.schema,
  target_id: target_id.schema,
  ip: ip.schema,
  request_id: request_id.schema,
  q: q.schema,
  from: from.schema,
  to: to.schema,
});

/** GET /audit/export */
export const exportAuditEvents = defineRoute({
  method: "get",
  path: "/export",
  operationId: "exportAuditEvents",
  summary: "Export the audit log",
  description:
    "All rows that the filters find, oldest first, as lines of JSON or as CSV, streamed. Cells that a spreadsheet would " +
    "take for a formula begin with an apostrophe. That it was exported stands in the log.",
  tags: ["audit"],
  access: { user: "audit:read" },
  request: { query },
  responses: {
    200: {
      description: "The rows",
      contentType: "application/x-ndjson",
      headers: { "Content-Disposition": "A name for the file" },
    },
  },
}, async (c, { query: { format, ...filter } }) => {
  const chunks = readAuditEvents(c.var.request, filter);
  // The first one before the answer begins: from then on an error can only cut it short.
  const first = await chunks.next();
  c.header("Content-Type", format === "csv" ? "text/csv; charset=utf-8" : "application/x-ndjson");
  c.header("Content-Disposition", `attachment; filename="audit.${format}"`);
  c.header("Cache-Control", "no-store");
  return c.body(textOf(first.value ?? [], chunks, format));
});

function textOf(first: AuditEvent[], rest: AsyncGenerator<AuditEvent[]>, format: "jsonl" | "csv") {
  const encoder = new TextEncoder();
  let rows: AuditEvent[] | undefined = first;
  let head = format === "csv" ? csvLine(CSV_COLUMNS) : "";
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (rows === undefined) {
        const next = await rest.next();
        if (next.done === true) return controller.close();
        rows = next.value;
      }
      const text = head + rows.map((row) => lineOf(row, format)).join("");
      head = "";
      rows = undefined;
      if (text !== "") controller.enqueue(encoder.encode(text));
      // Nothing was given: it has to be asked again.
      else return await this.pull?.(controller);
    },
    async cancel() {
      await rest.return(undefined);
    },
  });
}

function lineOf(row: AuditEvent, format: "jsonl" | "csv"): string {
  return format === "csv" ? csvLine(CSV_COLUMNS.map((name) => row[name])) : `${JSON.stringify(row)}\n`;
}
