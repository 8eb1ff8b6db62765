/**
 * The versions of the API: dates, each with what it changed. Code knows the present one only; what older callers send
 * is brought up to it on the way in, and answers are brought back on the way out.
 *
 * A new version: a file beside this one, and a line in {@link API_VERSIONS}. See docs/versioning.md.
 *
 * @module
 */
import { invalidRequest } from "../../errors/mod.ts";
import { v2026_11_21 } from "./2026_11_21.ts";
import type { ApiVersion } from "./types.ts";

export type { ApiChange, ApiVersion } from "./types.ts";

/** Every version that is answered, the oldest first; the last one is what code knows. */
export const API_VERSIONS: readonly [ApiVersion, ...ApiVersion[]] = [
  {
    version: "2026-11-01",
    title: "The first version",
    changes: [],
    deprecatedAt: "2026-11-21T00:00:00Z",
    sunsetAt: "2027-11-21T00:00:00Z",
  },
  v2026_11_21,
];

/**
 * The version that a request means: what it says itself, else what its key or organization is pinned to, else the
 * latest. A pin to a version that is gone means the oldest one that is left.
 *
 * @param header `Millrace-Version`; null without one.
 * @param pinned The pin; null without one.
 * @throws {AppError} `invalid_request` for a version that there is not.
 */
export function chooseVersion(
  header: string | null,
  pinned: string | null,
  versions: readonly [ApiVersion, ...ApiVersion[]] = API_VERSIONS,
): ApiVersion {
  const latest = versions.at(-1) ?? versions[0];
  if (header !== null) {
    const found = versions.find(({ version }) => version === header.trim());
    if (found !== undefined) return found;
    const message = `Must be one of ${versions.map(({ version }) => version).join(", ")}`;
    throw invalidRequest([{ path: "headers.millrace-version", code: "unknown_version", message }]);
  }
  return pinned === null ? latest : versions.find(({ version }) => version >= pinned) ?? latest;
}

/** Brings the query of an older caller up to what the code knows. The given one is not changed. */
export function upgradeQuery(
  from: ApiVersion,
  operationId: string,
  query: URLSearchParams,
  versions: readonly ApiVersion[] = API_VERSIONS,
): URLSearchParams {
  const upgraded = new URLSearchParams(query);
  for (const change of changesSince(from, operationId, versions)) change.query?.(upgraded);
  return upgraded;
}

/** Brings an answer back to what an older caller knows. The given one is not changed. */
export function downgradeReply(
  to: ApiVersion,
  operationId: string,
  body: unknown,
  versions: readonly ApiVersion[] = API_VERSIONS,
): unknown {
  return changesSince(to, operationId, versions).toReversed()
    .reduce((reply, change) => change.reply === undefined ? reply : change.reply(reply), body);
}

/** The headers that say which version answered, and how long it will be there. */
export function versionHeaders({ version, deprecatedAt, sunsetAt }: ApiVersion, changelogUrl: string) {
  const headers: Record<string, string> = { "Millrace-Version": version };
  if (deprecatedAt !== undefined) Object.assign(headers, deprecationHeaders({ deprecatedAt, sunsetAt, changelogUrl }));
  return headers;
}

/**
 * `Deprecation` (RFC 9745), `Sunset` (RFC 8594) and the `Link` to what to do.
 *
 * @param deprecation ISO 8601 moments.
 */
export function deprecationHeaders(
  { deprecatedAt, sunsetAt, changelogUrl }: {
    readonly deprecatedAt: string;
    readonly sunsetAt?: string | undefined;
    readonly changelogUrl: string;
  },
): Record<string, string> {
  return {
    Deprecation: `@${Math.floor(Date.parse(deprecatedAt) / 1000)}`,
    ...(sunsetAt === undefined ? {} : { Sunset: new Date(sunsetAt).toUTCString() }),
    Link: `<${changelogUrl}>; rel="deprecation"; type="application/json"`,
  };
}

function changesSince(from: ApiVersion, operationId: string, versions: readonly ApiVersion[]) {
  return versions.filter(({ version }) => version > from.version).flatMap(({ changes }) => changes)
    .filter(({ operations }) => operations.includes(operationId));
}
