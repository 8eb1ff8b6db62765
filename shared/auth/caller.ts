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

/** An operator or a cron job with one of the project's secret keys. */
export interface SecretCaller {
  readonly kind: "secret";
  /** The name of the key in SUPABASE_SECRET_KEYS. */
  readonly keyName: string;
}

/** Who sent a request. */
export type Caller = AnonymousCaller | UserCaller | SecretCaller;
