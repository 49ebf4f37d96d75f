/** What is wrong with the body of a request or of an answer. */
import type { ContractRequest, Operation, Violation } from "./contract.ts";
import { escapePointer } from "../platform/json-pointer.ts";
import { decodeBody, mediaTypeOf } from "./media-type.ts";
import type { Schemas } from "./schemas.ts";
import type { Described, Spec } from "./spec.ts";

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema?: unknown }>>;
  readonly required?: boolean;
}

const wrong = (rule: string, message: string): Violation => ({ in: "body", at: "", rule, message });

/** @returns the violations, and the body as its media type decodes it */
export function checkRequestBody(
  spec: Spec,
  schemas: Schemas,
  described: Described,
  { headers, body: text }: ContractRequest,
): { violations: readonly Violation[]; body: unknown } {
  const { node, pointer } = spec.resolve(`${described.pointer}/requestBody`);
  const { content = {}, required } = (node ?? {}) as Content;
  if (text !== undefined && text !== "")
    return checkContent(schemas, content, pointer, headers.get("content-type"), text);
  return { violations: required ? [wrong("required", "is required")] : [], body: undefined };
}

/** The key in the operation's `responses` under which an answer of this status falls. */
export const answerKeyOf = ({ responses }: Described, status: number): string | undefined =>
  [String(status), `${String(status)[0]}XX`, "default"].find(
    (name) => responses[name] !== undefined,
  );

export function checkResponseBody(
  spec: Spec,
  schemas: Schemas,
  described: Described,
  { operation, status, contentType, text }: ContractAnswer,
): readonly Violation[] {
  const key = answerKeyOf(described, status);
  if (key === undefined) return [wrong("status", `${status} is not an answer of ${operation.id}`)];
  const { node, pointer } = spec.resolve(`${described.pointer}/responses/${key}`);
  const { content } = node as Content;
  if (!content) return text === "" ? [] : [wrong("unknown", "must be empty")];
  return checkContent(schemas, content, pointer, contentType, text).violations;
}

/** An answer to an operation. `text` is the body as it was sent. */
interface ContractAnswer {
  readonly operation: Operation;
  readonly status: number;
  readonly contentType: string | null;
  readonly text: string;
}

function checkContent(
  schemas: Schemas,
  content: NonNullable<Content["content"]>,
  pointer: string,
  contentType: string | null,
  text: string,
): { violations: readonly Violation[]; body: unknown } {
  const mediaType = mediaTypeOf(contentType);
  const described = content[mediaType];
  if (!described) {
    const message =
      mediaType === "" ? "has no media type" : `must not have the media type ${mediaType}`;
    return { violations: [wrong("mediaType", message)], body: undefined };
  }
  const body = decodeBody(text, mediaType);
  if (body === undefined) return { violations: [wrong("type", `is not ${mediaType}`)], body };
  const schema = `${pointer}/content/${escapePointer(mediaType)}/schema`;
  return {
    violations: described.schema === undefined ? [] : schemas.check(schema, body, "body"),
    body,
  };
}
