/**
 * Decides which URLs flows may call. Tenants choose the URL and our server sends the request, so an address inside
 * (a database, a metadata service) must never be reached, however it is spelled.
 *
 * The rule is a list of what is allowed, not of what is known to be bad: the address must be global unicast. The
 * ranges come from ipaddr.js; what it does not know stands in {@linkcode addressFault}.
 *
 * @module
 */
import ipaddr from "ipaddr.js";
import { NodeError } from "./node_error.ts";

/** Characters a URL may have here. Stripe's and Google's longest documented URLs stay under 2 KiB. */
const MAX_URL_LENGTH = 8_192;

/** Ports below 1024 that serve the web; all others there belong to mail, shells, directories. */
const LOW_PORTS: ReadonlySet<number> = new Set([80, 443]);

/**
 * Ports above 1023 of databases, caches, queues and control planes. A public address may still be the owner's own
 * database, and an HTTP request is a command to some of them.
 */
const SERVICE_PORTS: ReadonlySet<number> = new Set([
  1433, // SQL Server
  1521, // Oracle
  2049, // NFS
  2181, // ZooKeeper
  2375, // Docker
  2376,
  2379, // etcd
  2380,
  2525, // SMTP
  3306, // MySQL
  3389, // RDP
  5432, // Postgres
  5672, // AMQP
  5900, // VNC
  6000, // X11
  6379, // Redis
  6543, // Supavisor
  6667, // IRC
  9042, // Cassandra
  9092, // Kafka
  10250, // kubelet
  11211, // memcached
  27017, // MongoDB
]);

/** Names that mean a place inside whatever they resolve to. */
const INSIDE_NAME = /(^|\.)(localhost|local|internal|intranet|lan|corp|home\.arpa|onion)$/;

/** A URL that passed every check that needs no name lookup. */
export interface Target {
  /** The URL, parsed. */
  url: URL;
  /** Host without the brackets of IPv6. */
  hostname: string;
  /** Port, the scheme's default filled in. */
  port: number;
  /** Whether the host is an address and not a name. */
  literal: boolean;
  /** Whether the operator allowed this host and port by name: then its addresses are not checked. */
  exempt: boolean;
}

/**
 * Reads a URL and refuses all that flows may not call, as far as this can be seen without a name lookup.
 *
 * @param input The URL as written by the flow's owner.
 * @param allow `host:port` pairs that the operator allowed (`EGRESS_ALLOW`).
 * @returns The target; its name is still to be resolved and its addresses to be checked.
 * @throws {NodeError} `node_config_invalid` when it is no URL, `blocked_address` when it may not be called.
 */
export function parseTarget(input: string, allow: readonly string[] = []): Target {
  if (input.length > MAX_URL_LENGTH) throw invalid(`The URL is longer than ${MAX_URL_LENGTH} characters`);
  // The URL parser drops tabs and line breaks and turns "\" into "/": what is checked must be what was written.
  // deno-lint-ignore no-control-regex
  if (/[\u0000-\u0020\u007f\\]/.test(input)) {
    throw invalid("The URL holds white space, control characters or a backslash");
  }
  const url = tryUrl(input);
  if (url === null) throw invalid("Cannot parse the URL");
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw blocked(`Only http and https can be called, not ${url.protocol}`, url.protocol);
  }
  if (url.username !== "" || url.password !== "") {
    throw blocked("The URL holds a user name or password; use the node's authentication instead", "userinfo");
  }
  const port = url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
  const hostname = url.hostname.replace(/^\[|\]$/g, "");
  const target = { url, hostname, port, literal: ipaddr.isValid(hostname), exempt: false };
  if (allow.some((entry) => entry.toLowerCase() === `${url.hostname}:${port}`)) return { ...target, exempt: true };
  checkPort(port);
  if (target.literal) checkLiteral(target, input);
  else checkName(hostname);
  return target;
}

/**
 * Refuses a list of addresses when one of them lies inside. All are looked at because the caller may dial any of
 * them, and because a name with one good and one bad address is an attack, not a mistake.
 *
 * @param addresses What the name resolved to.
 * @throws {NodeError} `blocked_address`.
 */
export function checkAddresses(addresses: readonly string[]): void {
  for (const address of addresses) {
    const fault = addressFault(address);
    // The address itself is not told: the flow's owner could map an inside network with it.
    if (fault !== null) throw blocked("The host leads to an address that flows must not call", fault);
  }
}

/**
 * Says why an address must not be called.
 *
 * @param address IPv4 or IPv6 in text form.
 * @returns A word for the range it lies in, null when it is global unicast.
 */
export function addressFault(address: string): string | null {
  // One spelling only: a second parser further down must not read something else.
  const plain = address.includes(":") ? /^[0-9a-f:.]+$/i.test(address) : ipaddr.IPv4.isValidFourPartDecimal(address);
  if (!plain || !ipaddr.isValid(address)) return "not_an_address";
  const parsed = ipaddr.parse(address);
  const range: string = parsed.range();
  if (range !== "unicast") return range;
  if (parsed.kind() === "ipv4") {
    // Azure's host agent answers inside every virtual machine at an address that looks public.
    return address === "168.63.129.16" ? "metadata" : null;
  }
  // Only 2000::/3 is global unicast. This also refuses IPv4-compatible ::/96 and all that is not assigned yet.
  const first = parsed.toByteArray()[0] ?? 0;
  if ((first & 0xe0) !== 0x20) return "unassigned";
  return null;
}

function checkPort(port: number): void {
  if (port === 0 || (port < 1024 && !LOW_PORTS.has(port)) || SERVICE_PORTS.has(port)) {
    throw blocked(`Port ${port} must not be called`, "port");
  }
}

function checkLiteral(target: Target, input: string): void {
  checkAddresses([target.hostname]);
  // A decimal, hex, octal, short or full-width spelling is never an honest one, even of a public address.
  const plain = `${target.url.protocol}//${target.url.hostname}`;
  const next = input.slice(plain.length, plain.length + 1);
  if (target.url.hostname.startsWith("[")) return;
  if (input.slice(0, plain.length).toLowerCase() !== plain || !["", ":", "/", "?", "#"].includes(next)) {
    throw blocked("Write the address as four decimal numbers", "spelling");
  }
}

function checkName(hostname: string): void {
  if (hostname.endsWith(".")) throw blocked("The host name ends with a dot", "trailing_dot");
  if (!hostname.includes(".") || INSIDE_NAME.test(hostname)) {
    throw blocked("The host name means a place inside", "inside_name");
  }
}

function tryUrl(input: string): URL | null {
  try {
    return new URL(input);
  } catch {
    return null;
  }
}

function blocked(message: string, reason: string): NodeError {
  return new NodeError(message, { code: "blocked_address", details: { reason } });
}

function invalid(message: string): NodeError {
  return new NodeError(message, { code: "node_config_invalid" });
}
