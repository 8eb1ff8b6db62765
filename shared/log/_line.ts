import type { LogRecord } from "@logtape/logtape";
import { redact, redactText } from "./redact.ts";

/** The platform cuts a line after 10,000 characters, which would leave broken JSON: stay below it ourselves. */
const MAX_LINE = 9_900;

/** What is kept of metadata or an error that does not fit: half of it can become escapes. */
const PREVIEW = 1_500;

/** Ids and actions are shorter. */
const MAX_WORD = 200;

/** The fields of a line, in the order in which they are written. */
interface Line {
  timestamp: string;
  level: string;
  requestId: unknown;
  userId: unknown;
  action: unknown;
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
    requestId: word(requestId),
    userId: word(userId),
    action: word(String(record.rawMessage)),
    duration: typeof duration === "number" ? Math.round(duration * 10) / 10 : null,
    error: redact(error),
    metadata: { source: record.category.slice(1).join("."), ...redactFields(metadata) },
  };
  const text = JSON.stringify(line);
  if (text.length <= MAX_LINE) return text;
  return JSON.stringify({ ...line, error: preview(line.error), metadata: preview(line.metadata) });
}

/** The metadata without its secrets. */
function redactFields(fields: Record<string, unknown>): Record<string, unknown> {
  const hidden = redact(fields);
  return typeof hidden === "object" && hidden !== null ? hidden as Record<string, unknown> : { unreadable: true };
}

/** A short text, or what it is. */
function word(value: unknown): unknown {
  return typeof value === "string" ? redactText(value).slice(0, MAX_WORD) : redact(value);
}

/** A value that is too long, as the beginning of its JSON. */
function preview(value: unknown): unknown {
  const text = JSON.stringify(value) ?? "null";
  if (text.length <= PREVIEW) return value;
  return { truncated: true, characters: text.length, preview: text.slice(0, PREVIEW) };
}
