import type { FunctionDefinition } from "./functions/mod.ts";

/** The values that can be read by name. `steps`, `callbacks` and `secrets` are not among them: they never stand for themselves. */
export type RootName = "trigger" | "run" | "flow" | "item" | "index";

/** Operators that take two values. */
export type BinaryOperator = "+" | "-" | "*" | "/" | "%" | "==" | "!=" | "<" | "<=" | ">" | ">=";

/** Operators that may leave their right side alone. */
export type LogicalOperator = "&&" | "||" | "??";

interface Positioned {
  /** Where errors of this node point to, in UTF-16 units of the source. */
  readonly at: number;
  /** Levels of nodes below and including this one. */
  readonly height: number;
}

/** A node of a parsed expression. */
export type Ast =
  & Positioned
  & (
    | { readonly kind: "literal"; readonly value: null | boolean | number | string }
    | { readonly kind: "root"; readonly name: RootName }
    | { readonly kind: "step"; readonly id: string }
    | { readonly kind: "callback"; readonly id: string }
    | { readonly kind: "secret"; readonly name: string }
    | { readonly kind: "member"; readonly object: Ast; readonly key: string }
    | { readonly kind: "index"; readonly object: Ast; readonly index: Ast }
    | { readonly kind: "unary"; readonly operator: "!" | "-"; readonly operand: Ast }
    | { readonly kind: "binary"; readonly operator: BinaryOperator; readonly left: Ast; readonly right: Ast }
    | { readonly kind: "logical"; readonly operator: LogicalOperator; readonly left: Ast; readonly right: Ast }
    | { readonly kind: "conditional"; readonly test: Ast; readonly yes: Ast; readonly no: Ast }
    | { readonly kind: "call"; readonly definition: FunctionDefinition; readonly args: readonly Ast[] }
    | { readonly kind: "list"; readonly items: readonly Ast[] }
    | { readonly kind: "object"; readonly entries: readonly (readonly [string, Ast])[] }
  );

/** A parsed expression. Make one with `parseExpression`; what is inside is for the evaluator alone. */
export interface Expression {
  /** The text between the braces, trimmed. */
  readonly source: string;
  readonly root: Ast;
  /** The steps it reads: their ids, and where each is named first. */
  readonly steps: ReadonlyMap<string, number>;
  /** The steps whose callback it reads: their ids, and where each is named first. */
  readonly callbacks: ReadonlyMap<string, number>;
  /** The secrets it reads: their names, and where each is named first. */
  readonly secrets: ReadonlyMap<string, number>;
  /** The names it reads besides: each, and where it stands first. */
  readonly roots: ReadonlyMap<RootName, number>;
}

/** A parsed string of a config: literal text and expressions in turn. Make one with `parseTemplate`. */
export interface Template {
  readonly source: string;
  readonly parts: readonly (string | Expression)[];
  /** The expression, when the string is exactly one: its value keeps its type. */
  readonly single: Expression | null;
}
