/** Nobody: no credential, or only the publishable key, which names the project and no person. */
export interface AnonymousCaller {
  readonly kind: "anonymous";
}

/** A person with an access token of the project's Auth. */
export interface UserCaller {
  readonly kind: "user";
  /** The token's subject: `auth.uid()`. */
  readonly userId: string;
  /** The verified token, for calls to the database as this person. */
  readonly jwt: string;
  /** Everything the token says. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** A program with an API key of an organization, whose checksum is right. Whether there is such a key the gate says. */
export interface KeyCaller {
  readonly kind: "key";
  /** SHA-256 of the key in hex. The key itself is kept no longer than this takes. */
  readonly secretHash: string;
  /** True = a portal token: it opens what says that portals may call it, and nothing else. */
  readonly isPortal?: true;
}

/** An operator or a cron job with one of the project's secret keys. */
export interface SecretCaller {
  readonly kind: "secret";
  /** The name of the key in SUPABASE_SECRET_KEYS. */
  readonly keyName: string;
}

/** Who sent a request. */
export type Caller = AnonymousCaller | UserCaller | KeyCaller | SecretCaller;
