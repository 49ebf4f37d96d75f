/**
 * Checks requests and answers against an OpenAPI document. This is the one validator of the
 * project: the sandbox refuses requests by it, and it judges the contract cases. A contract case is
 * one exchange with a vendor, written down as data for a test.
 */
import { answerKeyOf, checkRequestBody, checkResponseBody } from "./check-body.ts";
import { checkParameters } from "./check-parameters.ts";
import { checkSecurity } from "./check-security.ts";
import { createSchemas } from "./schemas.ts";
import { locateUrl, matchPath, readSpec, type Described } from "./spec.ts";

/** An OpenAPI 3.1 document as parsed JSON. References stay within the document. */
export type OpenApiDocument = Readonly<Record<string, unknown>>;

/** One way in which a request or an answer breaks the document. */
export interface Violation {
  readonly in: "body" | "header" | "path" | "query" | "security";
  /** Name of the parameter or of the security scheme, or JSON pointer into the body. */
  readonly at: string;
  /**
   * JSON Schema keyword, or `required`, `unknown`, `repeated`, `encoding`, `mediaType`, `status`.
   */
  readonly rule: string;
  /** What is wrong, without the value. */
  readonly message: string;
}

/** An operation of the document. */
export interface Operation {
  /** `operationId`, or the method and the path where the document has none. */
  readonly id: string;
  /** In upper case. */
  readonly method: string;
  /** Below the server's URL, with `{templates}`. */
  readonly path: string;
  /** Names of the security schemes that are needed. Of several alternatives: those of the first. */
  readonly security: readonly string[];
}

/** The operation that a request names. */
export interface Match {
  readonly operation: Operation;
  /** Path parameters, decoded. */
  readonly path: Readonly<Record<string, string>>;
}

/** A request as it arrives. */
export interface ContractRequest {
  /** As it stands in the URL, percent-encoded, with or without the question mark. */
  readonly query: string;
  readonly headers: Headers;
  /** Path parameters, decoded, as `match` and `locate` give them. Absent: they are not checked. */
  readonly path?: Readonly<Record<string, string>>;
  /** Undefined: the request has no body. */
  readonly body: string | undefined;
}

/** The checks of one document. Made by `createContract`. */
export interface Contract {
  readonly operations: readonly Operation[];
  /**
   * The operation of a path below the server's URL. A slash at the end of the path counts.
   * @param method in upper case
   */
  match(method: string, path: string): Match | undefined;
  /**
   * The operation that a whole URL names, and the query of the URL, still percent-encoded. The URL
   * has to begin with a server of the document. Server variables may have any value.
   * @param method in upper case
   */
  locate(method: string, url: string): (Match & { readonly query: string }) | undefined;
  /**
   * What is wrong with a request, and its body as the media type decodes it.
   * @throws RangeError if the operation is not one of `operations`
   */
  checkRequest(
    operation: Operation,
    request: ContractRequest,
  ): { readonly violations: readonly Violation[]; readonly body: unknown };
  /**
   * The key in the operation's `responses` under which an answer of this status falls: the status,
   * its class such as `4XX`, or `default`.
   */
  answerKey(operation: Operation, status: number): string | undefined;
  /**
   * What is wrong with an answer. An answer whose status the document does not name is judged by
   * `default`.
   * @param contentType the header's value
   * @param body the text as it was sent
   * @throws RangeError if the operation is not one of `operations`
   */
  checkResponse(
    operation: Operation,
    status: number,
    contentType: string | null,
    body: string,
  ): readonly Violation[];
}

/**
 * Makes the checks of an OpenAPI document.
 * @throws ConfigurationError if `ajv` or `ajv-formats`, optional peers, are not installed
 * @example
 * const contract = await createContract(document);
 * const found = contract.match("GET", "/projects/");
 * if (found) contract.checkResponse(found.operation, 200, "application/json", text);
 */
export async function createContract(document: OpenApiDocument): Promise<Contract> {
  const schemas = await createSchemas(document);
  const spec = readSpec(document);
  const describe = (operation: Operation): Described => {
    const described = spec.operations.get(operation);
    if (!described) throw new RangeError(`${operation.id} is not an operation of this contract`);
    return described;
  };
  return {
    operations: [...spec.operations.keys()],
    match: (method, path) => matchPath(spec, method, path),
    locate: (method, url) => locateUrl(spec, method, url),
    answerKey: (operation, status) => answerKeyOf(describe(operation), status),
    checkRequest(operation, request) {
      const described = describe(operation);
      const { violations, body } = checkRequestBody(spec, schemas, described, request);
      return {
        violations: [
          ...checkSecurity(spec, described, request),
          ...checkParameters(spec, schemas, described, request),
          ...violations,
        ],
        body,
      };
    },
    checkResponse: (operation, status, contentType, text) =>
      checkResponseBody(spec, schemas, describe(operation), {
        operation,
        status,
        contentType,
        text,
      }),
  };
}
