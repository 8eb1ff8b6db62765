import { configureSync, getLogger, type Logger, type LogRecord } from "@logtape/logtape";
import { formatLine } from "./_line.ts";

/** How important a line is. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** What a line can say besides its action. Everything that is not a field of its own goes into `metadata`. */
export interface LogFields {
  /** The id of the request. */
  readonly requestId?: string | undefined;
  /** The user who asked. */
  readonly userId?: string | null | undefined;
  /** How long it took, in milliseconds. */
  readonly duration?: number | undefined;
  /** What was thrown. */
  readonly error?: unknown;
  /** Anything else. */
  readonly [metadata: string]: unknown;
}

/** Writes lines. `action` is a short dotted word for what happened (`http.request`), never a sentence with values. */
export interface Log {
  /** For people who look for a fault. */
  debug(action: string, fields?: LogFields): void;
  /** What normally happens. */
  info(action: string, fields?: LogFields): void;
  /** What should not happen often. */
  warn(action: string, fields?: LogFields): void;
  /** What somebody must look at. */
  error(action: string, fields?: LogFields): void;
  /** The same log with fields that every line carries. */
  with(fields: LogFields): Log;
}

/** Takes a finished line. */
export type LogWriter = (line: string, level: LogLevel) => void;

/** Where lines go and which are written. */
export interface ConfigureLogOptions {
  /** The least level that is written. */
  readonly level: LogLevel;
  /** Takes each line; the console when absent. */
  readonly write?: LogWriter | undefined;
}

const CATEGORY = "millrace";

/** LogTape's names of our levels. */
const LOGTAPE_LEVELS = { debug: "debug", info: "info", warn: "warning", error: "error" } as const;

/**
 * Says once per isolate where lines go. Until then nothing is written, so that importing a module never logs. Calling
 * it again replaces what was said.
 */
export function configureLog({ level, write = writeToConsole }: ConfigureLogOptions): void {
  configureSync({
    reset: true,
    sinks: { lines: (record) => write(formatLine(record), levelOf(record)) },
    loggers: [
      { category: [CATEGORY], sinks: ["lines"], lowestLevel: LOGTAPE_LEVELS[level] },
      // LogTape's messages about itself are of interest only when it is broken.
      { category: ["logtape", "meta"], sinks: ["lines"], lowestLevel: "error" },
    ],
  });
}

/**
 * The log of one part of Millrace.
 *
 * @param name The part: a function's name, `engine`, `jobs`. It appears as `metadata.source`.
 * @param fields Fields that every line carries.
 */
export function createLog(name: string, fields: LogFields = {}): Log {
  return wrap(getLogger([CATEGORY, name]).with({ ...fields }));
}

function wrap(logger: Logger): Log {
  return {
    debug: (action, fields = {}) => logger.debug(action, { ...fields }),
    info: (action, fields = {}) => logger.info(action, { ...fields }),
    warn: (action, fields = {}) => logger.warn(action, { ...fields }),
    error: (action, fields = {}) => logger.error(action, { ...fields }),
    with: (fields) => wrap(logger.with({ ...fields })),
  };
}

function levelOf(record: LogRecord): LogLevel {
  if (record.level === "warning") return "warn";
  if (record.level === "trace") return "debug";
  return record.level === "fatal" ? "error" : record.level;
}

/** The platform takes the level of an event from the console method. The one place outside the tools that uses it. */
function writeToConsole(line: string, level: LogLevel): void {
  // deno-lint-ignore millrace/no-console no-console
  console[level](line);
}
