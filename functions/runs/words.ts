/**
 * Small words for sentences about runs.
 *
 * @module
 */

/** `1 item`, `3 items`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** `"a"`, `"a" and "b"`, `"a", "b" and 3 others`. */
export function and(ids: readonly string[]): string {
  const unique = [...new Set(ids)];
  const shown = unique.slice(0, unique.length > 5 ? 4 : 5).map((id) => `"${id}"`);
  if (unique.length > 5) shown.push(`${unique.length - 4} others`);
  const last = shown.pop() ?? "nothing";
  return shown.length === 0 ? last : `${shown.join(", ")} and ${last}`;
}

/** What a place is called: its label or id, and the item it belongs to. */
export function nameOf(
  { node_id, label, scope }: { readonly node_id: string | null; readonly label: string | null; readonly scope: string },
): string {
  if (node_id === null) return "the start";
  const name = label === null || label === "" || label === node_id ? `"${node_id}"` : `"${label}" (${node_id})`;
  return scope === "" ? name : `${name} in ${scope}`;
}
