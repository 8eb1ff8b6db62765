/**
 * As much Markdown as the guide and the descriptions use.
 *
 * @module
 */

/** `inline`, `blocksOf`, `markdown`, `chaptersOf`, `slugOf`. Text only ever becomes text: nothing is parsed as HTML. */
export const MARKDOWN = String.raw`
const TICK = String.fromCharCode(96);
const INLINE = new RegExp("(\\*\\*[^*]+\\*\\*|" + TICK + "[^" + TICK + "]+" + TICK + ")");

/** **Strong** and code. A code that names an operation or an error leads there. */
function inline(text) {
  return text.replace(/\s*\n\s*/g, " ").split(INLINE).map((piece) => {
    if (piece.startsWith("**") && piece.length > 4) return h("strong", null, inline(piece.slice(2, -2)));
    if (piece.length > 2 && piece[0] === TICK) return codeWithLink(piece.slice(1, -1));
    return piece;
  });
}

function codeWithLink(text) {
  const target = linkOf(text);
  const code = h("code", null, text);
  return target ? h("a", { href: "#" + target, class: "ref" }, code) : code;
}

/** "GET /flows/{id}" → its operation, "not_found" → its error. */
function linkOf(text) {
  const call = /^(GET|POST|PUT|PATCH|DELETE) (\/[^\s?]*)/.exec(text);
  if (call) {
    const path = call[2].replace(/:(\w+)/g, "{$1}");
    const found = operations.find((operation) => operation.method === call[1] && operation.path === path);
    return found ? found.id : null;
  }
  return (site.errors || []).some(({ code }) => code === text) ? "errors/" + text : null;
}

/** { kind: "text" | "list" | "table" | "code", … } one after the other. */
function blocksOf(text) {
  const blocks = [];
  const fenced = text.split(new RegExp("^" + TICK + "{3}(\\w*)\\n([\\s\\S]*?)^" + TICK + "{3}$", "m"));
  for (let at = 0; at < fenced.length; at += 3) {
    for (const part of fenced[at].split(/\n\s*\n/)) {
      const lines = part.split("\n").map((line) => line.trim()).filter((line) => line !== "");
      if (lines.length === 0) continue;
      if (lines.length > 2 && lines.every((line) => line.startsWith("|"))) blocks.push({ kind: "table", rows: rowsOf(lines) });
      else if (/^(?:\d+\.|-) /.test(lines[0])) blocks.push(listOf(lines));
      else blocks.push({ kind: "text", text: lines.join(" ") });
    }
    if (at + 2 < fenced.length) blocks.push({ kind: "code", language: fenced[at + 1], text: fenced[at + 2].trimEnd() });
  }
  return blocks;
}

function rowsOf(lines) {
  return lines.filter((_, index) => index !== 1).map((line) => line.slice(1, -1).split("|").map((cell) => cell.trim()));
}

function listOf(lines) {
  const items = [];
  for (const line of lines) {
    const item = /^(?:\d+\.|-) (.*)$/.exec(line);
    if (item) items.push(item[1]);
    else items[items.length - 1] += " " + line;
  }
  return { kind: "list", ordered: /^\d/.test(lines[0]), items };
}

function blockElement(block) {
  if (block.kind === "text") return h("p", null, inline(block.text));
  if (block.kind === "list") return h(block.ordered ? "ol" : "ul", { class: "prose" }, block.items.map((item) => h("li", null, inline(item))));
  if (block.kind === "table") return tableElement(block.rows);
  return codeBlock(block.text, LANGUAGES[block.language] || block.language, "example");
}

function tableElement([head, ...rows], label) {
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": (label || "Table") + ": " + head.join(", ") }, h("table", null,
    h("thead", null, h("tr", null, head.map((cell) => h("th", { scope: "col" }, inline(cell))))),
    h("tbody", null, rows.map((row) => h("tr", null, row.map((cell) => h("td", null, inline(cell))))))));
}

/** The elements of a text. */
function markdown(text) {
  return blocksOf(text || "").map(blockElement);
}

const LANGUAGES = { bash: "shell", ts: "js" };

/** The text before the first heading, and what stands under each: [{ title, slug, blocks }]. */
function chaptersOf(text) {
  return text.split(/^## /m).map((chapter, index) => {
    const [title, ...rest] = index === 0 ? ["", chapter] : chapter.split("\n");
    return { title, slug: slugOf(title), blocks: blocksOf(rest.join("\n")) };
  });
}

function slugOf(title) {
  return title.toLowerCase().replace(/[^a-z0-9]+/g, "-");
}`;
