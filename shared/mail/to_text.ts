/**
 * The plain text of a mail, made from its HTML. It knows what kit.tsx writes, and no more of HTML than that.
 *
 * @param html A page of kit.tsx.
 * @returns The same words, with line breaks, and addresses behind what links to them.
 */
export function toText(html: string): string {
  const body = html.slice(html.indexOf("<body"));
  let out = "";
  /** Tags that are open inside of something that is not to be read; empty = it is read. */
  const skipped: string[] = [];
  const links: { href: string; start: number }[] = [];
  for (
    const [token, slash = "", name = "", attributes = ""] of body.matchAll(/<(\/?)([a-z][a-z0-9]*)([^>]*)>|[^<]+/g)
  ) {
    if (skipped.length > 0) {
      if (name === skipped[0]) slash === "/" ? skipped.pop() : skipped.push(name);
      continue;
    }
    if (name === "") {
      out += decode(token.replaceAll(/\s+/g, " "));
      continue;
    }
    if (slash === "" && /class="[^"]*\btext-skip\b/.test(attributes)) {
      skipped.push(name);
      continue;
    }
    if (name === "br") out += "\n";
    else if (name === "a") {
      if (slash === "") links.push({ href: decode(/href="([^"]*)"/.exec(attributes)?.[1] ?? ""), start: out.length });
      else out = withAddress(out, links.pop());
    } else if (slash === "/" && BREAKS[name] !== undefined) out += BREAKS[name];
  }
  return out.replaceAll(/[ \u00a0]*\n[ \u00a0]*/g, "\n").replaceAll(/[ :]*: (?=\n)/g, "\n").replaceAll(
    /\n{3,}/g,
    "\n\n",
  ).trim() +
    "\n";
}

/** What follows the end of an element. */
const BREAKS: Readonly<Record<string, string>> = {
  p: "\n\n",
  h1: "\n\n",
  h2: "\n\n",
  div: " ",
  tr: "\n",
  table: "\n\n",
  td: "  ",
  th: "  ",
};

function withAddress(out: string, link: { href: string; start: number } | undefined): string {
  if (link === undefined || link.href === "") return out;
  const label = out.slice(link.start).trim();
  const before = out.slice(0, link.start);
  return label === link.href || label === "" ? before + link.href : `${before}${label}: ${link.href}`;
}

function decode(text: string): string {
  return text.replaceAll(/&(amp|lt|gt|quot|nbsp|#39);/g, (_, name: string) => ENTITIES[name] ?? "");
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', nbsp: " ", "#39": "'" };
