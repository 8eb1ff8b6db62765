/**
 * What Stripe's API reads: form encoding with brackets, and the errors it answers with.
 * https://docs.stripe.com/api/errors
 *
 * @module
 */

/** A request's parameters as a tree: all leaves are text. */
export type Params = { [name: string]: ParamValue };
/** One parameter. */
export type ParamValue = string | Params | ParamValue[];

/** What Stripe answers when it refuses. */
export interface StripeErrorBody {
  readonly type: "api_error" | "card_error" | "idempotency_error" | "invalid_request_error";
  readonly message: string;
  readonly code?: string;
  readonly param?: string;
  readonly decline_code?: string;
}

/** Thrown by the stand-in's routes: becomes an answer in Stripe's shape. */
export class StripeRefusal extends Error {
  override readonly name = "StripeRefusal";
  readonly status: number;
  readonly body: StripeErrorBody;

  /** @param body The error, `type` is `invalid_request_error` unless it is named. */
  constructor(status: number, { type = "invalid_request_error", ...body }: Partial<StripeErrorBody>) {
    super(body.message ?? "");
    this.status = status;
    this.body = { type, message: "", ...body };
  }
}

/** 400 `invalid_request_error`. */
export function invalid(message: string, param?: string, code?: string): StripeRefusal {
  return new StripeRefusal(400, { message, ...(param ? { param } : {}), ...(code ? { code } : {}) });
}

/** 404 `resource_missing`. */
export function missing(kind: string, id: string, param = "id"): StripeRefusal {
  return new StripeRefusal(404, { message: `No such ${kind}: '${id}'`, code: "resource_missing", param });
}

/** Reads `a[b][0][c]=1&d[]=2`. Lists may have indexes or empty brackets. */
export function parseForm(text: string): Params {
  const root: Params = {};
  for (const [key, value] of new URLSearchParams(text)) {
    const path = [...key.matchAll(/^[^[\]]+|\[([^[\]]*)\]/g)].map(([whole, inner]) => inner ?? whole);
    if (path.length === 0) throw invalid(`Invalid parameter name: ${key}`);
    put(root, path, value);
  }
  return lists(root) as Params;
}

function put(root: Params, path: readonly string[], value: string): void {
  let node = root;
  path.forEach((part, index) => {
    const name = part === "" ? String(Object.keys(node).length) : part;
    if (index === path.length - 1) node[name] = value;
    else node = (node[name] ??= {}) as Params;
  });
}

/** Objects whose names are 0, 1, 2 … are lists. */
function lists(node: ParamValue): ParamValue {
  if (typeof node === "string" || Array.isArray(node)) return node;
  const names = Object.keys(node);
  if (names.length > 0 && names.every((name, index) => name === String(index))) {
    return names.map((name) => lists(node[name] as ParamValue));
  }
  return Object.fromEntries(names.map((name) => [name, lists(node[name] as ParamValue)]));
}

/** Refuses names that the route does not know, as Stripe does. `expand` is known everywhere. */
export function onlyKnown(params: Params, known: string): void {
  const names = new Set([...known.split(" "), "expand"]);
  const unknown = Object.keys(params).find((name) => !names.has(name));
  if (unknown !== undefined) throw invalid(`Received unknown parameter: ${unknown}`, unknown, "parameter_unknown");
}

/** A text parameter; undefined when it was not sent. */
export function text(params: Params, name: string): string | undefined {
  const value = params[name];
  if (value === undefined) return undefined;
  if (typeof value !== "string") throw invalid(`Invalid string: ${JSON.stringify(value)}`, name);
  return value;
}

/** A text parameter that must be there. */
export function required(params: Params, name: string): string {
  const value = text(params, name);
  if (value === undefined) throw invalid(`Missing required param: ${name}.`, name, "parameter_missing");
  if (value === "") {
    throw invalid(`You passed an empty string for '${name}'.`, name, "parameter_invalid_empty");
  }
  return value;
}

/** An integer; undefined when it was not sent. */
export function integer(params: Params, name: string): number | undefined {
  const value = text(params, name);
  if (value === undefined) return undefined;
  if (!/^-?\d{1,15}$/.test(value)) throw invalid(`Invalid integer: ${value}`, name, "parameter_invalid_integer");
  return Number(value);
}

/** A truth value; undefined when it was not sent. */
export function truth(params: Params, name: string): boolean | undefined {
  const value = text(params, name);
  if (value === undefined) return undefined;
  if (value !== "true" && value !== "false") throw invalid(`Invalid boolean: ${value}`, name);
  return value === "true";
}

/** One of some words; undefined when it was not sent. */
export function word<W extends string>(params: Params, name: string, words: readonly W[]): W | undefined {
  const value = text(params, name);
  if (value === undefined) return undefined;
  const found = words.find((one) => one === value);
  if (found === undefined) throw invalid(`Invalid ${name}: must be one of ${words.join(", ")}`, name);
  return found;
}

/** An object; empty when it was not sent. */
export function hash(params: Params, name: string): Params {
  const value = params[name];
  if (value === undefined || value === "") return {};
  if (typeof value === "string" || Array.isArray(value)) throw invalid("Invalid hash", name);
  return value;
}

/** A list of objects; undefined when it was not sent. */
export function hashes(params: Params, name: string): Params[] | undefined {
  const value = params[name];
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) throw invalid("Invalid array", name);
  return value.map((item) => {
    if (typeof item === "string" || Array.isArray(item)) throw invalid("Invalid hash", name);
    return item;
  });
}

/** A list of texts; empty when it was not sent. */
export function texts(params: Params, name: string): string[] {
  const value = params[name];
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw invalid("Invalid array", name);
  return value.map(String);
}

/** Metadata with what was sent laid over it: empty text removes a name, an empty parameter all of them. */
export function metadata(params: Params, before: Record<string, string> = {}): Record<string, string> {
  if (params.metadata === "") return {};
  const sent = Object.entries(hash(params, "metadata"));
  for (const [name, value] of sent) {
    if (typeof value !== "string" || value.length > 500 || name.length > 40) {
      throw invalid("Metadata values are text of at most 500 characters under names of at most 40", "metadata");
    }
  }
  const removed = new Set(sent.filter(([, value]) => value === "").map(([name]) => name));
  const merged = { ...before, ...Object.fromEntries(sent.map(([name, value]) => [name, String(value)])) };
  return Object.fromEntries(Object.entries(merged).filter(([name]) => !removed.has(name)));
}
