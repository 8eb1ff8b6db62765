/**
 * Replaces the access tokens in lite's replies by such as hosted Auth issues.
 *
 * @module
 */
import { hostedToken, TokenHookError, type TokenOptions } from "./access_tokens.ts";

/** The reply with its tokens replaced: in a JSON body, or in the fragment a browser is redirected to. */
export async function withHostedTokens(response: Response, options: TokenOptions): Promise<Response> {
  try {
    const location = response.headers.get("location");
    if (location?.includes("access_token=")) return await inRedirect(response, location, options);
    if (response.ok && response.headers.get("content-type")?.startsWith("application/json")) {
      return await inBody(response, options);
    }
    return response;
  } catch (error) {
    if (!(error instanceof TokenHookError)) throw error;
    const body = { code: error.status, error_code: "unexpected_failure", msg: error.message };
    return Response.json(body, { status: error.status, headers: { "access-control-allow-origin": "*" } });
  }
}

async function inBody(response: Response, options: TokenOptions): Promise<Response> {
  const text = await response.text();
  const headers = new Headers(response.headers);
  headers.delete("content-length");
  const body = JSON.parse(text);
  if (typeof body?.access_token !== "string") return new Response(text, { status: response.status, headers });
  body.access_token = await hostedToken(body.access_token, body.user, options);
  return new Response(JSON.stringify(body), { status: response.status, headers });
}

async function inRedirect(response: Response, location: string, options: TokenOptions): Promise<Response> {
  const url = new URL(location);
  const fragment = new URLSearchParams(url.hash.slice(1));
  fragment.set("access_token", await hostedToken(fragment.get("access_token")!, undefined, options));
  url.hash = fragment.toString();
  const headers = new Headers(response.headers);
  headers.set("location", url.href);
  return new Response(null, { status: response.status, headers });
}
