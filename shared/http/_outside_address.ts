/** Loopback, private, link-local and shared addresses, of IPv4 and IPv6. */
const INSIDE =
  /^(?:0\.|10\.|127\.|169\.254\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|::1$|f[cd][0-9a-f]{2}:|fe[89ab][0-9a-f]:)/;

/**
 * The address of a client that came from outside; null for one that is not known, or that is the platform's own: a
 * proxy, a probe, a developer's machine. Those are neither limited nor blocked.
 */
export function outsideAddress(ip: string | null): string | null {
  return ip === null || INSIDE.test(ip) ? null : ip;
}
