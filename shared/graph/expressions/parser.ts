import { EXPRESSION_LIMITS } from "../limits.ts";
import type { Ast, BinaryOperator, Expression, LogicalOperator, RootName } from "./ast.ts";
import { ExpressionError } from "./error.ts";
import { findFunction, functionNames } from "./functions/mod.ts";
import { Lexer, type Token } from "./lexer.ts";
import { nearest } from "./nearest.ts";

/** How tightly each operator between two values binds; `?` is the conditional. */
const BINDING: Readonly<Record<string, number>> = {
  "?": 1,
  "??": 2,
  "||": 3,
  "&&": 4,
  "==": 5,
  "!=": 5,
  "<": 6,
  "<=": 6,
  ">": 6,
  ">=": 6,
  "+": 7,
  "-": 7,
  "*": 8,
  "/": 8,
  "%": 8,
};
const UNARY_BINDING = 9;
const LOGICAL: ReadonlySet<string> = new Set(["&&", "||", "??"]);
const CONSTANTS: Readonly<Record<string, boolean | null>> = { "true": true, "false": false, "null": null };
const ROOTS: readonly RootName[] = ["trigger", "run", "flow", "item", "index"];
const NAMES = ["steps", "callbacks", "secrets", ...ROOTS];

/** An `Omit` that keeps the members of a union apart. */
type Unplaced<T> = T extends unknown ? Omit<T, "at" | "height"> : never;

/**
 * Parses one expression, without braces.
 *
 * @param source For example `steps.cart.output.total > 100`.
 * @returns The expression, checked: names, functions and numbers of arguments are right.
 * @throws ExpressionError at the first place that cannot be understood.
 */
export function parseExpression(source: string): Expression {
  if (source.length > EXPRESSION_LIMITS.sourceLength) throw tooLong(0);
  const parser = new Parser(source, 0);
  const expression = parser.expression();
  parser.expectEnd();
  return expression;
}

/**
 * Parses the expression of a template, from behind its `{{` to its `}}`.
 *
 * @param text The whole template; positions of errors count from its start.
 * @param start Where the expression begins.
 * @returns The expression and the position behind `}}`.
 * @throws ExpressionError at the first place that cannot be understood.
 */
export function parseEmbedded(text: string, start: number): { expression: Expression; end: number } {
  const parser = new Parser(text, start);
  const expression = parser.expression();
  return { expression, end: parser.expectBraces(start - 2) };
}

/** A Pratt parser over words read on demand. */
class Parser {
  readonly #source: string;
  readonly #start: number;
  readonly #lexer: Lexer;
  readonly #steps = new Map<string, number>();
  readonly #callbacks = new Map<string, number>();
  readonly #secrets = new Map<string, number>();
  readonly #roots = new Map<RootName, number>();
  #peeked: Token | null = null;
  /** The end of the last word taken. */
  #end: number;
  #depth = 0;

  constructor(source: string, start: number) {
    this.#source = source;
    this.#start = start;
    this.#end = start;
    this.#lexer = new Lexer(source, start);
  }

  expression(): Expression {
    const first = this.#peek();
    if (first.kind === "end" || first.value === "}") throw new ExpressionError("Expected an expression", first.start);
    const root = this.#parse(0);
    const length = this.#end - this.#start;
    if (length > EXPRESSION_LIMITS.sourceLength) throw tooLong(this.#start);
    const source = this.#source.slice(this.#start, this.#end).trim();
    return { source, root, steps: this.#steps, callbacks: this.#callbacks, secrets: this.#secrets, roots: this.#roots };
  }

  expectEnd() {
    const token = this.#peek();
    if (token.kind !== "end") throw unexpected(token, "an operator or the end");
  }

  /** Takes the closing braces; returns the position behind them. */
  expectBraces(open: number): number {
    const token = this.#peek();
    if (token.kind === "end") throw new ExpressionError("Expected }} to close this expression", open);
    if (token.value !== "}" || token.kind !== "symbol" || this.#source[token.end] !== "}") {
      throw unexpected(token, "an operator or }}");
    }
    return token.end + 1;
  }

  #peek(): Token {
    return this.#peeked ??= this.#lexer.next();
  }

  #take(): Token {
    const token = this.#peek();
    this.#peeked = null;
    this.#end = token.end;
    return token;
  }

  #accept(symbol: string): boolean {
    const token = this.#peek();
    if (token.kind !== "symbol" || token.value !== symbol) return false;
    this.#take();
    return true;
  }

  #expect(symbol: string) {
    if (!this.#accept(symbol)) throw unexpected(this.#peek(), symbol);
  }

  #node(at: number, children: readonly Ast[], node: Unplaced<Ast>): Ast {
    const height = 1 + children.reduce((highest, child) => Math.max(highest, child.height), 0);
    if (height > EXPRESSION_LIMITS.depth) throw tooDeep(at);
    return { ...node, at, height };
  }

  #parse(binding: number): Ast {
    if (++this.#depth > EXPRESSION_LIMITS.depth) throw tooDeep(this.#peek().start);
    let left = this.#prefix();
    for (;;) {
      const token = this.#peek();
      const strength = token.kind === "symbol" ? BINDING[token.value] : undefined;
      if (strength === undefined || strength <= binding) break;
      left = this.#infix(left, this.#take(), strength);
    }
    this.#depth--;
    return left;
  }

  #infix(left: Ast, token: Token, strength: number): Ast {
    const operator = String(token.value);
    if (operator === "?") {
      const yes = this.#parse(0);
      this.#expect(":");
      // One less: `a ? b : c ? d : e` groups to the right.
      const no = this.#parse(strength - 1);
      return this.#node(token.start, [left, yes, no], { kind: "conditional", test: left, yes, no });
    }
    const right = this.#parse(strength);
    return LOGICAL.has(operator)
      ? this.#node(token.start, [left, right], { kind: "logical", operator: operator as LogicalOperator, left, right })
      : this.#node(token.start, [left, right], { kind: "binary", operator: operator as BinaryOperator, left, right });
  }

  #prefix(): Ast {
    const token = this.#peek();
    if (token.kind === "symbol" && (token.value === "!" || token.value === "-")) {
      this.#take();
      const operand = this.#parse(UNARY_BINDING);
      return this.#node(token.start, [operand], { kind: "unary", operator: token.value, operand });
    }
    return this.#postfix(this.#primary());
  }

  #primary(): Ast {
    const token = this.#take();
    const at = token.start;
    if (token.kind === "number" || token.kind === "text") {
      return this.#node(at, [], { kind: "literal", value: token.value });
    }
    if (token.kind === "name") return this.#name(String(token.value), at);
    if (token.kind === "symbol") {
      if (token.value === "(") {
        const inner = this.#parse(0);
        this.#expect(")");
        return inner;
      }
      if (token.value === "[") {
        const items = this.#items("]");
        return this.#node(at, items, { kind: "list", items });
      }
      if (token.value === "{") return this.#object(at);
    }
    throw unexpected(token, "a value");
  }

  #name(name: string, at: number): Ast {
    if (this.#accept("(")) return this.#call(name, at);
    if (Object.hasOwn(CONSTANTS, name)) return this.#node(at, [], { kind: "literal", value: CONSTANTS[name] ?? null });
    if (name === "steps") return this.#node(at, [], { kind: "step", id: this.#nodeId(name, at, this.#steps) });
    if (name === "callbacks") {
      return this.#node(at, [], { kind: "callback", id: this.#nodeId(name, at, this.#callbacks) });
    }
    if (name === "secrets") return this.#node(at, [], { kind: "secret", name: this.#nodeId(name, at, this.#secrets) });
    const root = ROOTS.find((known) => known === name);
    if (root === undefined) {
      const hint = findFunction(name) === undefined ? suggestion(name, NAMES) : `; write ${name}(…)`;
      const known = "known are trigger, steps, item, index, run, flow, callbacks and secrets";
      throw new ExpressionError(`Unknown name ${quoted(name)}${hint}; ${known}`, at);
    }
    if (!this.#roots.has(root)) this.#roots.set(root, at);
    return this.#node(at, [], { kind: "root", name: root });
  }

  /** `steps.id` or `steps["id"]`: the id must be known before the run, because it says what a step reads. */
  #nodeId(name: string, at: number, found: Map<string, number>): string {
    let id: string | null = null;
    if (this.#accept(".")) {
      const token = this.#lexer.stepId();
      if (token !== null) {
        id = String(token.value);
        this.#end = token.end;
      }
    } else if (this.#accept("[")) {
      const token = this.#take();
      if (token.kind === "text" && token.value !== "") id = String(token.value);
      if (id !== null) this.#expect("]");
    }
    if (id === null) {
      const what = name === "secrets" ? "the name of a secret" : "the id of a step";
      throw new ExpressionError(`Expected ${what}: ${name}.<id> or ${name}["<id>"]`, at);
    }
    if (!found.has(id)) found.set(id, at);
    return id;
  }

  #call(name: string, at: number): Ast {
    const definition = findFunction(name);
    if (definition === undefined) {
      throw new ExpressionError(`Unknown function ${quoted(name)}${suggestion(name, functionNames())}`, at);
    }
    const args = this.#items(")");
    const { least, most } = definition.arity;
    if (args.length < least || args.length > most) {
      throw new ExpressionError(`Expected ${definition.signature}, got ${args.length} arguments`, at);
    }
    return this.#node(at, args, { kind: "call", definition, args });
  }

  /** Reads values between commas up to a closing symbol; a comma may follow the last. */
  #items(close: string): Ast[] {
    const items: Ast[] = [];
    while (!this.#accept(close)) {
      items.push(this.#parse(0));
      if (!this.#accept(",")) {
        if (!this.#accept(close)) throw unexpected(this.#peek(), `, or ${close}`);
        break;
      }
    }
    return items;
  }

  #object(at: number): Ast {
    const entries: [string, Ast][] = [];
    while (!this.#accept("}")) {
      const key = this.#take();
      if (key.kind !== "name" && key.kind !== "text") throw unexpected(key, "a key");
      if (key.value === "__proto__") throw new ExpressionError("Cannot use __proto__ as a key", key.start);
      this.#expect(":");
      entries.push([String(key.value), this.#parse(0)]);
      if (!this.#accept(",")) {
        if (!this.#accept("}")) throw unexpected(this.#peek(), ", or }");
        break;
      }
    }
    return this.#node(at, entries.map(([, value]) => value), { kind: "object", entries });
  }

  #postfix(base: Ast): Ast {
    let node = base;
    for (;;) {
      const at = this.#peek().start;
      if (this.#accept(".")) {
        const key = this.#take();
        if (key.kind !== "name") throw unexpected(key, 'a property name, or ["…"]');
        if (this.#peek().value === "(" && this.#peek().kind === "symbol") throw noMethods(String(key.value), key.start);
        node = this.#node(at, [node], { kind: "member", object: node, key: String(key.value) });
      } else if (this.#accept("[")) {
        const index = this.#parse(0);
        this.#expect("]");
        node = this.#node(at, [node, index], { kind: "index", object: node, index });
      } else {
        return node;
      }
    }
  }
}

function unexpected(token: Token, expected: string): ExpressionError {
  const found = token.kind === "end" ? "the end" : token.kind === "text" ? "text" : quoted(String(token.value));
  return new ExpressionError(`Expected ${expected}, found ${found}`, token.start);
}

function noMethods(name: string, at: number): ExpressionError {
  const known = findFunction(name) === undefined ? suggestion(name, functionNames()) : `; write ${name}(value)`;
  return new ExpressionError(`Cannot call a method${known}`, at);
}

function tooDeep(at: number): ExpressionError {
  return new ExpressionError("Cannot nest so deeply", at);
}

function tooLong(at: number): ExpressionError {
  return new ExpressionError(`Cannot be longer than ${EXPRESSION_LIMITS.sourceLength} characters`, at);
}

function suggestion(name: string, known: readonly string[]): string {
  const similar = nearest(name, known);
  return similar === null ? "" : `; did you mean ${similar}?`;
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
