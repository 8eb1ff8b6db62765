import type { Env } from "../env/mod.ts";
import { redact, redactText } from "../log/mod.ts";

/** How long sending may take, in milliseconds. */
const FLUSH_MILLISECONDS = 2_000;

let initialized = false;

/**
 * Reports an error to Sentry when SENTRY_DSN is set. The library is loaded by the first report (50 ms), never at start.
 *
 * @param env Holds the DSN.
 * @param error What was thrown.
 * @param tags Words to search by: request id, route, function.
 */
export async function reportError(env: Env, error: unknown, tags: Readonly<Record<string, string>>): Promise<void> {
  if (env.sentryDsn === null) return;
  const sentry = await import("@sentry/deno");
  if (!initialized) {
    initialized = true;
    sentry.init({
      dsn: env.sentryDsn,
      // Its default integrations instrument globals and collect request data; we send what we say and no more.
      defaultIntegrations: false,
      sendDefaultPii: false,
      tracesSampleRate: 0,
      beforeSend(event) {
        for (const exception of event.exception?.values ?? []) {
          if (exception.value !== undefined) exception.value = redactText(exception.value);
        }
        if (event.extra !== undefined) event.extra = redact(event.extra) as Record<string, unknown>;
        return event;
      },
    });
  }
  sentry.captureException(error, { tags: { ...tags } });
  await sentry.flush(FLUSH_MILLISECONDS);
}
