/**
 * An email service that fails as a flow says.
 *
 * @module
 */
import { NodeError } from "../../shared/nodes/mod.ts";
import type { EmailProvider } from "../../shared/providers/mod.ts";
import type { Behaviour } from "./_random_config.ts";

/** An email service that does with the calls of one node what the flow says. What it gives tells what it was given. */
export function behaving(behaviour: Behaviour = { failures: 0, then: "sent" }, node: string): EmailProvider {
  let calls = 0;
  return {
    name: "test",
    send({ text, subject }) {
      // An answer came, so that it is known that nothing was sent.
      const details = { status: 503 };
      if (++calls <= behaviour.failures) {
        return Promise.reject(new NodeError(`${node} is busy`, { code: "provider_error", retryable: true, details }));
      }
      if (behaviour.then === "sent") return Promise.resolve({ id: `${node}-${digest(`${subject}\n${text}`)}` });
      return Promise.reject(
        new NodeError(`${node} refuses`, { code: "provider_error", details: { status: 400, node } }),
      );
    },
  };
}

/** A short number for a text: FNV-1a. */
function digest(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return (hash >>> 0).toString(16);
}
