/** Tokens in a folder, for any number of processes of one host (rule T-19). */
import { refuseOption } from "../parts/check-options.ts";
import { namesOf, requireKnown } from "../parts/option-names.ts";
import { shareable } from "../sharing/shareable.ts";
import type { BuiltInTokenStore } from "../tokens/token-store.ts";
import { encryptionOf, type Encryption } from "./codec.ts";
import type { FileStore } from "./file-store.ts";
import { keepUnusedForOf, type RetentionOptions } from "./retention.ts";

/** Options of `createFileStore`. Without `seal` and `open` the files hold tokens in plain text. */
export interface FileStoreOptions extends Partial<Encryption>, RetentionOptions {
  /**
   * The folder of the store, on a local file system with hard links. The store creates it with mode
   * 0700 if it does not exist. A `~` is not expanded.
   *
   * @defaultValue `corrigenda` in the XDG state folder: `$XDG_STATE_HOME`, else `~/.local/state`;
   *   on Windows `%LOCALAPPDATA%`
   */
  readonly path?: string;
}

const OPTIONS = namesOf<FileStoreOptions>({
  path: true,
  keepUnusedFor: true,
  seal: true,
  open: true,
});

/**
 * Keeps tokens in files, so that they outlast a restart and several processes of one host can share
 * them (rule T-19). Node.js only.
 *
 * The store guarantees: a saved record is flushed to the disk with its folder before `set` resolves
 * (Windows cannot flush a folder). `set` is a compare-and-set across processes. A killed process
 * leaves no lock behind. Files have mode 0600 and folders 0700; the store refuses files and folders
 * that other users can read, write or replace. A damaged file stays as it is.
 *
 * @example
 * ```ts
 * const store = createFileStore({ path: "/var/lib/app/tokens" });
 * const petjeaf = createPetjeafClient({ clientId, clientSecret, store });
 * // With encryption, and without sessions that were not used for 90 days:
 * createFileStore({ ...createEncryption(key), keepUnusedFor: 90 * 86_400_000 });
 * ```
 * @throws ConfigurationError if an option is unknown or not usable. Every operation rejects with a
 *   `StoreError` that names the path, the cause and the remedy.
 */
export function createFileStore(options: FileStoreOptions = {}): BuiltInTokenStore {
  const encryption = encryptionOf(options);
  requireKnown(options, OPTIONS);
  const settings = {
    encryption,
    keepUnusedFor: keepUnusedForOf(options),
    path: checkedPath(options.path),
  };
  let loaded: Promise<FileStore> | undefined;
  // The first operation loads the modules of Node.js, so that this module can also be imported on
  // platforms without a file system.
  const load = (): Promise<FileStore> =>
    (loaded ??= import("./file-store.ts").then((module) => new module.FileStore(settings)));
  return shareable({
    get: async (key) => (await load()).get(key),
    set: async (key, record, expected) => (await load()).set(key, record, expected),
    delete: async (key) => (await load()).delete(key),
    list: async () => (await load()).list(),
    lease: async (key, owner, ms) => (await load()).lease(key, owner, ms),
    release: async (key, owner) => (await load()).release(key, owner),
  });
}

/** @throws ConfigurationError */
function checkedPath(path: unknown): string | undefined {
  if (path === undefined) return undefined;
  // A shell replaces `~` by the home folder; the file system does not.
  if (typeof path === "string" && path !== "" && !path.includes("\0") && !/^~(\/|$)/.test(path))
    return path;
  return refuseOption(
    "path",
    "must be the path of a folder. Write the home folder in full: `~` is not expanded.",
  );
}
