/**
 * The demo's client: calls the project over HTTP like any frontend and shows each call as a curl line to copy.
 *
 * @module
 */
import { shown, style } from "../terminal.ts";

/** Longer bodies are shown as a file's name. */
const LONGEST_BODY = 300;

/** A call that was not answered with a status below 400. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;

  /** @param body The answer's body, as text. */
  constructor(method: string, path: string, status: number, body: string) {
    super(`${method} ${path} was answered with ${status}: ${body.slice(0, 1_000)}`);
    this.status = status;
  }
}

/** How to call. */
export interface CallOptions {
  body?: unknown;
  /** The body as bytes to be sent as they are, with the file they can be read from. */
  raw?: { text: string; file: string };
  headers?: Record<string, string>;
  /** Does not show the call. */
  quiet?: boolean;
}

/** Calls the project. */
export class Api {
  readonly url: string;
  readonly #publishableKey: string;
  /** Where bodies too long for a line are written, for the curl lines. */
  readonly #folder: string;
  #token: string | null = null;

  constructor(url: string, publishableKey: string, folder: string) {
    this.url = url;
    this.#publishableKey = publishableKey;
    this.#folder = folder;
    showExport("MILLRACE_KEY", publishableKey);
  }

  /** From here on calls are made as this user. */
  signInWith(token: string): void {
    this.#token = token;
    showExport("MILLRACE_TOKEN", token);
  }

  /**
   * Makes a call.
   *
   * @param path From the project's address, such as `/functions/v1/flows`; or a whole address.
   * @returns the answer's JSON
   * @throws ApiError
   */
  async call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
    const response = await this.open(method, path, options);
    return await response.json() as T;
  }

  /** Like {@linkcode Api.call}, for answers that are streams. */
  async open(method: string, path: string, options: CallOptions = {}): Promise<Response> {
    const headers: Record<string, string> = { ...options.headers };
    if (!options.raw) headers.apikey = this.#publishableKey;
    if (this.#token && !options.raw) headers.authorization = `Bearer ${this.#token}`;
    if (options.body !== undefined || options.raw) headers["content-type"] ??= "application/json";
    const body = options.raw?.text ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
    const address = path.startsWith("http") ? path : this.url + path;
    if (!options.quiet) await this.#show(method, address, headers, body, options.raw?.file);
    const response = await fetch(address, { method, headers, ...(body === undefined ? {} : { body }) });
    if (!response.ok) throw new ApiError(method, path, response.status, await response.text());
    return response;
  }

  async #show(
    method: string,
    address: string,
    headers: Record<string, string>,
    body: string | undefined,
    file: string | undefined,
  ): Promise<void> {
    const parts = ["curl", ...(method === "GET" ? [] : [`-X ${method}`]), quote(address)];
    for (const [name, value] of Object.entries(headers)) parts.push(`-H ${quoteHeader(name, value)}`);
    if (body !== undefined) {
      const isLong = file !== undefined || body.length > LONGEST_BODY;
      parts.push(`--data-binary ${isLong ? `@${await this.#keep(body, file)}` : quote(body)}`);
    }
    console.log(`  ${style(parts.join(" "), "dim")}`);
  }

  /** Writes a body into a file; returns its path. */
  async #keep(body: string, name?: string): Promise<string> {
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(body)));
    const file = name ?? `${hash.toHex().slice(0, 8)}.json`;
    await Deno.mkdir(this.#folder, { recursive: true });
    await Deno.writeTextFile(`${this.#folder}/${file}`, body);
    return shown(`${this.#folder}/${file}`);
  }
}

/** Shows a variable that the curl lines use. */
function showExport(name: string, value: string): void {
  console.log(`  ${style(`export ${name}=${quote(value)}`, "dim")}`);
}

/** Credentials by the name of their variable, so that lines stay readable and valid at the next start. */
function quoteHeader(name: string, value: string): string {
  if (name === "authorization") return '"authorization: Bearer $MILLRACE_TOKEN"';
  return name === "apikey" ? '"apikey: $MILLRACE_KEY"' : quote(`${name}: ${value}`);
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
