/**
 * What the page knows: the index that came with it, and the parts that it loads when somebody wants to see them.
 *
 * @module
 */

/** `site`, `api`, `operations`, `loadOperation`, `loadWebhooks`, `loadTexts`. */
export const DATA = String.raw`
const readJson = (id) => {
  const element = document.getElementById(id);
  return element ? JSON.parse(element.textContent) : null;
};
const site = readJson("site");
/** The whole document, in a file that was saved; else the components of the parts that were loaded so far. */
const whole = readJson("document");
const api = whole || { components: {} };

const operations = (site.operations || []).map(([id, method, path, summary, tag, deprecated]) =>
  ({ id, method, path, summary, tag, deprecated }));
const operationById = new Map(operations.map((operation) => [operation.id, operation]));
const loading = new Map();

/** Where the page was loaded from, without what stands behind it. */
const here = location.href.split(/[?#]/)[0].replace(/\/$/, "");

/** A part of the document; asked for once, and again after a failure. */
function loadPart(name) {
  let part = loading.get(name);
  if (!part) {
    part = fetch(here + "/parts/" + encodeURIComponent(name)).then(async (response) => {
      if (!response.ok) throw new Error("status " + response.status);
      const loaded = await response.json();
      for (const [kind, named] of Object.entries(loaded.components || {})) {
        api.components[kind] = Object.assign(api.components[kind] || {}, named);
      }
      return loaded;
    });
    part.catch(() => loading.delete(name));
    loading.set(name, part);
  }
  return part;
}

async function loadOperation({ id, method, path }) {
  if (whole) return whole.paths[path][method.toLowerCase()];
  return (await loadPart(id)).operation;
}

async function loadWebhooks() {
  return whole ? whole.webhooks || {} : (await loadPart("webhooks")).webhooks;
}

/** Operation id → its description, for the search. */
async function loadTexts() {
  if (!whole) return new Map(await loadPart("search"));
  return new Map(operations.map(({ id, method, path }) => [id, whole.paths[path][method.toLowerCase()].description || ""]));
}`;
