/**
 * How many seconds after its due time a schedule fires: from 0 to `jitter`, always the same for the same due time.
 * `private.schedule_jitter` in sql/35_schedules works it out in the same way.
 *
 * @param scheduleId The schedule.
 * @param dueAt The due time, milliseconds since the epoch.
 * @param jitter The most that it may be, seconds.
 */
export async function jitterSeconds(scheduleId: string, dueAt: number, jitter: number): Promise<number> {
  if (jitter <= 0) return 0;
  const text = `${scheduleId}/${Math.floor(dueAt / 1000)}`;
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new DataView(hash).getUint32(0) % (jitter + 1);
}
