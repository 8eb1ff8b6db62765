/**
 * `deno task db:diff NAME`: writes the migration from what `supabase/migrations/` gives to what `sql/` says.
 *
 * Both are built on the embedded Postgres and compared by their catalogs; the result is run there, forward and back,
 * before a file is written. Exit codes: 0 written or no difference, 1 refused or failed, 2 wrong arguments;
 * with `--check`, 0 when there is no difference and 1 when there is one.
 *
 * @module
 */
import { readSqlFiles, REPOSITORY } from "../local/schema_files.ts";
import { type Draft, makeMigration } from "./_make_migration.ts";
import { fileName, LOSES_DATA, MIGRATIONS, nextVersion, readMigrations } from "./_migration_files.ts";
import { stampedFiles, writeStamps } from "./_schema_stamp.ts";

const USAGE = `Usage: deno task db:diff NAME [--allow-data-loss] [--renames]
       deno task db:diff --amend [--allow-data-loss] [--renames]
       deno task db:diff --check

  NAME               what the migration does, in snake_case: add_flow_tags
  --allow-data-loss  write it although it drops tables or columns or changes types
  --renames          take what vanished and what came in its likeness for the same, renamed
  --amend            write the newest migration anew, as long as nobody has applied it
  --check            write nothing; fail when there is a difference`;

/** What the command line asks for. */
interface DiffCommand {
  check: boolean;
  amend: boolean;
  allowLoss: boolean;
  renames: boolean;
  name: string | null;
}

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: string[]): Promise<number> {
  const flags = new Set(args.filter((arg) => arg.startsWith("--")));
  const names = args.filter((arg) => !arg.startsWith("--"));
  const options: DiffCommand = {
    check: flags.delete("--check"),
    amend: flags.delete("--amend"),
    allowLoss: flags.delete("--allow-data-loss"),
    renames: flags.delete("--renames"),
    name: names[0] ?? null,
  };
  const ways = [options.check, options.amend, options.name !== null].filter(Boolean).length;
  if (flags.size > 0 || names.length > 1 || ways !== 1 || !/^[a-z0-9_]*$/.test(options.name ?? "")) {
    console.error(USAGE);
    return 2;
  }
  try {
    return await diff(options);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 1;
  }
}

async function diff({ check, amend, allowLoss, renames, name }: DiffCommand): Promise<number> {
  const migrations = await readMigrations();
  const amended = amend ? migrations.pop() : undefined;
  if (amend && !amended) throw new Error("There is no migration to write anew");
  const files = await readSqlFiles(new URL("sql/", REPOSITORY));
  const difference = await makeMigration({ migrations, files, renames });
  if (difference === null) {
    console.log("no difference");
    return 0;
  }
  const made = amended ?? { version: nextVersion(new Date(), migrations.at(-1)?.version), name: name ?? "" };
  const draft = check
    ? difference
    // Made again with its own version in it, which it tells the functions.
    : await makeMigration({ migrations, files: stampedFiles(files, made.version), renames }) ?? difference;
  if (check) {
    console.error(`The migrations do not give what sql/ says; run deno task db:diff NAME\n\n${draft.forward}`);
    return 1;
  }
  if (draft.losses.length > 0 && !allowLoss) {
    console.error(
      "This may lose data; say --allow-data-loss if that is meant (or --renames if something got a new name):\n\n" +
        draft.losses.join("\n\n"),
    );
    return 1;
  }
  await write(made, draft);
  await writeStamps(made.version);
  return 0;
}

async function write(migration: { version: string; name: string }, draft: Draft): Promise<void> {
  const file = fileName(migration);
  await Deno.mkdir(new URL("rollbacks/", MIGRATIONS), { recursive: true });
  const origin = "Written by `deno task db:diff` and never edited; change sql/ instead.";
  const warning = (losses: string[]) =>
    losses.length === 0 ? "" : `${LOSES_DATA} ${losses.length} statement${losses.length === 1 ? "" : "s"} below.\n`;
  await Deno.writeTextFile(new URL(file, MIGRATIONS), `-- ${origin}\n${warning(draft.losses)}\n${draft.forward}`);
  await Deno.writeTextFile(
    new URL(`rollbacks/${file}`, MIGRATIONS),
    `-- The way back from ${file}. ${origin}\n${warning(draft.rollbackLosses)}\n${draft.rollback}`,
  );
  console.log(`supabase/migrations/${file}\nsupabase/migrations/rollbacks/${file}`);
}
