import { readEmailFailure } from "./email_failure.ts";
import type { EmailProvider } from "./types.ts";

/**
 * Sends through a service, or through its fallback when the service surely has not taken the message and is not to be had:
 * its breaker is open, nobody answered the call, the key or the quota is used up. Whatever may have been taken is the first
 * service's: it is asked again under the same key. Goes around the breakers, so that each service has its own.
 */
export function withFailover(first: EmailProvider, second: EmailProvider): EmailProvider {
  return {
    ...first,
    first,
    fallback: second,
    async send(message, options) {
      try {
        return await first.send(message, options);
      } catch (error) {
        const { accepted, fault } = readEmailFailure(error);
        if (options.signal?.aborted || options.mayFailOver === false || accepted !== "no" || fault !== "provider") {
          throw error;
        }
        const { id } = await second.send(message, options);
        return { id, provider: second.name };
      }
    },
  };
}
