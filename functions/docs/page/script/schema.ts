/**
 * JSON Schema as people read it.
 *
 * @module
 */

/** `resolve`, `typeText`, `limitsText`, `schemaFields`. They read the document from the constant `api`. */
export const SCHEMA = String.raw`
/** Follows references, and gives the name of the last one. */
function resolve(value) {
  let name = null;
  for (let hops = 0; value && typeof value === "object" && "$ref" in value && hops < 20; hops++) {
    const path = value.$ref.replace(/^#\//, "").split("/");
    name = decodeURIComponent(path[path.length - 1]);
    value = path.reduce((place, key) => place && place[decodeURIComponent(key)], api);
  }
  return { value: value || {}, name };
}

function branchesOf(schema) {
  return schema.anyOf || schema.oneOf || null;
}

/** "text", "list of Flow", "number or null". */
function typeText(schema) {
  const { value, name } = resolve(schema);
  if (name) return name;
  const branches = branchesOf(value);
  if (branches) return branches.map(typeText).join(" or ");
  if (value.const !== undefined) return JSON.stringify(value.const);
  if (Array.isArray(value.type)) return value.type.map((type) => typeText({ ...value, type })).join(" or ");
  if (value.type === "array") return "list of " + (value.items ? typeText(value.items) : "anything");
  if (value.type === "string") return { uuid: "UUID", "date-time": "date-time", uri: "URL" }[value.format] || "string";
  return value.type || "any";
}

/** "at least 1 · at most 100 · one of a, b". */
function limitsText(schema) {
  const { value } = resolve(schema);
  const texts = [];
  if (value.enum) texts.push("one of " + value.enum.map((item) => JSON.stringify(item)).join(", "));
  // The library writes the largest safe integer where a schema says no more than "integer".
  const most = Math.abs(value.maximum) > 9e15 ? undefined : value.maximum;
  const least = Math.abs(value.minimum) > 9e15 ? undefined : value.minimum;
  texts.push(rangeText(least, most, ""), rangeText(value.minLength, value.maxLength, " characters"),
    rangeText(value.minItems, value.maxItems, " items"));
  if (value.pattern && value.pattern.length < 60) texts.push("matches " + value.pattern);
  if (value.default !== undefined && JSON.stringify(value.default).length < 60) {
    texts.push("default " + JSON.stringify(value.default));
  }
  return texts.filter((text) => text !== "").join(" · ");
}

/** "1 to 100", "at most 200 characters"; empty without bounds. */
function rangeText(least, most, unit) {
  if (least !== undefined && most !== undefined) return (least === most ? least : least + " to " + most) + unit;
  if (most !== undefined) return "at most " + most + unit;
  return least === undefined ? "" : "at least " + least + unit;
}

/** The object inside a schema that has properties worth listing, with its name. */
function innerObject(schema) {
  const { value } = resolve(schema);
  if (value.properties) return value;
  if (value.items) return innerObject(value.items);
  const branch = (branchesOf(value) || []).find((item) => innerObject(item));
  return branch ? innerObject(branch) : null;
}

/**
 * A list of properties; nested ones open on demand, so that recursion costs nothing. What is sent says what is
 * required, what is received says what may be missing.
 */
function schemaFields(schema, received, depth) {
  const object = innerObject(schema);
  if (!object) return h("p", { class: "hint" }, typeText(schema), limitsText(schema) ? " · " + limitsText(schema) : "");
  const required = new Set(object.required || []);
  return h("ul", { class: "fields" }, Object.entries(object.properties).map(([name, property]) =>
    fieldItem(name, property, { required: required.has(name), received, depth: depth || 0 })));
}

function fieldItem(name, schema, { required, received, depth }) {
  const { value } = resolve(schema);
  const limits = limitsText(schema);
  const item = h("li", null,
    h("div", { class: "field" }, h("b", null, name), h("span", { class: "type" }, typeText(schema)),
      required && !received ? h("span", { class: "required" }, "required") : null,
      !required && received ? h("span", { class: "optional" }, "may be missing") : null),
    value.description || schema.description ? h("p", null, inline(schema.description || value.description)) : null,
    limits ? h("div", { class: "limits" }, limits) : null);
  const inner = innerObject(schema);
  if (inner && Object.keys(inner.properties).length > 0 && depth < 12) {
    const details = h("details", null, h("summary", null, "What is in it"));
    details.addEventListener("toggle", () => {
      if (details.open && details.children.length === 1) details.append(schemaFields(schema, received, depth + 1));
    });
    item.append(details);
  }
  return item;
}`;
