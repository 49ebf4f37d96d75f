/** A contract case: one exchange with a vendor as data, and what the client makes of it. */
export interface ContractCase {
  readonly operationId: string;
  /** Under which key of the spec the answer falls: `200`, `default`. */
  readonly answer: string;
  /** Of the answer; null if it has no body. */
  readonly mediaType: string | null;
  /** Grant or form of the request, `-` where there is only one. */
  readonly variant: string;
  /** Absent: the exchange keeps to the spec. Else which half of it the spec has to refuse. */
  readonly conforms?: "request" | "response";
  /** Options of the client, besides address and account. */
  readonly client?: Readonly<Record<string, string>>;
  /** As it must leave the client. `body` is encoded as the content type says. */
  readonly request: {
    readonly method: string;
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: Readonly<Record<string, string>>;
  };
  /** `body` is JSON, or a text where the content type is one. */
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: unknown;
  };
  /**
   * Name of the case that answers the request which follows this one, such as a login after a
   * refusal.
   */
  readonly then?: string;
  /** Absent where no client would send such a request. */
  readonly outcome?: Outcome;
  /**
   * How the sandbox comes to this answer: of its own, once arranged; else the answer is put into
   * its mouth.
   */
  readonly sandbox?: {
    readonly own: true;
    readonly settings?: Readonly<Record<string, string>>;
    readonly revoke?: "refresh";
    readonly literalCode?: true;
  };
  /** May be sent to the live vendor: it changes nothing and locks nobody out. */
  readonly safe?: boolean;
  /** Which document says so. */
  readonly provenance: string;
  /** Ids of the errata that it is evidence for. */
  readonly errata: readonly string[];
}

/** What comes out of the client. `lifetime` and `retryAfter` are in seconds; null: not known. */
export type Outcome =
  | {
      readonly token: {
        readonly accessToken: string;
        readonly lifetime: number | null;
        readonly refreshToken?: string;
        readonly scope?: readonly string[];
      };
    }
  /** Thrown. */
  | { readonly error: OutcomeError }
  /** The data of an API call. In a case: `true`, for what the answer's body says. */
  | { readonly data: unknown }
  /** The error of an API call, through `toError`. */
  | { readonly problem: OutcomeError };

export interface OutcomeError {
  readonly kind: string;
  readonly status?: number;
  readonly vendorCode?: string;
  readonly retryable?: boolean;
  readonly retryAfter?: number;
  readonly pointer?: string;
  /** A part of the message. */
  readonly message?: string;
}

export const encodeBody = (contentType: string | undefined, body: unknown): string | undefined =>
  body === undefined
    ? undefined
    : contentType === "application/x-www-form-urlencoded"
      ? new URLSearchParams(
          Object.entries(body as Record<string, string | string[]>).flatMap(([name, value]) =>
            [value].flat().map((one): [string, string] => [name, one]),
          ),
        ).toString()
      : typeof body === "string" && contentType?.startsWith("text/")
        ? body
        : JSON.stringify(body);
