import type { Caller } from "../auth/mod.ts";
import { forbidden, unauthorized } from "../errors/mod.ts";
import type { Permission } from "./permissions.ts";

export type { Permission } from "./permissions.ts";

/** Users and API keys: with a permission in the organization, or any member and key. */
export interface UserAccess {
  readonly user: Permission | "any";
  /** True = portal tokens too: what it does, the database keeps within their application. */
  readonly portal?: true;
  readonly secret?: never;
  readonly public?: never;
}

/** Operators and cron: any secret key, or those named. */
export interface SecretAccess {
  readonly portal?: never;
  readonly secret: true | readonly string[];
  readonly user?: never;
  readonly public?: never;
}

/** Users, API keys and secret keys alike. */
export interface UserOrSecretAccess {
  readonly portal?: never;
  readonly user: Permission | "any";
  readonly secret: true | readonly string[];
  readonly public?: never;
}

/** Everybody. A credential that is sent must hold all the same. */
export interface PublicAccess {
  readonly portal?: never;
  readonly public: true;
  readonly user?: never;
  readonly secret?: never;
}

/** Who may call a route. Every route says it. */
export type Access = UserAccess | SecretAccess | UserOrSecretAccess | PublicAccess;

/** The rate limit's classes, each with its own bucket for a user. */
export type RouteClass = "default" | "read" | "write" | "run";

/**
 * Refuses a caller of the wrong kind, before the database hears of it.
 *
 * @param personOnly Whether API keys are refused where users may call.
 * @throws {AppError} `unauthorized` for nobody, `forbidden` for a credential that holds but is not for this route.
 */
export function requireCallerKind(caller: Caller, access: Access, personOnly = false): void {
  if (caller.kind === "key" && caller.isPortal === true && access.portal !== true) {
    throw forbidden("A portal token is for the webhook subscriptions of its application only");
  }
  if (access.public === true) return;
  if (caller.kind === "anonymous") {
    throw unauthorized(
      access.user === undefined ? "Send a secret key" : "Sign in and send the access token, or send an API key",
    );
  }
  if ((caller.kind === "user" || caller.kind === "key") && access.user === undefined) {
    throw forbidden("This needs a secret key");
  }
  if (caller.kind === "key" && personOnly) throw forbidden("This needs a person: an API key cannot do it");
  if (caller.kind === "secret") {
    if (access.secret === undefined) throw forbidden("This needs the access token of a user");
    if (access.secret !== true && !access.secret.includes(caller.keyName)) {
      throw forbidden("This secret key is for something else");
    }
  }
}
