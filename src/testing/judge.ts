import type { Contract, Operation, Violation } from "../sandbox/contract.ts";
import { encodeBody, type ContractCase } from "./case.ts";

/** What a contract says of an exchange. Both lists empty: it keeps to the contract. */
export interface Verdict {
  readonly request: readonly Violation[];
  readonly response: readonly Violation[];
}

const found = (at: string, rule: string, message: string): Violation => ({
  in: "body",
  at,
  rule,
  message,
});

/** Holds an exchange against a contract. */
export function judge(
  contract: Contract,
  {
    operationId,
    answer,
    mediaType,
    request,
    response,
  }: Omit<ContractCase, "provenance" | "errata">,
): Verdict {
  const place = contract.locate(request.method, request.url);
  if (place?.operation.id !== operationId)
    return { request: [found("", "path", `is not ${operationId}`)], response: [] };
  const { operation, query } = place;
  const headers = new Headers(request.headers);
  return {
    request: contract.checkRequest(operation, {
      query,
      headers,
      body: encodeBody(headers.get("content-type") ?? undefined, request.body),
    }).violations,
    response: judgeAnswer(contract, operation, answer, mediaType, response),
  };
}

function judgeAnswer(
  contract: Contract,
  operation: Operation,
  answer: string,
  mediaType: string | null,
  { status, headers, body }: ContractCase["response"],
): readonly Violation[] {
  const key = contract.answerKey(operation, status);
  if (key !== answer)
    return [found("", "status", `${status} falls under ${key ?? "nothing"}, not under ${answer}`)];
  const contentType = new Headers(headers).get("content-type");
  if (contentType !== mediaType)
    return [found("", "mediaType", `is ${contentType ?? "none"}, not ${mediaType ?? "none"}`)];
  return contract.checkResponse(
    operation,
    status,
    contentType,
    encodeBody(contentType ?? undefined, body) ?? "",
  );
}

/** What is wrong with a verdict, given what the case says that it must be. Empty: nothing. */
export function complaints(
  { request, response }: Verdict,
  conforms: ContractCase["conforms"],
): string[] {
  const list = (half: string, violations: readonly Violation[]): string[] =>
    violations.map(({ in: place, at, message }) => `${half}: ${place} ${at} ${message}`);
  if (conforms === "request")
    return request.length > 0 ? [] : ["the request should be refused, and is not"];
  if (conforms === "response")
    return [
      ...list("request", request),
      ...(response.length > 0 ? [] : ["the answer should be refused, and is not"]),
    ];
  return [...list("request", request), ...list("answer", response)];
}
