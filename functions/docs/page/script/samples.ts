/**
 * A request as code, following what is entered.
 *
 * @module
 */

/** `json`, `samplePanel`, `needs`. */
export const SAMPLES = String.raw`
const json = (value) => JSON.stringify(value, null, 2);

function needs(operation, scheme) {
  return (operation.security || []).some((item) => scheme in item);
}

/** By which credential the code calls: as the page does, where the operation takes that. */
function authOf(operation) {
  if (operation.secretOnly) return "secret";
  if (operation.security.length === 0) return "none";
  return session.mode === "user" || !needs(operation, "apiKey") ? "user" : "key";
}

const SAMPLE_LANGUAGES = { curl: "shell", TypeScript: "js", "supabase-js": "js", Python: "python" };

/** The panel with the request in each language. */
function samplePanel(currentRequest, operation) {
  const made = () => {
    const { method, path, params, query, headers, body } = currentRequest();
    const auth = authOf(operation);
    const organization = auth === "user" && session.organization ? [["X-Organization-Id", session.organization]] : [];
    return codeSamples({ method, path, params, query, headers: [...organization, ...headers], body, server: session.server, auth });
  };
  const view = tabs("Language", made().map(({ label }, index) =>
    [label, () => codeBlock(made()[index].source, SAMPLE_LANGUAGES[label], "request with " + label)]), "language");
  const element = h("section", { class: "panel dark", "aria-label": "Code" }, h("header", null, view.list), view.panel);
  return { element, refresh: view.refresh };
}`;
