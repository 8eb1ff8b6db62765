const encoder = new TextEncoder();

/**
 * Finds the name of a key among the project's keys without telling, by the time it takes, how much of it was right:
 * SHA-256 of both sides, every byte of every key compared. `timingSafeEqual` of std differs between Deno versions.
 *
 * @param presented What the caller sent.
 * @param keys Name → key.
 * @returns The name, or undefined.
 */
export async function findKeyName(
  presented: string,
  keys: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  const actual = await digest(presented);
  let found: string | undefined;
  for (const [name, key] of Object.entries(keys)) {
    if (equal(actual, await digest(key))) found = name;
  }
  return found;
}

async function digest(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(text)));
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  let difference = 0;
  for (let index = 0; index < 32; index++) difference |= (a[index] ?? 0) ^ (b[index] ?? 1);
  return difference === 0;
}
