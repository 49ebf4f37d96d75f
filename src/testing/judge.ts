import type { Contract, Operation, Violation } from "../sandbox/contract.ts";
import { encodeBody, type ContractCase } from "./case.ts";

/** How an exchange breaks a contract. Both lists are empty if it keeps to the contract. */
export interface Verdict {
  readonly request: readonly Violation[];
  readonly response: readonly Violation[];
}

/**
 * Checks the request and the answer of a case against a contract. Nothing is sent.
 * @example
 * const contract = await createContract(document);
 * const wrong = complaints(judge(contract, testCase), testCase.conforms);
 */
export function judge(
  contract: Contract,
  testCase: Omit<ContractCase, "provenance" | "errata">,
): Verdict {
  const { operationId, request } = testCase;
  const place = contract.locate(request.method, request.url);
  if (place?.operation.id !== operationId)
    return { request: [violation("path", `is not ${operationId}`, "path")], response: [] };
  const { operation, path, query } = place;
  const headers = new Headers(request.headers);
  const body = encodeBody(headers.get("content-type") ?? undefined, request.body);
  return {
    request: contract.checkRequest(operation, { path, query, headers, body }).violations,
    response: judgeAnswer(contract, operation, testCase),
  };
}

function judgeAnswer(
  contract: Contract,
  operation: Operation,
  {
    answer,
    mediaType,
    response: { status, headers, body },
  }: Pick<ContractCase, "answer" | "mediaType" | "response">,
): readonly Violation[] {
  const key = contract.answerKey(operation, status);
  if (key !== answer)
    return [violation("status", `${status} falls under ${key ?? "nothing"}, not under ${answer}`)];
  const contentType = new Headers(headers).get("content-type");
  if (contentType !== mediaType)
    return [violation("mediaType", `is ${contentType ?? "none"}, not ${mediaType ?? "none"}`)];
  const text = encodeBody(contentType ?? undefined, body) ?? "";
  return contract.checkResponse(operation, status, contentType, text);
}

const violation = (rule: string, message: string, place: Violation["in"] = "body"): Violation => ({
  in: place,
  at: "",
  rule,
  message,
});

/**
 * How a verdict differs from the expected one; empty: not at all.
 * @param conforms the part of the exchange that the contract must refuse. Undefined: neither part.
 */
export function complaints(
  { request, response }: Verdict,
  conforms: ContractCase["conforms"],
): string[] {
  const list = (half: string, violations: readonly Violation[]): string[] =>
    violations.map(({ in: place, at, message }) => `${half}: ${place} ${at} ${message}`);
  if (conforms === "request")
    return request.length > 0 ? [] : ["the contract should refuse the request, and does not"];
  if (conforms === "response")
    return [
      ...list("request", request),
      ...(response.length > 0 ? [] : ["the contract should refuse the answer, and does not"]),
    ];
  return [...list("request", request), ...list("answer", response)];
}
