import type { LogRecord } from "@logtape/logtape";
import { redact } from "./redact.ts";

/** The platform cuts a line after 10,000 characters, which would leave broken JSON: stay below it ourselves. */
const MAX_LINE = 9_900;

/** What is kept of metadata or an error that does not fit. */
const PREVIEW = 2_000;

/** The fields of a line, in the order in which they are written. */
interface Line {
  timestamp: string;
  level: string;
  requestId: unknown;
  userId: unknown;
  action: string;
  duration: unknown;
  error: unknown;
  metadata: Record<string, unknown>;
}

/** One record as one line of JSON: timestamp, level, requestId, userId, action, duration, error, metadata. */
export function formatLine(record: LogRecord): string {
  const { requestId = null, userId = null, duration = null, error = null, ...metadata } = record.properties;
  const line: Line = {
    timestamp: new Date(record.timestamp).toISOString(),
    level: record.level === "warning" ? "warn" : record.level,
    requestId: redact(requestId),
    userId: redact(userId),
    action: String(record.rawMessage),
    duration: typeof duration === "number" ? Math.round(duration * 10) / 10 : null,
    error: redact(error),
    metadata: { source: record.category.slice(1).join("."), ...redact(metadata) as Record<string, unknown> },
  };
  const text = JSON.stringify(line);
  if (text.length <= MAX_LINE) return text;
  return JSON.stringify({ ...line, error: preview(line.error), metadata: preview(line.metadata) });
}

/** A value that is too long, as the beginning of its JSON. */
function preview(value: unknown): unknown {
  const text = JSON.stringify(value) ?? "null";
  if (text.length <= PREVIEW) return value;
  return { truncated: true, characters: text.length, preview: text.slice(0, PREVIEW) };
}
