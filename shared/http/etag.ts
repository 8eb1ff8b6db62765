import type { Context } from "hono";
import { AppError, versionMismatch } from "../errors/mod.ts";

/** The ETag of a row: its version, as a strong validator. */
export function etag(version: number | string): string {
  return `"v${version}"`;
}

/** The ETag of an answer that has no row version: a hash of its bytes. */
export async function contentTag(json: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(json));
  return `"${btoa(String.fromCharCode(...new Uint8Array(digest, 0, 15)))}"`;
}

/**
 * The version that `If-Match` demands: null when the header is absent or `*`.
 *
 * @throws {AppError} `version_mismatch` for a tag that none of our rows can have; `invalid_request` for several.
 */
export function readIfMatch(c: Context): number | null {
  const header = c.req.header("if-match")?.trim();
  if (header === undefined || header === "" || header === "*") return null;
  if (header.includes(",")) {
    throw new AppError("invalid_request", {
      detail: "If-Match must name one version",
      problems: [{ path: "headers.if-match", code: "invalid_value", message: "Must name one version" }],
    });
  }
  // Proxies that compress make a tag weak: the version in it is still ours. Behind it may stand what else the answer
  // depended on, such as the caller's role.
  const version = /^(?:W\/)?"v(\d{1,9})(?:-[a-z]{1,20})?"$/.exec(header)?.[1];
  if (version === undefined) throw versionMismatch();
  return Number(version);
}

/** Whether the caller already has this version (`If-None-Match`): then answer 304 without a body. */
export function isNotModified(c: Context, tag: string): boolean {
  const header = c.req.header("if-none-match");
  if (header === undefined) return false;
  const own = contentOf(tag);
  return header.trim() === "*" || readTags(header).some((item) => item === tag || contentOf(item) === own);
}

/**
 * The ETag of a reply that is known by a generation: of its content, and of what it was made of. Either is enough to
 * know that the caller has it.
 *
 * @param content Of {@link contentTag}.
 * @param origin Of {@link contentTag}, for key and stamp.
 */
export function originTag(content: string, origin: string): string {
  return `${content.slice(0, -1)}.${origin.slice(1)}`;
}

/** The tag among those that the caller has (`If-None-Match`) that was made of what `origin` says; undefined = none. */
export function tagOfOrigin(header: string, origin: string): string | undefined {
  return readTags(header).find((tag) => tag.endsWith(`.${origin.slice(1)}`));
}

function readTags(header: string): string[] {
  return header.split(",").map((item) => item.trim().replace(/^W\//, ""));
}

/** A tag without what it was made of. */
function contentOf(tag: string): string {
  const dot = tag.indexOf(".");
  return dot < 0 ? tag : `${tag.slice(0, dot)}"`;
}
