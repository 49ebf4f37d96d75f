/** Encodes the body of a form. Given to orval as `override.formUrlEncoded`. */
export const encodeForm = (body: object): URLSearchParams =>
  new URLSearchParams(body as Readonly<Record<string, string>>);
