/**
 * Somebody who calls the functions of a stack over HTTP, with nothing between: for what answers look like on the wire.
 *
 * @module
 */
import { assertEquals } from "../helpers/assert.ts";
import type { TestStack } from "../helpers/stack.ts";

/** An answer, read. */
export interface Reply<T> {
  status: number;
  headers: Headers;
  body: T;
}

/** A caller with headers of its own. */
export interface Visitor {
  token: string | null;
  call<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Reply<T>>;
}

/** Nobody: no credential at all. */
export function stranger(stack: TestStack): Visitor {
  return visitor(stack, null, {});
}

/** A new user with an access token of the stack's Auth. */
export async function signUp(stack: TestStack): Promise<Visitor> {
  const response = await fetch(`${stack.url}/auth/v1/signup`, {
    method: "POST",
    headers: { apikey: stack.publishableKey, "content-type": "application/json" },
    body: JSON.stringify({ email: `${crypto.randomUUID()}@example.com`, password: "correct horse battery" }),
  });
  assertEquals(response.status, 200);
  const { access_token: token } = await response.json();
  return visitor(stack, token, { apikey: stack.publishableKey, authorization: `Bearer ${token}` });
}

function visitor(stack: TestStack, token: string | null, own: Record<string, string>): Visitor {
  return {
    token,
    async call<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
      const response = await fetch(`${stack.url}${path.startsWith("/rest/") ? "" : "/functions/v1"}${path}`, {
        method,
        headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...own, ...headers },
        body: body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body),
      });
      const text = await response.text();
      const isJson = /[/+]json\b/.test(response.headers.get("content-type") ?? "") && text !== "";
      return { status: response.status, headers: response.headers, body: (isJson ? JSON.parse(text) : text) as T };
    },
  };
}
