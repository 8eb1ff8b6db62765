/**
 * `deno task lint`: runs `deno lint` and runs it again when it crashed.
 *
 * With a plugin, Deno 2.9 dies of a segmentation fault in about one run of twenty, after its report is complete
 * (measured here: 3 of 60; the same elsewhere: https://github.com/commontoolsinc/labs/issues/6919). A crash is not a
 * verdict, so it is asked for again; findings are, and end it at once.
 *
 * @module
 */

/** How often a crashed linter is started again. */
const ATTEMPTS = 5;

if (import.meta.main) Deno.exit(await lint(Deno.args));

/**
 * @param args as after `deno lint`
 * @returns the exit code of the run that did not crash
 */
export async function lint(args: string[]): Promise<number> {
  for (let attempt = 1;; attempt++) {
    const { code, signal } = await new Deno.Command(Deno.execPath(), { args: ["lint", ...args] }).spawn().status;
    if (signal === null && code < 128) return code;
    console.error(`deno lint crashed (${signal ?? code})${attempt < ATTEMPTS ? ", again" : ""}`);
    if (attempt === ATTEMPTS) return code;
  }
}
