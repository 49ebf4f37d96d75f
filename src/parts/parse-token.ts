/**
 * Functions that a provider's `parseToken` can use to read a token response. A parser checks what
 * the spec's response schema says: for whatever the schema does not allow, it throws a
 * `ContractError` with a JSON pointer. The error never holds the value.
 *
 * There are two exceptions, and no others: an expiry that is absent, null, empty, not a number or
 * not a timestamp counts as unknown, and a string of digits counts as a number (rule T-01).
 */
import { ContractError } from "../errors.ts";
import { escapePointer } from "../platform/json-pointer.ts";
import { LONGEST_SECRET } from "../secret.ts";
import { isRecord } from "./parse-error.ts";
import type { Moment, ParsedToken, Token } from "../token.ts";

/** The members of a JSON object. */
export type Members = Readonly<Record<string, unknown>>;

/** A bearer token (RFC 6750 2.1 `b64token`). */
export const B64TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;
/** Visible ASCII, for a token that is sent in a header other than `Authorization`. */
export const VISIBLE_ASCII = /^[\x21-\x7E]+$/;
/** A refresh token (RFC 6749 A.17 `refresh-token`). */
export const VSCHAR = /^[\x20-\x7E]+$/;

/**
 * The error for a token response that breaks the contract.
 * @param pointer JSON pointer (RFC 6901) to the value that is wrong; `""` is the whole body
 * @param expected what is wrong, or what is expected there, without the value
 * @example
 * ```ts
 * if (body.kind !== "session") throw breach("/kind", "the kind session is expected");
 * ```
 */
export function breach(pointer: string, expected: string): ContractError {
  return new ContractError({
    pointer,
    message: `The token answer breaks the contract at ${pointer === "" ? "its root" : pointer}: ${expected}.`,
  });
}

const at = (pointer: string, member: string): string => `${pointer}/${escapePointer(member)}`;

/**
 * A member that has to be an object.
 * @param pointer JSON pointer to `members`; `""` is the whole body
 * @throws ContractError if the member is missing, or no object
 * @example
 * ```ts
 * const data = readObject(body, "data");
 * const accessToken = readToken(data, "token", B64TOKEN, "/data");
 * ```
 */
export function readObject(members: Members, member: string, pointer = ""): Members {
  const value = members[member];
  if (isRecord(value)) return value;
  throw breach(
    at(pointer, member),
    value === undefined ? "the object is missing" : "an object is expected",
  );
}

/**
 * A member that has to be a token.
 * @param alphabet matches a token of the vendor, for example `B64TOKEN` or `VISIBLE_ASCII`
 * @param pointer JSON pointer to `members`; `""` is the whole body
 * @throws ContractError if the member is missing, empty, longer than 65,536 characters, or holds a
 *   character that is not in the alphabet (rule S-04)
 */
export function readToken(
  members: Members,
  member: string,
  alphabet: RegExp,
  pointer = "",
): string {
  const value = members[member];
  if (value === undefined) throw breach(at(pointer, member), "the token is missing");
  if (typeof value !== "string") throw breach(at(pointer, member), "a string is expected");
  if (value === "") throw breach(at(pointer, member), "the token is empty");
  if (value.length > LONGEST_SECRET)
    throw breach(at(pointer, member), "the token is longer than 65,536 characters");
  if (!alphabet.test(value))
    throw breach(
      at(pointer, member),
      "the token holds a character that no token has, such as a space or a line break",
    );
  return value;
}

/**
 * A member that may be absent, but may not be of another type.
 * @param is tells whether the value is of the type, for example `isString`
 * @param expected names the type in the error, for example "a string"
 * @param pointer JSON pointer to `members`; `""` is the whole body
 * @throws ContractError if the member is of another type
 */
export function readOptional<T>(
  members: Members,
  member: string,
  is: (value: unknown) => value is T,
  expected: string,
  pointer = "",
): T | undefined {
  const value = members[member];
  if (value === undefined || is(value)) return value;
  throw breach(at(pointer, member), `${expected} is expected`);
}

/** Whether a value is a string. For `readOptional`. */
export const isString = (value: unknown): value is string => typeof value === "string";
/** Whether a value is a whole number. For `readOptional`. */
export const isInteger = (value: unknown): value is number => Number.isInteger(value);
/** Whether a value is null. For `readOptional`. */
export const isNull = (value: unknown): value is null => value === null;
/**
 * Whether a value is of one of two types. For `readOptional`.
 * @example
 * ```ts
 * readOptional(body, "expires_in", either(isInteger, isNull), "an integer or null");
 * ```
 */
export const either =
  <A, B>(a: (value: unknown) => value is A, b: (value: unknown) => value is B) =>
  (value: unknown): value is A | B =>
    a(value) || b(value);

/**
 * The access token and its type, as RFC 6749 5.1 names them. The expiry is left to the provider,
 * since vendors differ in it. A body with an `error` is a refusal: the client uses no token of it.
 * @throws ContractError if the token is missing or no bearer token
 */
export function readBearer(body: Members): { accessToken: string; tokenType: string } {
  const tokenType = readOptional(body, "token_type", isString, "a string") ?? "Bearer";
  // A token of an unknown type must not be used (RFC 6749 7.1).
  if (tokenType.toLowerCase() !== "bearer")
    throw breach("/token_type", "only the type Bearer is known");
  return { accessToken: readToken(body, "access_token", B64TOKEN), tokenType: "Bearer" };
}

/**
 * Makes a token of the parts that a parser has read.
 * @param token the parts of the token, without its times
 * @param moment when the request was sent: the `TokenAnswer` of the parser
 * @param expiry.at when the token expires, in epoch ms on this machine's clock, as `expiryAfter` or
 *   `expiryAt` returns it; undefined if that is not known
 * @param expiry.instant when the token expires, in epoch ms on the server's clock. Needed if a
 *   status other than 401 may mean that the token has expired (rule T-21).
 * @param expiry.pointer JSON pointer to the expiry, for the error
 * @throws ContractError if the token has already expired (rule T-04). Another request would bring
 *   another expired token.
 * @example
 * ```ts
 * const seconds = parseInteger(answer.body.expires_in);
 * const at = seconds === undefined ? undefined : expiryAfter(seconds, answer);
 * return assemble(readBearer(answer.body), answer, { at, pointer: "/expires_in" });
 * ```
 */
export function assemble(
  token: Omit<Token, "issuedAt" | "expiresAt">,
  moment: Moment,
  expiry: {
    readonly at: number | undefined;
    readonly instant?: number | undefined;
    readonly pointer: string;
  },
): ParsedToken {
  const { at: expiresAt, instant, pointer } = expiry;
  if (expiresAt !== undefined && expiresAt <= moment.sentAt)
    throw breach(
      pointer,
      "the token is expired on arrival; check the clocks of this machine and of the server",
    );
  return {
    ...token,
    issuedAt: moment.sentAt,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(instant === undefined ? {} : { expires: instant }),
  };
}
