/** The cells that cases have to cover: operation x status x media type x grant or form. */
import type { OpenApiDocument } from "../../src/testing/index.ts";
import type { Form } from "./load.ts";
import { resolve, type Schema } from "./schema.ts";

export interface Cell {
  readonly operationId: string;
  readonly answer: string;
  readonly mediaType: string | null;
  readonly variant: string;
}

interface Operation {
  readonly operationId?: string;
  readonly requestBody?: {
    readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
  };
  readonly responses: Readonly<Record<string, { readonly content?: object }>>;
}

/**
 * @param forms other forms of the document. An operation that a form changes has the cells of the
 *   form besides its own.
 */
export function cellsOf(document: OpenApiDocument, forms: readonly Form[] = []): Cell[] {
  return operationsOf(document).flatMap((operation) => {
    const { operationId } = operation;
    if (operationId === undefined) return [];
    const others = forms.flatMap((form) =>
      operationsOf(form.document)
        .filter((one) => one.operationId === operationId && !isSame(one, operation))
        .flatMap((one) => cellsOfOperation(form.document, one, [form.name])),
    );
    const variants = variantsOf(document, operation, others.length > 0);
    return [...cellsOfOperation(document, operation, variants), ...others];
  });
}

/** An overlay keeps the order of the members that it does not change. */
const isSame = (one: Operation, other: Operation): boolean =>
  JSON.stringify(one) === JSON.stringify(other);

const operationsOf = (document: OpenApiDocument): Operation[] =>
  Object.values(document["paths"] as Record<string, Record<string, Operation>>).flatMap((item) =>
    Object.values(item),
  );

function cellsOfOperation(
  document: OpenApiDocument,
  { operationId = "", responses }: Operation,
  variants: readonly string[],
): Cell[] {
  return Object.entries(responses).flatMap(([answer, response]) => {
    const types: (string | null)[] = Object.keys(resolve(document, response).content ?? {});
    return (types.length === 0 ? [null] : types).flatMap((mediaType) =>
      variants.map((variant) => ({ operationId, answer, mediaType, variant })),
    );
  });
}

/**
 * The variants of a request. A body that is a union has one for the `grant_type` of each branch.
 * Where an overlay describes another form of the request, the document's own form is `body`.
 */
function variantsOf(
  document: OpenApiDocument,
  { requestBody }: Operation,
  hasOtherForm: boolean,
): string[] {
  const { schema } = Object.values(requestBody?.content ?? {})[0] ?? {};
  const union = schema && resolve(document, schema).oneOf;
  if (union)
    return union.map((branch) =>
      String(resolve(document, branch).properties?.["grant_type"]?.const),
    );
  return [hasOtherForm ? "body" : "-"];
}

export const cellName = ({ operationId, answer, mediaType, variant }: Cell): string =>
  [operationId, answer, mediaType ?? "no body", variant].join(" ");
