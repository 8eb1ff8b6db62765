import type { JsonObject } from "../../shared/graph/mod.ts";

/**
 * Never kept: credentials, and signatures, with which whoever reads the log could send the delivery again wherever no
 * time is signed.
 */
const CREDENTIAL = /^(?:(?:proxy-)?authorization|cookie|apikey)$|api-?key|token|secret|password|signature|hmac/;

/** What proxies and the platform add: nothing that the sender said. */
const TRANSPORT =
  /^(?:x-forwarded-.*|forwarded|via|x-real-ip|x-client-ip|true-client-ip|cf-.*|cdn-.*|sb-.*|connection|keep-alive|te|trailer|transfer-encoding|upgrade|accept-encoding|content-length|host)$/;

const MAX_HEADERS = 64;
const MAX_VALUE_LENGTH = 2_000;

/**
 * The headers of a delivery that are kept with the event and that the flow sees.
 *
 * @param config The endpoint's settings: they name the header that carries the signature.
 */
export function keptHeaders(headers: Headers, config: JsonObject): Record<string, string> {
  const signature = String(config.signature_header ?? "").toLowerCase();
  const kept = [...headers].filter(([name]) => !CREDENTIAL.test(name) && !TRANSPORT.test(name) && name !== signature);
  return Object.fromEntries(
    kept.slice(0, MAX_HEADERS).map(([name, value]) => [name, value.slice(0, MAX_VALUE_LENGTH)]),
  );
}
