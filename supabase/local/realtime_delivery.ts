/**
 * Broadcasts from the database: passes on what `realtime.send` has written, once it is committed.
 *
 * @module
 */
import type { LocalDatabase } from "./database.ts";
import { RealtimeHub } from "./realtime_hub.ts";

/** What is sent at once. */
const BATCH = 500;

interface Message extends Record<string, unknown> {
  id: string;
  topic: string;
  event: string | null;
  payload: unknown;
  private: boolean;
}

/**
 * Starts delivering.
 *
 * @returns how to stop it, settled when nothing is under way any more
 */
export async function deliverMessages(
  { executor, listen }: LocalDatabase,
  hub: RealtimeHub,
): Promise<{ stop(): Promise<void> }> {
  let isStopped = false;
  let again = false;
  let working: Promise<void> | undefined;

  const deliver = async (): Promise<void> => {
    do {
      again = false;
      const messages = await takeMessages();
      for (const { id, topic, event, payload, private: isPrivate } of messages) {
        hub.broadcast(RealtimeHub.room(topic, isPrivate), {
          type: "broadcast",
          event: event ?? "",
          payload,
          meta: { id },
        });
      }
      again ||= messages.length === BATCH;
    } while (again && !isStopped);
  };
  // What has been delivered is not kept: there is no replay here.
  const takeMessages = async (): Promise<Message[]> => {
    const rows = await executor.query<Message & { place: string | number }>(
      `delete from realtime.messages where place in (
         select place from realtime.messages where broadcasted_at is null order by place limit ${BATCH}
       ) returning id, topic, event, payload::text as payload, private, place`,
    );
    return rows
      .sort((a, b) => Number(a.place) - Number(b.place))
      .map((row) => ({ ...row, payload: JSON.parse(String(row.payload ?? "null")) }));
  };
  const wake = (): void => {
    again = true;
    if (isStopped || working) return;
    // The next message tries again when the database was away.
    working = deliver().catch(() => {}).finally(() => {
      working = undefined;
      if (again && !isStopped) wake();
    });
  };

  await listen("realtime_messages", wake);
  wake();
  return {
    async stop() {
      isStopped = true;
      await working;
    },
  };
}
