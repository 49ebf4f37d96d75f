/** Leases in a file store. Node only; loaded when a file store is first used. */
import { monotonic } from "./monotonic.ts";
import { MAX_ATTEMPTS, type NumberedFile, type NumberedReader } from "./numbered-reader.ts";
import type { NumberedWriter } from "./numbered-writer.ts";
import { alwaysOvertaken } from "./store-error.ts";

/** The written form of a lease. */
interface WrittenLease {
  readonly owner: string;
  /** When the lease was taken: ms of the monotonic clock, which all processes of a host share. */
  readonly since: number;
  readonly ms: number;
}

export class FileLeases {
  readonly #reader: NumberedReader;
  readonly #writer: NumberedWriter;
  /** Folders whose lease another owner held at the last attempt. */
  readonly #refused = new Set<string>();

  constructor(reader: NumberedReader, writer: NumberedWriter) {
    this.#reader = reader;
    this.#writer = writer;
  }

  /**
   * Takes the lease of a folder, or prolongs it for its owner.
   *
   * @param ms duration
   * @returns whether the owner holds the lease now
   * @throws StoreError
   */
  async take(folder: string, owner: string, ms: number): Promise<boolean> {
    for (let attempts = 0; attempts < MAX_ATTEMPTS; attempts += 1) {
      const outcome = await this.tryTake(folder, owner, ms);
      if (outcome !== "overtaken") return outcome === "taken";
    }
    throw alwaysOvertaken(folder);
  }

  /** One attempt. `overtaken`: another process wrote a lease first. @throws StoreError */
  async tryTake(
    folder: string,
    owner: string,
    ms: number,
  ): Promise<"taken" | "held" | "overtaken"> {
    const isFree = (newest: NumberedFile | undefined): boolean => {
      const lease = validLease(newest);
      return !lease || lease.owner === owner;
    };
    // A refused owner tries again and again. Reading first saves a write at each attempt.
    if (this.#refused.has(folder) && !isFree(await this.#reader.newest(folder, "lease")))
      return "held";
    const outcome = await this.#writer.write(folder, "lease", {
      text: JSON.stringify({ owner, since: monotonic(), ms } satisfies WrittenLease),
      flush: "nothing",
      mayFollow: isFree,
    });
    if (outcome === "refused") this.#refused.add(folder);
    else this.#refused.delete(folder);
    return outcome === "written" ? "taken" : outcome === "refused" ? "held" : "overtaken";
  }

  /** The file of a lease; undefined if the owner does not hold the lease. @throws StoreError */
  async heldBy(folder: string, owner: string): Promise<NumberedFile | undefined> {
    const newest = await this.#reader.newest(folder, "lease");
    return validLease(newest)?.owner === owner ? newest : undefined;
  }

  /** Ends a lease. Best effort: a lease that this fails to end expires by itself. */
  end(lease: NumberedFile): Promise<void> {
    return this.#reader.empty(lease.path);
  }
}

/**
 * The lease in a file, if it has not ended. A lease whose time lies in the future was written
 * before the machine was restarted, because a restart resets the monotonic clock.
 */
function validLease(file: NumberedFile | undefined): WrittenLease | undefined {
  const lease = file && parseLease(file.text);
  if (!lease) return undefined;
  const age = monotonic() - lease.since;
  return age >= 0 && age < lease.ms ? lease : undefined;
}

/**
 * The lease in a text. Undefined if a crash of the machine cut the text off, or if the lease was
 * ended, which empties its file.
 */
function parseLease(text: string): WrittenLease | undefined {
  try {
    const { owner, since, ms } = JSON.parse(text) as Partial<Record<keyof WrittenLease, unknown>>;
    return typeof owner === "string" && typeof since === "number" && typeof ms === "number"
      ? { owner, since, ms }
      : undefined;
  } catch {
    return undefined;
  }
}
