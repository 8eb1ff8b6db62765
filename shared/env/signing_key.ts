/**
 * The key that signs the tokens of API keys: a private JSON Web Key whose public half the project's Auth publishes.
 *
 * @module
 */
import type { Jwks } from "./env.ts";

/** A key to sign with. */
export interface SigningKey {
  /** How it signs: `ES256`, `RS256`, `EdDSA` or `HS256`. */
  readonly alg: string;
  /** Its name in the project's key set. */
  readonly kid: string;
  /** The key itself, without what says how it may be used. Private: never to be logged or answered. */
  readonly jwk: Readonly<Record<string, string>>;
}

interface KeyForm {
  readonly alg: string;
  readonly crv?: string;
  /** What the published half shows too. */
  readonly shown: readonly string[];
  /** What makes it private. */
  readonly hidden: readonly string[];
}

/** Kinds of keys that Supabase Auth takes. `oct` serves stacks of one's own: no hosted project publishes such keys. */
const FORMS: readonly (KeyForm & { readonly kty: string })[] = [
  { kty: "EC", crv: "P-256", alg: "ES256", shown: ["x", "y"], hidden: ["d"] },
  { kty: "RSA", alg: "RS256", shown: ["n", "e"], hidden: ["d", "p", "q", "dp", "dq", "qi"] },
  { kty: "OKP", crv: "Ed25519", alg: "EdDSA", shown: ["x"], hidden: ["d"] },
  { kty: "oct", alg: "HS256", shown: ["k"], hidden: [] },
];

/**
 * Reads MILLRACE_SIGNING_KEY: a private JSON Web Key, or a list with one, which is what `supabase gen signing-key` writes.
 *
 * @param value The variable, parsed as JSON.
 * @param jwks The keys that the project publishes; undefined when they could not be read.
 * @returns The key, or everything that is wrong with it. No sentence repeats anything of it.
 */
export function readSigningKey(value: unknown, jwks: Jwks | undefined): SigningKey | string[] {
  const [jwk, ...others] = Array.isArray(value) ? value : [value];
  if (typeof jwk !== "object" || jwk === null || Array.isArray(jwk) || others.length > 0) {
    return ["Must be one private JSON Web Key"];
  }
  const fields = jwk as Record<string, unknown>;
  const form = FORMS.find(({ kty, crv }) => kty === fields.kty && crv === (crv === undefined ? undefined : fields.crv));
  if (form === undefined) return ["Must be a key for ES256 (EC, P-256), RS256 (RSA), EdDSA (Ed25519) or HS256 (oct)"];
  const problems: string[] = [];
  const isText = (name: string) => typeof fields[name] === "string" && fields[name] !== "";
  if (!form.hidden.every(isText)) problems.push("Must be the private key, not the public half");
  if (!form.shown.every(isText)) problems.push("Must be a whole JSON Web Key");
  const alg = form.alg === "EdDSA" && fields.alg === "Ed25519" ? "Ed25519" : form.alg;
  if (fields.alg !== undefined && fields.alg !== alg) problems.push(`Must have the alg ${form.alg} for its kind`);
  if (!isText("kid")) problems.push("Must have a kid");
  else if (jwks !== undefined) problems.push(...comparePublished(fields, form, jwks));
  if (problems.length > 0) return problems;
  const names = ["kty", ...(form.crv === undefined ? [] : ["crv"]), ...form.shown, ...form.hidden];
  return {
    alg,
    kid: fields.kid as string,
    jwk: Object.fromEntries(names.map((name) => [name, fields[name] as string])),
  };
}

/** The database takes only what is signed with a published key: another one would make every API key fail. */
function comparePublished(fields: Record<string, unknown>, { shown }: KeyForm, jwks: Jwks): string[] {
  const published = jwks.keys.find((key) => key.kid === fields.kid);
  if (published === undefined) {
    return ["Its kid is not among SUPABASE_JWKS: import the key as a signing key of the project first"];
  }
  return shown.every((name) => published[name] === fields[name])
    ? []
    : ["The key of this kid in SUPABASE_JWKS is another one"];
}
