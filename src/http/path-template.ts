/** Paths with `{parameters}`, as OpenAPI writes them. */
export interface PathTemplate {
  /** Names of the parameters, in order. */
  readonly names: readonly string[];
  /**
   * What stands in the place of each parameter, as it is in the path; undefined if the path is
   * another one. A slash at the end counts.
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

/** One literal more than there are names: before, between and after them. */
interface Segment {
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
  part: string,
): string[] | undefined {
  if (literals.length === 0) return part === first ? [] : undefined;
  if (!part.startsWith(first)) return undefined;
  const values: string[] = [];
  let at = first.length;
  for (const [i, literal] of literals.entries()) {
    // No parameter is empty (OpenAPI has path parameters required); the last literal is where the
    // segment ends.
    const end =
      i === literals.length - 1
        ? part.endsWith(literal)
          ? part.length - literal.length
          : -1
        : part.indexOf(literal, at + 1);
    if (end <= at) return undefined;
    values.push(part.slice(at, end));
    at = end + literal.length;
  }
  return values;
}
