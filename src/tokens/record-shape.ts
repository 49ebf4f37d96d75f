/** Checks of what a store returns: anybody who can write to the store can put anything there. */
import { LONGEST_SECRET } from "../secret.ts";
import type {
  Intent,
  LatchEntry,
  LatchRecord,
  TokenRecord,
  UnforeseenRenewal,
} from "./token-store.ts";
import type { Token } from "../token.ts";
import { isRecord } from "../parts/parse-error.ts";
import { VISIBLE_ASCII, VSCHAR } from "../parts/parse-token.ts";

export const isTokenRecord = (value: unknown): value is TokenRecord =>
  holds(value, (record) => {
    const { token, generation, reauthorizationRequired, intent, binding } =
      membersOf<TokenRecord>(record);
    return (
      isGeneration(generation) &&
      isToken(token) &&
      isAbsentOr(intent, isIntent) &&
      isAbsentOr(reauthorizationRequired, (mark) => mark === true) &&
      isAbsentOr(binding, isShort)
    );
  });

export const isLatchRecord = (value: unknown): value is LatchRecord =>
  holds(value, (record) => {
    const { generation, latch, renewals } = membersOf<LatchRecord>(record);
    return (
      isGeneration(generation) &&
      Array.isArray(latch) &&
      latch.every(isLatchEntry) &&
      isAbsentOr(renewals, (list) => Array.isArray(list) && list.every(isRenewal))
    );
  });

/** Runs a check. A value that throws when it is read, as a Proxy may, is no record. */
function holds(value: unknown, is: (value: unknown) => boolean): boolean {
  try {
    return is(value);
  } catch {
    return false;
  }
}

function isLatchEntry(value: unknown): boolean {
  const { tag, status, code, until } = membersOf<LatchEntry>(value);
  return (
    isShort(tag) &&
    isAbsentOr(status, Number.isInteger) &&
    isAbsentOr(code, isShort) &&
    isTime(until)
  );
}

function isRenewal(value: unknown): boolean {
  const { at, forced } = membersOf<UnforeseenRenewal>(value);
  return isTime(at) && isAbsentOr(forced, (mark) => mark === true);
}

function isToken(value: unknown): boolean {
  const { accessToken, tokenType, issuedAt, expiresAt, refreshToken, refreshExpiresAt, scope } =
    membersOf<Token>(value);
  return (
    isSecret(accessToken, VISIBLE_ASCII) &&
    isShort(tokenType) &&
    isTime(issuedAt) &&
    isAbsentOr(expiresAt, isTime) &&
    isAbsentOr(refreshToken, (token) => isSecret(token, VSCHAR)) &&
    isAbsentOr(refreshExpiresAt, isTime) &&
    isAbsentOr(scope, (list) => Array.isArray(list) && list.every((one) => typeof one === "string"))
  );
}

function isIntent(value: unknown): boolean {
  const { refreshTokenHash, owner, at } = membersOf<Intent>(value);
  return isShort(refreshTokenHash) && isShort(owner) && isTime(at);
}

/** The members of a value, to be checked one by one. A value that is no object has none. */
const membersOf = <T>(value: unknown): Partial<Record<keyof T, unknown>> =>
  isRecord(value) ? (value as Partial<Record<keyof T, unknown>>) : {};
const isGeneration = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) > 0;
const isTime = (value: unknown): boolean => Number.isFinite(value);
const isShort = (value: unknown): boolean => typeof value === "string" && value.length <= 1000;
const isSecret = (value: unknown, alphabet: RegExp): boolean =>
  typeof value === "string" && value.length <= LONGEST_SECRET && alphabet.test(value);
const isAbsentOr = (value: unknown, is: (value: unknown) => boolean): boolean =>
  value === undefined || is(value);
