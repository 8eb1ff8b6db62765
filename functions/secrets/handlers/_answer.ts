import { etag, type Reply, reply } from "../../../shared/http/mod.ts";
import type { Secret } from "../schemas.ts";

/** What the headers of an answer with a secret say. */
export const SECRET_HEADERS = { ETag: "The version of the secret, for If-Match and If-None-Match" };

/** Answers with a secret and its ETag. */
export function answerSecret<const S extends 200 | 201>(
  status: S,
  secret: Secret,
  headers: Readonly<Record<string, string>> = {},
): Reply<S, Secret> {
  return reply(status, secret, { ...headers, ETag: etag(secret.version) });
}
