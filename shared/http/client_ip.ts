/** Four numbers, the last part of addresses that wrap an IPv4 one. */
const MAPPED_V4 = /^(?:::ffff:|::ffff:0:)((?:\d{1,3}\.){3}\d{1,3})$/i;
const V4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;
const V6 = /^[0-9a-f:]{2,39}$/i;

/**
 * The address that a request came from, as the outermost proxy we trust has seen it: so many entries from the end of
 * `X-Forwarded-For`. Each proxy appends the address it was called from, so what a client sends itself stands further to
 * the left and is never read. No other header counts: most of them pass through proxies unchanged.
 *
 * @param headers The request's headers.
 * @param trustedProxyHops How many proxies write into the header; 0 = none that could be trusted.
 * @returns An IPv4 or IPv6 address; null when it is not known: no header, fewer entries than proxies, or no address.
 */
export function clientIp(headers: Headers, trustedProxyHops: number): string | null {
  if (trustedProxyHops < 1) return null;
  // Several headers of that name arrive as one, in their order.
  const entries = headers.get("x-forwarded-for")?.split(",") ?? [];
  const entry = entries.at(-trustedProxyHops);
  return entry === undefined ? null : readAddress(entry.trim());
}

/** An address without brackets, port and zone; null when it is none. */
function readAddress(text: string): string | null {
  if (text.length > 64) return null;
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
  const address = MAPPED_V4.exec(bare)?.[1] ?? bare.replace(/%.*$/, "");
  if (V4.test(address)) return address;
  return isV6(address) ? address.toLowerCase() : null;
}

/** The URL parser knows every spelling of IPv6, and what is none. */
function isV6(text: string): boolean {
  return V6.test(text) && URL.canParse(`http://[${text}]/`);
}
