/**
 * Who sent a request: access tokens of users, API keys, the project's keys.
 *
 * @module
 */
export { authenticate } from "./authenticate.ts";
export { verifyAccessToken } from "./access_token.ts";
export { type ApiKeyMode, type ByteSource, generateApiKey, hashApiKey, isApiKey, type NewApiKey } from "./api_key.ts";
export type { AnonymousCaller, Caller, KeyCaller, SecretCaller, UserCaller } from "./caller.ts";
export { keyOfSeed, newSeed } from "./seeded_key.ts";
export { keyToken, requireSigningKey, type ResolvedKey } from "./key_token.ts";
