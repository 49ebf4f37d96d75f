/**
 * A contract case: one exchange with a vendor as data, and what the client makes of the answer. It
 * is meant to be written as JSON.
 */
export interface ContractCase {
  /** The operation of the document. */
  readonly operationId: string;
  /**
   * The key in the operation's `responses` under which the answer falls, such as `200` or
   * `default`.
   */
  readonly answer: string;
  /** Media type of the answer; null if the answer has no body. */
  readonly mediaType: string | null;
  /**
   * `grant_type` or form of the request; `-` where the operation has only one. A case with
   * `authorization_code` goes through the client's exchange of a code. A form that a published
   * overlay describes has the name of the overlay: the case with `query` of the provider `genlogs`
   * is judged by the document with openapi/overlays/genlogs-query.yaml applied.
   */
  readonly variant: string;
  /**
   * Absent: the exchange keeps to the document. Otherwise the part of the exchange that breaks the
   * document, so that the check of this part must fail.
   */
  readonly conforms?: "request" | "response";
  /** Options of the client, besides the address and the credentials. */
  readonly client?: Readonly<Record<string, string>>;
  /** The request as the client must send it. */
  readonly request: {
    /** In upper case. */
    readonly method: string;
    /** The whole URL at one of the document's servers, percent-encoded. */
    readonly url: string;
    /** Names in lower case. */
    readonly headers: Readonly<Record<string, string>>;
    /** Members of the body, before the media type encodes them. */
    readonly body?: Readonly<Record<string, unknown>>;
  };
  /** The vendor's answer. */
  readonly response: {
    readonly status: number;
    /** Names in lower case. */
    readonly headers: Readonly<Record<string, string>>;
    /** JSON, or a text where the media type is `text/*`. */
    readonly body?: unknown;
  };
  /**
   * Name of the case that answers the next request of the client, such as a login after a refused
   * refresh token.
   */
  readonly then?: string;
  /** What the client makes of the answer. Absent where no client sends such a request. */
  readonly outcome?: Outcome;
  /**
   * How the sandbox comes to give this answer. With `own`, the sandbox's imitation of the vendor
   * gives the answer by itself, once the other members of this object are applied. Without
   * `sandbox`, the answer of the case replaces the imitation's answer.
   */
  readonly sandbox?: {
    readonly own: true;
    /** Name of a fault of the vendor on the sandbox. It is switched on before the request. */
    readonly fault?: string;
    /** Settings of the vendor on the sandbox. */
    readonly settings?: Readonly<Record<string, string | number>>;
    /** The data that the sandbox answers with, where they are not those of the case. */
    readonly data?: unknown;
    /** The vendor's refresh tokens are revoked before the request. */
    readonly revoke?: "refresh";
    /** The request carries the code of the case, not one that the sandbox has issued. */
    readonly literalCode?: true;
  };
  /** The case may be sent to the live vendor: it changes nothing and cannot lock an account. */
  readonly safe?: boolean;
  /** The document that describes this exchange. */
  readonly provenance: string;
  /** Ids of the errata that this case is evidence for. */
  readonly errata: readonly string[];
}

/** What comes out of the client. */
export type Outcome =
  /** A token request succeeded. `lifetime` is in seconds; null: the client does not know it. */
  | {
      readonly token: {
        readonly accessToken: string;
        readonly lifetime: number | null;
        readonly refreshToken?: string;
        readonly scope?: readonly string[];
      };
    }
  /** The call threw this error. */
  | { readonly error: OutcomeError }
  /** The data of an API call. In a case it is `true` and stands for the body of the answer. */
  | { readonly data: unknown }
  /** An API call was refused, and `toError` turned the answer into this error. */
  | { readonly problem: OutcomeError };

/**
 * What a case states about an error. Members that a case leaves out must be absent from the error.
 */
export interface OutcomeError {
  /** `kind` of the CorrigendaError. */
  readonly kind: string;
  readonly status?: number;
  /** The vendor's error code. */
  readonly vendorCode?: string;
  readonly retryable?: boolean;
  /** Seconds from the answer to the error's `retryAt`, rounded. */
  readonly retryAfter?: number;
  /** JSON pointer of a ContractError. */
  readonly pointer?: string;
  /** In a case: a part of the message, or absent to leave the message unchecked. */
  readonly message?: string;
}

/** A body as text, encoded as its content type says. A list becomes a repeated form field. */
export function encodeBody(contentType: string | undefined, body: unknown): string | undefined {
  if (body === undefined) return undefined;
  if (contentType === "application/x-www-form-urlencoded") {
    const fields = Object.entries(body as Readonly<Record<string, string | string[]>>);
    return new URLSearchParams(
      fields.flatMap(([name, value]) =>
        [value].flat().map((item): [string, string] => [name, item]),
      ),
    ).toString();
  }
  return typeof body === "string" && contentType?.startsWith("text/") ? body : JSON.stringify(body);
}
