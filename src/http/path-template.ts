/** Paths with `{parameters}`, as OpenAPI writes them. */
export interface PathTemplate {
  /** The names of the parameters, in order. */
  readonly names: readonly string[];
  /**
   * The values of the parameters in a path, in order and as they are encoded there. Undefined if
   * the path does not fit the template. A slash at the end counts.
   */
  match(path: string): readonly string[] | undefined;
}

export function parsePathTemplate(template: string): PathTemplate {
  const segments = template.split("/").map(parseSegment);
  return {
    names: segments.flatMap(({ names }) => names),
    match(path) {
      const parts = path.split("/");
      if (parts.length !== segments.length) return undefined;
      const values = segments.map(({ literals }, i) => matchSegment(literals, parts[i]!));
      return values.some((found) => found === undefined)
        ? undefined
        : values.flatMap((found) => found ?? []);
    },
  };
}

interface Segment {
  /** The texts before, between and after the parameters: one more than there are names. */
  readonly literals: readonly string[];
  readonly names: readonly string[];
}

function parseSegment(segment: string): Segment {
  const [first = "", ...rest] = segment.split("{");
  const pairs = rest.map((part) => part.split("}"));
  return {
    literals: [first, ...pairs.map(([, literal = ""]) => literal)],
    names: pairs.map(([name = ""]) => name),
  };
}

function matchSegment(
  [first = "", ...literals]: readonly string[],
  segment: string,
): string[] | undefined {
  if (literals.length === 0) return segment === first ? [] : undefined;
  if (!segment.startsWith(first)) return undefined;
  const values: string[] = [];
  let at = first.length;
  for (const [i, literal] of literals.entries()) {
    // A path parameter is required, so its value is not empty. The last literal ends the segment.
    const isLast = i === literals.length - 1;
    const end = isLast ? segment.length - literal.length : segment.indexOf(literal, at + 1);
    if (end <= at || !segment.startsWith(literal, end)) return undefined;
    values.push(segment.slice(at, end));
    at = end + literal.length;
  }
  return values;
}
