/**
 * What an isolate keeps in memory.
 *
 * @module
 */
export { ByteLru } from "./byte_lru.ts";
export {
  type CacheOutcome,
  type CachePolicy,
  type Found,
  type KeptReply,
  type Loaded,
  ReplyCache,
  type ReplyRequest,
} from "./reply_cache.ts";
