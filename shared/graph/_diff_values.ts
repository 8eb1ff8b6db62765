import { isObject } from "./json.ts";
import { formatPath } from "./problems.ts";
import type { Json, JsonObject } from "./types.ts";

/** UTF-16 units of a value's JSON that a change shows. */
const SHOWN_LENGTH = 2000;

/** One place at which two graphs differ. */
export interface ValueChange {
  /** Where in the node, edge or settings, for example `data.config.headers[2].value`. */
  path: string;
  /** Absent = there was nothing. */
  before?: Json;
  /** Absent = there is nothing. */
  after?: Json;
  /** Whether a value was too long and is the beginning of its JSON text instead. */
  cut?: true;
  /** Whether it is a matter of looks: it does not change what a run does. */
  layout: boolean;
}

type Path = readonly (string | number)[];

/** Finds the places at which values differ. Visits no value twice. */
export class Differ {
  /** Values looked at, of both sides. */
  visited = 0;
  /** Changes that were found but not listed. */
  unlisted = 0;
  #left: number;

  /** @param most Changes to list at most. */
  constructor(most: number) {
    this.#left = most;
  }

  /**
   * Compares two values.
   *
   * @param before A value; undefined = there was none.
   * @param after A value; undefined = there is none.
   * @param layout Whether these are a matter of looks.
   * @returns The innermost places that differ, in the order of their keys.
   */
  compare(
    before: Json | undefined,
    after: Json | undefined,
    layout: boolean,
  ): { changes: ValueChange[]; same: boolean } {
    const changes: ValueChange[] = [];
    const found = this.unlisted;
    this.#visit(before, after, [], (path, a, b) => {
      if (this.#left > 0) changes.push(toChange(path, a, b, layout));
      else this.unlisted++;
      this.#left--;
    });
    return { changes, same: changes.length === 0 && this.unlisted === found };
  }

  #visit(
    before: Json | undefined,
    after: Json | undefined,
    path: Path,
    report: (path: Path, before: Json | undefined, after: Json | undefined) => void,
  ) {
    this.visited += Number(before !== undefined) + Number(after !== undefined);
    if (Array.isArray(before) && Array.isArray(after)) {
      const length = Math.max(before.length, after.length);
      for (let index = 0; index < length; index++) this.#visit(before[index], after[index], [...path, index], report);
    } else if (isObject(before) && isObject(after)) {
      for (const key of keysOf(before, after)) this.#visit(own(before, key), own(after, key), [...path, key], report);
    } else if (before !== after) {
      report(path, before, after);
    }
  }
}

/** The keys of both, sorted. */
function keysOf(before: JsonObject, after: JsonObject): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
}

function own(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function toChange(path: Path, before: Json | undefined, after: Json | undefined, layout: boolean): ValueChange {
  const [a, b] = [shown(before), shown(after)];
  return {
    path: formatPath(path),
    ...(a === undefined ? {} : { before: a }),
    ...(b === undefined ? {} : { after: b }),
    ...(a !== before || b !== after ? { cut: true } : {}),
    layout,
  };
}

function shown(value: Json | undefined): Json | undefined {
  if (value === undefined || value === null || typeof value === "boolean" || typeof value === "number") return value;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length <= SHOWN_LENGTH ? value : `${text.slice(0, SHOWN_LENGTH)}…`;
}
