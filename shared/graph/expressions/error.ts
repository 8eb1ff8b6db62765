/** An expression that cannot be parsed or evaluated. */
export class ExpressionError extends Error {
  override readonly name = "ExpressionError";
  /** Where in the source (the expression's, or the template's that holds it), in UTF-16 units from 0. */
  readonly position: number;
  /** Where in the config the source stands; empty when it stands alone. */
  readonly path: (string | number)[];

  constructor(message: string, position: number, path: (string | number)[] = []) {
    super(message);
    this.position = position;
    this.path = path;
  }
}
