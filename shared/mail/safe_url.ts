/**
 * Which addresses may stand in a mail: web pages over https (http for this machine
 * and names that lead nowhere else, RFC 6761) and mailto.
 *
 * @param url As it is to stand there.
 * @returns Whether it may.
 */
export function isSafeUrl(url: string): boolean {
  // Browsers drop tabs and line breaks inside of addresses: what hides a scheme so is none of ours.
  if (/[\p{Cc}\s<>"\\]/u.test(url)) return false;
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return false;
  }
  if (parsed.username !== "" || parsed.password !== "") return false;
  if (parsed.protocol === "https:" || parsed.protocol === "mailto:") return true;
  return parsed.protocol === "http:" &&
    /^(localhost|127\.0\.0\.1|\[::1\]|[a-z0-9.-]+\.(localhost|test))$/.test(parsed.hostname);
}
