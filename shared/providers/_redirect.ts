import type { Http1Response } from "./http1.ts";
import { NodeError } from "./node_error.ts";
import type { HttpRequest } from "./types.ts";

/** Header fields that may follow to another origin; all others could be credentials, whatever their name. */
const HARMLESS: ReadonlySet<string> = new Set(["accept", "accept-language", "content-type", "user-agent"]);

/**
 * Says where a redirect leads. https://www.rfc-editor.org/rfc/rfc9110#section-15.4
 *
 * @param hop The request that was answered.
 * @param url Its URL, parsed.
 * @param response The answer.
 * @param followed Redirects followed so far.
 * @returns The next request, which still has to pass the guard; null when the answer is no redirect.
 * @throws {NodeError} `http_error` when one more is not allowed or it leads from https to http.
 */
export function nextHop(hop: HttpRequest, url: URL, response: Http1Response, followed: number): HttpRequest | null {
  const location = response.headers["location"];
  if (![301, 302, 303, 307, 308].includes(response.status) || location === undefined) return null;
  if (followed >= hop.maxRedirects) {
    const message = hop.maxRedirects === 0
      ? `The server answered ${response.status} with a redirect, and redirects are not followed`
      : `More than ${hop.maxRedirects} redirects`;
    throw new NodeError(message, { code: "http_error", details: { status: response.status } });
  }
  const next = resolve(location, url);
  if (url.protocol === "https:" && next.protocol === "http:") {
    throw new NodeError("The redirect leads from https to http", { code: "http_error" });
  }
  const { body, ...rest } = hop;
  // Browsers and curl turn POST into GET for 301 and 302 too, and servers rely on it.
  const toGet = (response.status === 303 && hop.method !== "HEAD") ||
    ([301, 302].includes(response.status) && hop.method === "POST");
  let headers = Object.entries(hop.headers ?? {});
  if (next.origin !== url.origin) headers = headers.filter(([name]) => HARMLESS.has(name.toLowerCase()));
  if (toGet) headers = headers.filter(([name]) => !name.toLowerCase().startsWith("content-"));
  return {
    ...rest,
    url: next.href,
    method: toGet ? "GET" : hop.method,
    headers: Object.fromEntries(headers),
    ...(toGet || body === undefined ? {} : { body }),
  };
}

function resolve(location: string, base: URL): URL {
  try {
    return new URL(location, base);
  } catch {
    throw new NodeError("The redirect leads to no valid URL", { code: "http_error" });
  }
}
