import type { StoreError } from "../errors.ts";
import type { Token } from "../token.ts";
import type { CreateRenewer } from "./renewer.ts";

/**
 * A note that a process writes into the record before it sends the refresh token. A process that
 * finds the intent of another process knows that the other may hold the next refresh token (rule
 * T-14).
 */
export interface Intent {
  /** SHA-256 of the refresh token, base64url. */
  readonly refreshTokenHash: string;
  /** The sender, as `host/process id/process start/random part`. */
  readonly owner: string;
  /** Epoch ms, on the owner's clock. */
  readonly at: number;
}

/** What a store keeps under the key of a credential. */
export interface TokenRecord {
  readonly token: Token;
  /**
   * The number of the record, which changes with every write. The first number of a key is random,
   * so that a new record is never taken for a deleted one.
   */
  readonly generation: number;
  /** The vendor refused the refresh token for good. The record is kept for inspection. */
  readonly reauthorizationRequired?: true;
  readonly intent?: Intent;
  /**
   * The credentials that the token belongs to: an HMAC of the store key, under a key that is
   * derived from the credentials (rule T-07). Absent in records of an early version, and in the
   * store in memory that a client makes if its option `store` is absent.
   */
  readonly binding?: string;
}

/**
 * The refusals of a credential, so that no client sends refused secrets again (rule T-10). The
 * store keeps it under the key of the credential followed by `:latch`.
 */
export interface LatchRecord {
  readonly generation: number;
  readonly latch: readonly LatchEntry[];
  /** The latest renewals of tokens that were not due yet by their expiry, oldest first (T-20). */
  readonly renewals?: readonly UnforeseenRenewal[];
}

/** A renewal of a token that was not due yet by its expiry. */
export interface UnforeseenRenewal {
  /** When the request was sent: epoch ms, on the clock of the client that sent it. */
  readonly at: number;
  /**
   * The vendor had refused the token. Absent: the token seemed to come from the future, because the
   * clocks of two hosts differ.
   */
  readonly forced?: true;
}

/** One refusal. */
export interface LatchEntry {
  /**
   * An HMAC of the refused secrets, under the same key as a binding. It holds no secret. Other
   * credentials have another tag, so this refusal does not apply to them.
   */
  readonly tag: string;
  /** HTTP status of the refusal. */
  readonly status?: number;
  /** The vendor's error code. */
  readonly code?: string;
  /** The end of the latch, epoch ms. */
  readonly until: number;
}

/**
 * Where a client keeps its tokens. Keys hold no secret; records do. A store reports a failure by a
 * rejection. The client hands on a `StoreError` with its message, and hides any other error.
 *
 * A key that ends in `:latch` holds a `LatchRecord`, which `get` and `set` treat like any record.
 * `delete` of a key also deletes its latch; `delete` of a latch leaves the token alone; `list`
 * leaves latches out. A store that cannot hold a latch may reject: then each client remembers
 * refusals by itself.
 */
export interface TokenStore {
  /** The record under a key; undefined if there is none. */
  get(key: string): Promise<TokenRecord | undefined>;
  /**
   * Compare-and-set: writes only if the stored generation is still `expected` (0: nothing is
   * stored).
   * @returns whether the store has written the record
   */
  set(key: string, record: TokenRecord, expected: number): Promise<boolean>;
  /** Deletes the record of a key and its latch. */
  delete(key: string): Promise<void>;
  /** The keys of all records, in any order, as texts or as entries. */
  list?(): Promise<readonly (string | ListEntry)[]>;
  /**
   * Makes the renewer of a credential. `shareable` and `createMemoryStore` bring it; do not write
   * one. Absent: clients do not take turns, so no two clients may use the store at the same time.
   */
  readonly renewer?: CreateRenewer;
}

/** A store with leases, from which `shareable` makes one that many processes may use at once. */
export interface LeasedTokenStore extends Omit<TokenStore, "renewer"> {
  list(): Promise<readonly (string | ListEntry)[]>;
  /**
   * Takes the lease on a key for `ms` milliseconds, or prolongs it for the owner who has it. The
   * time is the store's own, so that the clocks of hosts may differ.
   * @returns whether the owner has the lease now
   */
  lease(key: string, owner: string, ms: number): Promise<boolean>;
  /** Ends the lease, if this owner still has it. */
  release(key: string, owner: string): Promise<void>;
}

/** A store that many processes may use at once. `shareable` makes it. */
export interface SharedTokenStore extends LeasedTokenStore {
  readonly renewer: CreateRenewer;
}

/** What `list` of a store of this package gives. */
export interface ListedTokenStore extends TokenStore {
  list(): Promise<readonly ListEntry[]>;
  readonly renewer: CreateRenewer;
}

/** A store of this package that many processes may use at once. */
export interface BuiltInTokenStore extends SharedTokenStore {
  list(): Promise<readonly ListEntry[]>;
}

/**
 * An entry of a list: the key of a record; or, where the key of a damaged record cannot be read,
 * the problem and the place of the record (a path, or the name of a Redis key).
 */
export type ListEntry =
  { readonly key: string } | { readonly problem: StoreError; readonly path: string };
