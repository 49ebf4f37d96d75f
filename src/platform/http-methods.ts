/** The methods of HTTP, as the members of an OpenAPI 3.1 path item are named. */
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
