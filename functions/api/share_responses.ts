interface Response {
  readonly content?: Readonly<Record<string, { readonly examples?: Readonly<Record<string, unknown>> }>>;
}

interface Operation {
  readonly responses: Readonly<Record<string, Response>>;
}

/** The part of a document that is looked at. */
export interface Shareable {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Readonly<Record<string, unknown>>;
}

/**
 * Says each error answer once: `components.responses` holds it under its status and codes (`404.not_found`), and the
 * operations refer to it. Written out in each operation they are two fifths of the whole document.
 */
export function shareResponses<T extends Shareable>(document: T): T {
  const responses: Record<string, Response> = {};
  const share = (status: string, response: Response): object => {
    const codes = Object.values(response.content ?? {}).flatMap(({ examples }) => Object.keys(examples ?? {}));
    if (Number(status) < 400 || codes.length === 0) return response;
    const name = [status, ...codes].join(".");
    responses[name] ??= response;
    return { $ref: `#/components/responses/${name}` };
  };
  const paths = mapValues(
    document.paths,
    (item) =>
      mapValues(item, (operation) => ({
        ...operation,
        responses: Object.fromEntries(
          Object.entries(operation.responses).map(([status, response]) => [status, share(status, response)]),
        ),
      })),
  );
  return { ...document, paths, components: { ...document.components, responses } };
}

function mapValues<A, B>(object: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]));
}
