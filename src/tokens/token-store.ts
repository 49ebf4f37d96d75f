import type { StoreError } from "../errors.ts";
import type { Token } from "../token.ts";
import type { CreateRenewer } from "./renewer.ts";

/**
 * Written before a refresh token is sent: whoever finds it knows that its owner may hold the next
 * one (rule T-14).
 */
export interface Intent {
  /** SHA-256 of the refresh token, base64url. */
  readonly refreshTokenHash: string;
  /** Who sends it: host, process, its start, and a random part. */
  readonly owner: string;
  /** Epoch ms, on the owner's clock. */
  readonly at: number;
}

export interface TokenRecord {
  readonly token: Token;
  /**
   * Another one with every write. The first of a key is random, so that nobody takes a new record
   * for one that was deleted.
   */
  readonly generation: number;
  /** The vendor said that the refresh token is dead. Kept, so that somebody can look at it. */
  readonly reauthorizationRequired?: true;
  readonly intent?: Intent;
  /**
   * Tells whose token it is: an HMAC of the store key, by a key that was derived from the
   * credentials which brought it (rule T-07). Absent: a version before this one wrote it, or it
   * lies in the store that a client made for itself.
   */
  readonly binding?: string;
}

/**
 * What was refused, so that no client sends it again: under the credential's key with `:latch` at
 * its end (rule T-10).
 */
export interface LatchRecord {
  readonly generation: number;
  readonly latch: readonly LatchEntry[];
  /**
   * The latest renewals that the token's own times did not call for (rule T-20), in the order in
   * which they were noted.
   */
  readonly renewals?: readonly UnforeseenRenewal[];
}

export interface UnforeseenRenewal {
  /** When it was sent: epoch ms, on the clock of the client that made it. */
  readonly at: number;
  /**
   * The vendor had refused the token. Absent: the token seemed to come from the future, since
   * clocks of hosts differ.
   */
  readonly forced?: true;
}

export interface LatchEntry {
  /**
   * An HMAC, by the same key as a binding, of what was sent: so that no secret is there, and other
   * credentials are not latched.
   */
  readonly tag: string;
  /** HTTP status of the refusal. */
  readonly status?: number;
  /** The vendor's code. */
  readonly code?: string;
  /** Epoch ms. */
  readonly until: number;
}

/**
 * Where tokens live. Keys hold no secret; values do. A failure is any rejection; a `StoreError` is
 * handed on with its message.
 *
 * A key that ends in `:latch` holds a `LatchRecord`, by the same `get` and `set`. `delete` of the
 * key without that ending deletes it too, `delete` of it leaves the token alone, and `list` leaves
 * it out. A store that cannot hold it may reject: each client then remembers by itself what was
 * refused.
 */
export interface TokenStore {
  get(key: string): Promise<TokenRecord | undefined>;
  /**
   * Compare-and-set: writes only if the stored generation is still `expected` (0: nothing is
   * stored).
   * @returns whether it was written
   */
  set(key: string, record: TokenRecord, expected: number): Promise<boolean>;
  delete(key: string): Promise<void>;
  /**
   * Every key that holds a record, in no order: as it is, or as an entry, beside entries of what is
   * there and cannot be told the key of.
   */
  list?(): Promise<readonly (string | ListEntry)[]>;
  /**
   * Makes the renewer of a credential. `shareable` and `createMemoryStore` bring it; do not write
   * one. Absent: one client at a time uses the store.
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
