/**
 * Reading the members of a token answer. A parser is the spec's response schema in code: what the
 * schema does not allow is a `ContractError` with the JSON pointer, and never the value.
 *
 * Tolerances: the only answers outside the schema that still give a token. An expiry of any other
 * kind than documented (absent, null, empty, not a number, not a timestamp) counts as unknown, and
 * digits in a string count as a number (rule T-01).
 */
import { ContractError } from "../errors.ts";
import { escapePointer } from "../platform/json-pointer.ts";
import { LONGEST_SECRET } from "../secret.ts";
import type { Moment, ParsedToken, Token } from "../token.ts";

export type Members = Readonly<Record<string, unknown>>;

/** RFC 6750 2.1 `b64token`. */
export const B64TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;
/** Visible ASCII, for tokens that travel in a header of their own. */
export const VISIBLE_ASCII = /^[\x21-\x7E]+$/;
/** RFC 6749 A.17 `refresh-token`. */
export const VSCHAR = /^[\x20-\x7E]+$/;

export function breach(pointer: string, expected: string): ContractError {
  return new ContractError({
    pointer,
    message: `The token answer breaks the contract at ${pointer === "" ? "its root" : pointer}: ${expected}.`,
  });
}

const at = (pointer: string, member: string): string => `${pointer}/${escapePointer(member)}`;

export function readObject(members: Members, member: string, pointer = ""): Members {
  const value = members[member];
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Members;
  throw breach(
    at(pointer, member),
    value === undefined ? "the object is missing" : "an object is expected",
  );
}

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
      "the token holds a character that does not belong in one, such as a space or a line break",
    );
  return value;
}

/** A member that may be absent, but not of another type. */
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

export const isString = (value: unknown): value is string => typeof value === "string";
export const isInteger = (value: unknown): value is number => Number.isInteger(value);
export const isNull = (value: unknown): value is null => value === null;
export const either =
  <A, B>(a: (value: unknown) => value is A, b: (value: unknown) => value is B) =>
  (value: unknown): value is A | B =>
    a(value) || b(value);

/**
 * The members that RFC 6749 5.1 names, except for the expiry, on which the vendors differ.
 * A non-null `error` is a refusal with status 200 and never gets here.
 */
export function readBearer(body: Members): { accessToken: string; tokenType: string } {
  const tokenType = readOptional(body, "token_type", isString, "a string") ?? "Bearer";
  // RFC 6749 7.1: a token of a type that the client does not know must not be used.
  if (tokenType.toLowerCase() !== "bearer")
    throw breach("/token_type", "only the type Bearer is known");
  return { accessToken: readToken(body, "access_token", B64TOKEN), tokenType: "Bearer" };
}

/**
 * @param expiry.at epoch ms by this machine's clock, as `expiryAfter` and `expiryAt` give it;
 *   undefined: not known
 * @param expiry.instant epoch ms by the server's clock, where a refusal other than 401 may mean
 *   that the token has ended (rule T-21)
 * @throws ContractError if the token is expired on arrival by the server's clock and by the local
 *   one (rule T-04): asking again would only loop
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
