/**
 * The log: JSON lines with levels, without secrets.
 *
 * @module
 */
export {
  configureLog,
  type ConfigureLogOptions,
  createLog,
  type Log,
  type LogFields,
  type LogLevel,
  type LogWriter,
} from "./log.ts";
export { isSecretField, redact, REDACTED, redactSecrets, redactText } from "./redact.ts";
