import type { ErrorCode } from "../errors/mod.ts";
import type { AnyRoute } from "./router.ts";

/** Every code that a route can answer with: what its access and request bring along, and what it names itself. */
export function errorCodesOf(route: AnyRoute): ErrorCode[] {
  const codes = new Set<ErrorCode>(["internal", "schema_mismatch", "service_unavailable", "timeout", "ip_blocked"]);
  const add = (...more: ErrorCode[]) => more.forEach((code) => codes.add(code));
  if (route.kind === "raw") {
    add("payload_too_large", "invalid_request");
  } else {
    const { access, request } = route.definition;
    // Millrace-Version may name none that there is; what no credential vouches for has the limit of its address.
    add("unauthorized", "invalid_request", "rate_limited");
    // The organization's header can be malformed, or name one that the user is not in.
    if (access.user !== undefined) add("invalid_request", "forbidden", "not_found");
    if (access.user !== undefined && route.definition.personOnly !== true) add("ip_not_allowed", "keys_not_set_up");
    if (route.definition.sensitive === true) add("mfa_required");
    if (access.secret !== undefined) add("forbidden");
    if (request?.params ?? request?.query ?? request?.headers) add("invalid_request");
    if (request?.query !== undefined && "cursor" in request.query.shape) add("invalid_cursor");
    if (request?.body !== undefined) {
      add("invalid_request", "invalid_json", "payload_too_large", "unsupported_media_type");
    }
  }
  add(...route.definition.errors ?? []);
  return [...codes];
}
