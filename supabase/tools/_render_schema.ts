/**
 * Turns a schema into Markdown.
 *
 * @module
 */
import type { FunctionDoc, SchemaDoc, TableDoc } from "./_read_schema.ts";

/** What a reader of the tables needs to know first. */
const INTRODUCTION = `# The database, table by table

Written by \`deno task db:docs\` from the comments in [sql/](../sql/README.md): change those, not this file. A test fails
when it is stale. Why it is built like this: [architecture.md](architecture.md); every state word: [glossary.md](glossary.md).`;

/** The schema public belongs to the platform: a migration cannot comment on it. */
const PUBLIC =
  "Tables of the tenants, and functions that act as the caller. Exposed to the Data API; row level security everywhere.";

/**
 * @returns Markdown: schemas, an entity-relationship diagram, every table with its columns, constraints, indexes,
 * policies and grants, and every function
 */
export function renderSchema({ schemas, tables, functions }: SchemaDoc): string {
  const parts = [INTRODUCTION, renderSchemas(schemas), "## Entities", renderDiagram(tables), "## Contents"];
  parts.push(schemas.map(({ name }) => renderContents(name, tables, functions)).join("\n"));
  for (const { name } of schemas) {
    const own = {
      tables: tables.filter((t) => t.schema === name),
      functions: functions.filter((f) => f.schema === name),
    };
    if (own.tables.length > 0) parts.push(`## Tables of ${name}`, ...own.tables.map(renderTable));
    if (own.functions.length > 0) parts.push(`## Functions of ${name}`, ...own.functions.map(renderFunction));
  }
  return parts.join("\n\n") + "\n";
}

function renderSchemas(schemas: SchemaDoc["schemas"]): string {
  return table(
    ["Schema", "What it is for"],
    schemas.map(({ name, comment }) => [code(name), name === "public" ? PUBLIC : comment ?? ""]),
  );
}

function renderContents(schema: string, tables: TableDoc[], functions: FunctionDoc[]): string {
  const links = (names: string[]) =>
    [...new Set(names)].map((name) => `[${name}](#${anchor(schema, name)})`).join(" · ");
  const lines = [
    ["tables", links(tables.filter((t) => t.schema === schema).map((t) => t.name))],
    ["functions", links(functions.filter((f) => f.schema === schema).map((f) => f.name))],
  ].filter(([, found]) => found !== "").map(([kind, found]) => `  - ${kind}: ${found}`);
  return [`- **${schema}**`, ...lines].join("\n");
}

function renderDiagram(tables: TableDoc[]): string {
  const entity = (name: string) => name.replaceAll(".", "_").replace(/^public_/, "");
  const full = (t: TableDoc) => t.schema === "public" ? t.name : `${t.schema}.${t.name}`;
  const boxes = tables.map((t) => {
    const foreign = new Set(t.references.flatMap((reference) => reference.columns));
    const rows = t.columns.filter((c) => c.key || foreign.has(c.name)).map((c) =>
      `    ${c.type.replaceAll(/[^a-z0-9]+/gi, "_")} ${c.name} ${
        [c.key ? "PK" : "", foreign.has(c.name) ? "FK" : ""].filter(Boolean).join(", ")
      }`
    );
    return [`  ${entity(full(t))} {`, ...rows, "  }"].join("\n");
  });
  const lines = tables.flatMap((t) =>
    t.references.map(({ columns, table }) => {
      const optional = t.columns.some((c) => columns.includes(c.name) && c.nullable);
      return `  ${entity(table)} ${optional ? "|o" : "||"}--o{ ${entity(full(t))} : "${columns.join(", ")}"`;
    })
  );
  return ["```mermaid", "erDiagram", ...boxes, ...new Set(lines), "```"].join("\n");
}

function renderTable(doc: TableDoc): string {
  const traits = [
    doc.partitionedBy === null ? "" : `Partitioned by ${code(doc.partitionedBy.toLowerCase())}.`,
    doc.unlogged ? "Unlogged: emptied by a crash." : "",
    doc.rls ? "" : "**Row level security is off.**",
  ].filter(Boolean).join(" ");
  return [
    `### ${doc.schema}.${doc.name}`,
    [doc.comment ?? "", traits].filter(Boolean).join(" "),
    table(
      ["Column", "Type", "Null", "Default", "Meaning"],
      doc.columns.map((c) => [
        c.key ? `**${code(c.name)}**` : code(c.name),
        c.type,
        c.nullable ? "yes" : "",
        c.default === null ? "" : code(c.default),
        c.comment ?? "",
      ]),
    ),
    list("Constraints", doc.constraints.map(({ name, definition }) => `${code(name)} ${code(definition)}`)),
    list(
      "Indexes",
      doc.indexes.map(({ definition }) =>
        code(definition.replace(/^CREATE (UNIQUE )?INDEX /, "$1").replace(" ON ONLY ", " ON "))
      ),
    ),
    list("Triggers", doc.triggers.map(({ definition }) => code(definition.replace(/^CREATE TRIGGER /, "")))),
    list(
      "Policies",
      doc.policies.map((p) =>
        `${code(p.name)} for ${p.command} to ${p.roles}` +
        (p.using === null ? "" : ` using ${code(p.using)}`) + (p.check === null ? "" : ` with check ${code(p.check)}`)
      ),
    ),
    list("Grants", doc.grants.length > 0 ? doc.grants : ["none: only functions that run as their owner reach it"]),
  ].filter(Boolean).join("\n\n");
}

function renderFunction(doc: FunctionDoc): string {
  const callers = doc.executableBy.length > 0 ? doc.executableBy.join(", ") : "nobody directly";
  return [
    `### ${doc.schema}.${doc.name}`,
    "```sql\n" + `${doc.schema}.${doc.name}(${doc.arguments}) → ${doc.returns}` + "\n```",
    doc.comment ?? "",
    `Executable by ${callers}; ${doc.volatility}; runs as ${doc.definer ? "its owner" : "the caller"}.`,
  ].filter(Boolean).join("\n\n");
}

function list(title: string, items: string[]): string {
  return items.length === 0 ? "" : [`${title}:`, "", ...items.map((item) => `- ${item}`)].join("\n");
}

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map(cell).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll(/\s+/g, " ");
}

function code(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.includes("`") ? `\`\` ${line} \`\`` : `\`${line}\``;
}

/** The anchor GitHub gives the heading `### schema.name`. */
function anchor(schema: string, name: string): string {
  return `${schema}${name}`.toLowerCase();
}
