/**
 * Policies in words, worked out from the catalog: docs/security.md holds this table, and a test holds it to it.
 *
 * @module
 */
import type postgres from "postgres";

/** What a condition means, once casts, aliases and parentheses are gone. `$1` is a permission or a bucket. */
const WORDS: readonly (readonly [condition: RegExp, words: string])[] = [
  [
    /^exists 1 from organization_members m where m\.user_id = profiles\.id & m\.organization_id = any private\.organizations_with '([a-z:]+)'$/,
    "members of an organization where they hold `$1`",
  ],
  [/^organization_id = any private\.organizations_with '([a-z:]+)'$/, "of an organization where they hold `$1`"],
  [/^id = any private\.organizations_with '([a-z:]+)'$/, "an organization where they hold `$1`"],
  [
    /^split_part name, '\/', 1 = any private\.organizations_with '([a-z:]+)'$/,
    "in the folder of an organization where they hold `$1`",
  ],
  [/^exists 1 from flows f where f\.id = \w+\.flow_id$/, "of a flow that they see"],
  [/^exists 1 from entities e where e\.id = \w+\.entity_id$/, "of an entity that they see"],
  [/^organization_id = private\.portal_organization$/, "of their portal"],
  [/^application = private\.portal_application$/, "its application"],
  [/^exists 1 from webhook_deliveries d where d\.(?:message_id|id) = \w+\.\w+$/, "with a delivery"],
  [/^deleted_at is null$/, "not deleted"],
  [/^user_id = auth\.uid$/, "their own"],
  [/^id = auth\.uid$/, "themselves"],
  [/^bucket_id = '([a-z-]+)'$/, "objects of the bucket `$1`"],
  [/^extension = 'presence'$/, "presence"],
  [/^extension = any array\['broadcast', 'presence'\]$/, "broadcasts and presence"],
  [
    /^private\.may_receive_live realtime\.topic$/,
    "of a run, or all runs of an organization, where they hold `runs:read`",
  ],
  [/^true$/, "every row"],
];

const VERBS: Readonly<Record<string, string>> = {
  r: "read",
  a: "add",
  w: "change",
  d: "remove",
  "*": "do anything with",
};

/** What an expression says, in words. @throws {Error} for one that there are no words for yet. */
function inWords(expression: string): string {
  const plain = expression.toLowerCase()
    .replaceAll(/::(?:text|uuid)(?:\[\])?/g, "")
    .replaceAll(/ as \w+/g, "")
    .replaceAll(/[()]|\bselect\b/g, " ")
    .replaceAll(/\s+/g, " ")
    // What belongs to the condition of a subquery.
    .replaceAll(/(where m\.user_id = profiles\.id) and/g, "$1 &")
    .trim();
  return plain.split(/ (and|or) /).map((condition) => {
    if (condition === "and") return ", ";
    if (condition === "or") return ", or ";
    for (const [pattern, words] of WORDS) {
      if (pattern.test(condition)) return condition.replace(pattern, words);
    }
    throw new Error(`Say in tests/rls/_policy_words.ts what this means: ${condition}`);
  }).join("");
}

/** The table, as Markdown. */
export async function describePolicies(sql: postgres.Sql): Promise<string[]> {
  const rows = await sql`
    select format('%I.%I', n.nspname, c.relname) as relation, p.polname as name, p.polcmd as verb,
      array(select r.rolname::text from pg_roles r where r.oid = any (p.polroles) order by 1) as roles,
      p.polpermissive as permissive,
      pg_get_expr(p.polqual, p.polrelid) as qual, pg_get_expr(p.polwithcheck, p.polrelid) as checked
    from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('public', 'engine', 'private') or p.polname like 'millrace%'
    order by n.nspname = 'public' desc, 1, 2`;
  return rows.map(({ relation, name, verb, roles, permissive, qual, checked }) => {
    if (!permissive || (qual !== null && checked !== null)) throw new Error(`Say in words what ${name} is`);
    const who = roles.includes("anon") ? "everybody" : "who is signed in, or a key";
    return `| \`${relation}\` | \`${name}\` | ${who} may ${VERBS[verb]} | ${inWords(qual ?? checked)} |`;
  });
}
