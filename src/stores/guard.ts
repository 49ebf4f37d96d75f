/** Checks the folders of a store before each operation. Node only. */
import { BoundedMap } from "./bounded-map.ts";
import { checkFolder, checkFoldersAbove } from "./checks.ts";
import { POSIX } from "./file-errors.ts";
import { monotonic } from "./monotonic.ts";

const { dirname } = process.getBuiltinModule("node:path");

/** ms for which a check of the folders above the store stays valid. */
const CHECK_LIFETIME = 1000;
/** The number of folders whose identity (device and inode) is remembered. */
const REMEMBERED = 1000;

/**
 * Each operation checks the folder of its key: kind, owner and mode, and whether device and inode
 * are those of the last check. The store's own folder and the folders above it matter for one
 * reason: a user who can write there could put another folder in the place of this one. The guard
 * checks them whenever device or inode of the folder of a key have changed, and otherwise at most
 * once a second.
 */
export class Guard {
  readonly #root: string;
  /** Device and inode of each folder at its last check. */
  readonly #identities = new BoundedMap<string>(REMEMBERED);
  #rootCheckedAt = -Infinity;

  constructor(root: string) {
    this.#root = root;
  }

  /**
   * Refuses a folder of a key that another user could write to or replace.
   *
   * @throws StoreError
   */
  check(folder: string): void {
    const isRootChecked = monotonic() - this.#rootCheckedAt < CHECK_LIFETIME;
    const before = isRootChecked ? this.#identities.get(folder) : undefined;
    if (before !== undefined && before === checkFolder(folder)) return;
    this.checkRoot();
    const identity = checkFolder(folder);
    if (identity === undefined) this.#identities.delete(folder);
    else this.#identities.set(folder, identity);
  }

  /**
   * Refuses a store folder that another user could write to or replace.
   *
   * @throws StoreError
   */
  checkRoot(): void {
    checkFolder(this.#root);
    if (POSIX) checkFoldersAbove(dirname(this.#root));
    this.#rootCheckedAt = monotonic();
  }
}
