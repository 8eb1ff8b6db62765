/**
 * Who sent a request: access tokens of users, the project's keys.
 *
 * @module
 */
export { authenticate } from "./authenticate.ts";
export { verifyAccessToken } from "./access_token.ts";
export type { AnonymousCaller, Caller, SecretCaller, UserCaller } from "./caller.ts";
