import { etag, type Reply, reply } from "../../../shared/http/mod.ts";
import type { Entity } from "../schemas.ts";

/** What the headers of an answer with an entity say. */
export const ENTITY_HEADERS = { ETag: "The version of the entity, for If-Match and If-None-Match" };

/** Answers with an entity as it is now, and its ETag. */
export function answerEntity(entity: Entity): Reply<200, Entity> {
  return reply(200, entity, { ETag: etag(entity.version) });
}
