import { type BreakerFacts, type BreakerOptions, type CallVerdict, CircuitBreaker } from "./breaker.ts";
import { readEmailFailure } from "./email_failure.ts";
import { withFailover } from "./failover_email_provider.ts";
import { NodeError } from "./node_error.ts";
import { parseRetryAfter } from "./parse_retry_after.ts";
import type { EmailProvider, HttpProvider, HttpResponse, Providers } from "./types.ts";

/** Services that an isolate remembers. */
const MAX_BREAKERS = 1_000;

/** Deadlines shorter than this say more of the caller than of the service, seconds. */
const LEAST_DEADLINE_SECONDS = 2;

/** Seconds for which an e-mail service is left alone that refuses everything: its key is void, its quota used up. */
const OUT_SECONDS = 60;

/** E-mail is asked for seldom, and has somebody to fall back on: two failures of two are enough. */
const EMAIL: BreakerOptions = { minCalls: 2 };

/** Options of {@linkcode Breakers}. */
export interface BreakersOptions extends BreakerOptions {
  /** Milliseconds of a clock that only goes forward. */
  now?: () => number;
  /** Chance for jitter, in [0, 1). */
  random?: () => number;
}

/**
 * The breakers of an isolate, one a service. Hosts that flows call have one for each organization: what one tenant does
 * to a host must not keep another one from it.
 */
export class Breakers {
  readonly #options: BreakersOptions;
  readonly #breakers = new Map<string, CircuitBreaker>();
  readonly #watchers: ((facts: BreakerFacts) => void)[] = [];

  /** @param options When they open; a test's clock. */
  constructor(options: BreakersOptions = {}) {
    this.#options = options;
  }

  /** The breaker of a service, by a key like `email:resend`. */
  get(key: string): CircuitBreaker {
    const known = this.#breakers.get(key);
    if (known !== undefined) return known;
    const { now = () => performance.now(), random = Math.random } = this.#options;
    const onChange = (facts: BreakerFacts): void => this.#watchers.forEach((watcher) => watcher(facts));
    const options = key.startsWith("email:") ? { ...EMAIL, ...this.#options } : this.#options;
    const breaker = new CircuitBreaker(key, { now, random, onChange }, options);
    this.#forgetOne();
    this.#breakers.set(key, breaker);
    return breaker;
  }

  /** Milliseconds until a call to a service may try; 0 = now. Makes no breaker. */
  waitMs(key: string): number {
    return this.#breakers.get(key)?.waitMs ?? 0;
  }

  /** Those that are not closed. */
  get open(): BreakerFacts[] {
    return [...this.#breakers.values()].map(({ facts }) => facts).filter(({ state }) => state !== "closed");
  }

  /** Tells of every change from now on. */
  watch(watcher: (facts: BreakerFacts) => void): void {
    this.#watchers.push(watcher);
  }

  /**
   * Puts the breakers before services.
   *
   * @param providers The services.
   * @param organizationId On whose behalf they are called; null = the platform's.
   */
  guard(providers: Providers, organizationId: string | null): Providers {
    const scope = organizationId ?? "platform";
    return { ...providers, http: this.#guardHttp(providers.http, scope), email: this.#guardEmail(providers.email) };
  }

  #guardHttp(http: HttpProvider, scope: string): HttpProvider {
    return {
      request: (request) => {
        const host = URL.canParse(request.url) ? new URL(request.url).host : "";
        // What is no address is refused by the provider in its own words.
        if (host === "") return http.request(request);
        return this.get(`http:${scope}:${host}`).run(
          () => http.request(request),
          (response) => judgeResponse(response),
          (error) => request.signal?.aborted ? "neutral" : judgeHttpError(error, request.timeoutSeconds),
        );
      },
    };
  }

  /** Each service has its own breaker; who fails over does so around them. */
  #guardEmail(email: EmailProvider): EmailProvider {
    if (email.name === "none") return email;
    if (email.first !== undefined && email.fallback !== undefined) {
      const { first, fallback } = email;
      return withFailover(this.#guardEmail(first), this.#guardEmail(fallback));
    }
    const { send, sendBatch } = email;
    const run = <T>(work: () => Promise<T>, signal: AbortSignal | undefined) =>
      this.get(`email:${email.name}`).run(
        work,
        () => "success",
        (error) => judgeAborted(signal) ?? judgeError(error),
      );
    return {
      name: email.name,
      send: (message, options) => run(() => send(message, options), options.signal),
      ...(sendBatch === undefined
        ? {}
        : { sendBatch: (messages, options) => run(() => sendBatch(messages, options), options.signal) }),
    };
  }

  /** Drops the oldest that is closed when there are too many. */
  #forgetOne(): void {
    if (this.#breakers.size < MAX_BREAKERS) return;
    for (const [key, { facts: { state } }] of this.#breakers) {
      if (state !== "closed") continue;
      this.#breakers.delete(key);
      return;
    }
  }
}

/** Whatever a service answers shows that it is there, but for faults of its own and pleas for a pause. */
function judgeResponse({ status, headers }: HttpResponse): CallVerdict {
  if (status === 429 || status === 503) {
    const seconds = parseRetryAfter(headers["retry-after"], new Date());
    if (seconds !== null && seconds > 0) return { pauseSeconds: seconds };
  }
  return status >= 500 ? "failure" : "success";
}

function judgeHttpError(error: unknown, timeoutSeconds: number): CallVerdict {
  if (!(error instanceof NodeError)) return "neutral";
  if (error.code === "step_timeout") return timeoutSeconds >= LEAST_DEADLINE_SECONDS ? "failure" : "neutral";
  return error.code === "http_error" ? "failure" : "neutral";
}

/** A deadline speaks against the service; whoever gave up for another reason says nothing of it. */
function judgeAborted(signal: AbortSignal | undefined): CallVerdict | undefined {
  if (!signal?.aborted) return undefined;
  return signal.reason instanceof DOMException && signal.reason.name === "TimeoutError" ? "failure" : "neutral";
}

/** What a failure of a service's client says: retryable ones are the service's, the others the caller's. */
function judgeError(error: unknown): CallVerdict {
  if (!(error instanceof NodeError)) return "neutral";
  const { fault, provider, accepted } = readEmailFailure(error);
  if (provider === "none" && fault === "message") return "neutral";
  if (!error.retryable) {
    // A message that is refused says nothing against the service; a key or a quota that is used up does, for a minute.
    if (provider === "none" || fault === "message") return "success";
    return accepted === "no" ? { pauseSeconds: OUT_SECONDS } : "failure";
  }
  return error.retryAfterSeconds ? { pauseSeconds: error.retryAfterSeconds } : "failure";
}
