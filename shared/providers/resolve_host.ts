/**
 * Name lookup for outgoing requests.
 *
 * @module
 */

/**
 * Resolves a host name to all its addresses.
 *
 * @param hostname A name, not an address.
 * @param signal Ends the lookup early.
 * @returns IPv4 addresses first: not every region of the platform has IPv6. Empty when the name has none.
 */
export type HostResolver = (hostname: string, signal: AbortSignal) => Promise<string[]>;

/** Asks the system's name servers for A and AAAA records. The hosts file is not read. */
export async function resolveHost(hostname: string, signal: AbortSignal): Promise<string[]> {
  const answers = await Promise.allSettled([
    Deno.resolveDns(hostname, "A", { signal }),
    Deno.resolveDns(hostname, "AAAA", { signal }),
  ]);
  signal.throwIfAborted();
  return answers.flatMap((answer) => answer.status === "fulfilled" ? answer.value : []);
}
