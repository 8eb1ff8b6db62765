/**
 * Regular expressions for `match()` and `search()` that cannot be made slow: I-Regexp (RFC 9485) run by Thompson's
 * algorithm. V8's own engine backtracks, so `(a+)+$` and thirty letters would hold the isolate for minutes, and a
 * running pattern cannot be interrupted. Here the work is at most pattern × text and is charged to a budget.
 * https://www.rfc-editor.org/rfc/rfc9485 · https://swtch.com/~rsc/regexp/regexp1.html
 *
 * Beyond I-Regexp, as people expect them: `^` at the begin and `$` at the end of a branch are anchors (as in the
 * compliance tests of JSONPath), and `\d \w \s \D \W \S` (ASCII) are classes.
 *
 * @module
 */
import { type Expression, IRegexpError, parseIRegexp } from "./_i_regexp_parser.ts";

export { IRegexpError };

/** States of a compiled pattern: bounds `{n,m}` times nesting. */
const MAX_STATES = 4_000;
const CACHE_SIZE = 100;

type State =
  | { op: "char"; test(codePoint: number): boolean }
  | { op: "split"; targets: number[] }
  | { op: "start" }
  | { op: "end" }
  | { op: "accept" };

/** A compiled pattern. */
export interface IRegexp {
  readonly source: string;
  /**
   * Runs the pattern.
   *
   * @param text What to look at.
   * @param mode `match`: the whole text must fit; `search`: some part of it.
   * @param spend Takes the units of work.
   */
  test(text: string, mode: "match" | "search", spend: (units: number) => void): boolean;
}

const cache = new Map<string, IRegexp>();

/**
 * Compiles a pattern.
 *
 * @param source The pattern, at most 1,024 characters.
 * @returns The compiled pattern, from a small cache.
 * @throws {IRegexpError} When it is malformed or would need too many states.
 */
export function compileIRegexp(source: string): IRegexp {
  const known = cache.get(source);
  if (known !== undefined) return known;
  const states: State[] = [];
  emit(parseIRegexp(source), states);
  states.push({ op: "accept" });
  const compiled: IRegexp = { source, test: (text, mode, spend) => run(states, text, mode, spend) };
  if (cache.size >= CACHE_SIZE) cache.delete(cache.keys().next().value ?? "");
  cache.set(source, compiled);
  return compiled;
}

/** Appends the states of an expression; control falls through to what is appended next. */
function emit(expression: Expression, states: State[]): void {
  if (states.length > MAX_STATES) throw new IRegexpError("The pattern is too large");
  switch (expression.kind) {
    case "char":
      states.push({ op: "char", test: expression.test });
      break;
    case "anchor":
      states.push({ op: expression.at });
      break;
    case "sequence":
      for (const item of expression.items) emit(item, states);
      break;
    case "choice":
      emitChoice(expression.items, states);
      break;
    case "repeat":
      emitRepeat(expression, states);
  }
}

function emitChoice(items: Expression[], states: State[]): void {
  const split = { op: "split" as const, targets: [] as number[] };
  states.push(split);
  const exits: { op: "split"; targets: number[] }[] = [];
  for (const item of items) {
    split.targets.push(states.length);
    emit(item, states);
    const exit = { op: "split" as const, targets: [] as number[] };
    exits.push(exit);
    states.push(exit);
  }
  for (const exit of exits) exit.targets.push(states.length);
}

function emitRepeat({ item, min, max }: Extract<Expression, { kind: "repeat" }>, states: State[]): void {
  for (let count = 0; count < min; count++) emit(item, states);
  if (max === null) {
    const loop = { op: "split" as const, targets: [] as number[] };
    const begin = states.push(loop) - 1;
    emit(item, states);
    states.push({ op: "split", targets: [begin] });
    loop.targets.push(begin + 1, states.length);
    return;
  }
  const skips: { op: "split"; targets: number[] }[] = [];
  for (let count = min; count < max; count++) {
    const skip = { op: "split" as const, targets: [states.length + 1] };
    skips.push(skip);
    states.push(skip);
    emit(item, states);
  }
  for (const skip of skips) skip.targets.push(states.length);
}

/** All alternatives advance together, one character at a time: no state is looked at twice for a position. */
function run(states: State[], text: string, mode: "match" | "search", spend: (units: number) => void): boolean {
  const accept = states.length - 1;
  const seen = new Uint32Array(states.length);
  let current: number[] = [];
  let stamp = 0;
  for (let position = 0;;) {
    stamp++;
    const last = position >= text.length;
    const closure: Closure = { seen, stamp, here: [], visits: 1, first: position === 0, last };
    if (position === 0 || mode === "search") current.push(0);
    for (const state of current) close(states, state, closure);
    spend(closure.visits);
    const { here } = closure;
    if (seen[accept] === stamp && (mode === "search" || last)) return true;
    if (last || (here.length === 0 && mode === "match")) return false;
    const codePoint = text.codePointAt(position) ?? 0;
    current = [];
    for (const index of here) {
      const state = states[index];
      if (state?.op === "char" && state.test(codePoint)) current.push(index + 1);
    }
    position += codePoint > 0xffff ? 2 : 1;
  }
}

interface Closure {
  /** Stamp of the last position at which a state was reached. */
  seen: Uint32Array;
  stamp: number;
  /** Reached states that consume a character. */
  here: number[];
  /** States looked at: the work. */
  visits: number;
  first: boolean;
  last: boolean;
}

/** Follows everything that consumes nothing. Iterative: a pattern may hold thousands of branches. */
function close(states: State[], from: number, closure: Closure): void {
  const open = [from];
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    closure.visits++;
    if (closure.seen[index] === closure.stamp) continue;
    closure.seen[index] = closure.stamp;
    const state = states[index];
    if (state?.op === "char") closure.here.push(index);
    else if (state?.op === "split") open.push(...state.targets);
    else if (state?.op === "start" && closure.first) open.push(index + 1);
    else if (state?.op === "end" && closure.last) open.push(index + 1);
  }
}
