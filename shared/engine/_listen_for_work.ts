import type postgres from "postgres";

/** The channel on which Postgres says that there is work; the payload is the id of a worker, or empty for all. */
const CHANNEL = "millrace_jobs";

/** Milliseconds within which a notification to ourselves must come back. */
const PROBE_MS = 1_000;

/**
 * Listens for news of work on a connection of its own, which `sql` opens again should it break.
 *
 * What shares connections among clients by the transaction takes LISTEN without a word and hears nothing of what follows.
 * So we tell ourselves something first, and give it up when that does not arrive.
 *
 * @param sql The connections; one more is opened.
 * @param onNotify Called when there is work, and after the connection was lost: something may have been missed.
 * @returns Ends it; null when nothing would ever be heard.
 */
export async function listenForWork(
  sql: postgres.Sql,
  onNotify: (workerId: string) => void,
): Promise<(() => Promise<void>) | null> {
  const probe = `millrace_probe_${crypto.randomUUID().replaceAll("-", "")}`;
  const heard = Promise.withResolvers<boolean>();
  const probing = await sql.listen(probe, () => heard.resolve(true));
  const news = await sql.listen(CHANNEL, onNotify, () => onNotify(""));
  const stop = async (): Promise<void> => await news.unlisten();
  const timer = setTimeout(() => heard.resolve(false), PROBE_MS);
  try {
    await sql.notify(probe, "");
    if (await heard.promise) return stop;
    await stop();
    return null;
  } finally {
    clearTimeout(timer);
    await probing.unlisten();
  }
}
