/** The methods of HTTP, by the names that they have as members of an OpenAPI 3.1 path item. */
export const HTTP_METHODS = [
  "get",
  "put",
  "post",
  "delete",
  "options",
  "head",
  "patch",
  "trace",
] as const;
