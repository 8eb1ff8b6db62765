/**
 * A frontend: supabase-js, a signed-in person, and nothing that a browser would not have.
 *
 * @module
 */
import { createClient, FunctionsHttpError, type SupabaseClient } from "@supabase/supabase-js";
import { assertEquals, assertExists } from "../helpers/assert.ts";
import { readEvents, type ReceivedEvent } from "../helpers/events.ts";
import type { TestStack } from "../helpers/stack.ts";

/** An answer of a function. `T` is what the caller expects in its body. */
export interface Answer<T> {
  status: number;
  headers: Headers;
  body: T;
}

/** A signed-in person. */
export interface Frontend {
  supabase: SupabaseClient;
  token: string;
  /** Calls a function as `supabase.functions.invoke` does. */
  call<T = Record<string, unknown>>(
    method: "GET" | "POST" | "PATCH" | "DELETE",
    path: string,
    body?: Record<string, unknown>,
    headers?: Record<string, string>,
  ): Promise<Answer<T>>;
  /** Watches a run until the stream ends. */
  watch(runId: string, onEvent?: (event: ReceivedEvent) => void | Promise<void>): Promise<ReceivedEvent[]>;
}

/** Signs up and is signed in. */
export async function signUp(stack: TestStack, name: string): Promise<Frontend> {
  const supabase = createClient(stack.url, stack.publishableKey, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  const { data, error } = await supabase.auth.signUp({
    email: `${name}-${crypto.randomUUID().slice(0, 8)}@example.com`,
    password: "correct horse battery",
  });
  assertEquals(error, null);
  assertExists(data.session);
  const invoke: Frontend["call"] = async <T>(
    method: "GET" | "POST" | "PATCH" | "DELETE",
    path: string,
    body?: Record<string, unknown>,
    headers: Record<string, string> = {},
  ) => {
    const result = await supabase.functions.invoke<T>(path, { method, headers, ...(body && { body }) });
    if (result.error === null) {
      const response = result.response ?? new Response();
      return { status: response.status, headers: response.headers, body: result.data as T };
    }
    if (!(result.error instanceof FunctionsHttpError)) throw result.error;
    const response = result.error.context as Response;
    return { status: response.status, headers: response.headers, body: await response.json() as T };
  };
  return {
    supabase,
    token: data.session.access_token,
    call: invoke,
    async watch(runId, onEvent = () => {}) {
      const { data, error } = await supabase.functions.invoke(`runs/${runId}/events`, {
        method: "GET",
        headers: { accept: "text/event-stream" },
      });
      assertEquals(error, null);
      const events: ReceivedEvent[] = [];
      for await (const event of readEvents(data as Response)) {
        events.push(event);
        await onEvent(event);
      }
      return events;
    },
  };
}
