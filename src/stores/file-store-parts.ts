/** What the operations of a file store share. Node only. */
import type { TokenRecord } from "../tokens/token-store.ts";
import { decodeRecord, type Encryption } from "./codec.ts";
import { isDeletion } from "./deletion.ts";
import { FileLeases } from "./file-leases.ts";
import { defaultFolder, normalized } from "./file-names.ts";
import { FolderRemoval } from "./folder-removal.ts";
import { Guard } from "./guard.ts";
import { NumberedReader, type NumberedFile } from "./numbered-reader.ts";
import { NumberedWriter } from "./numbered-writer.ts";

export interface FileStoreSettings {
  /** Undefined: the default folder. */
  readonly path: string | undefined;
  /** ms; undefined: records stay. */
  readonly keepUnusedFor: number | undefined;
  readonly encryption: Encryption | undefined;
}

export interface FileStoreParts {
  readonly root: string;
  readonly guard: Guard;
  readonly reader: NumberedReader;
  readonly writer: NumberedWriter;
  readonly leases: FileLeases;
  readonly removal: FolderRemoval;
  /** ms; undefined: records stay. */
  readonly keepUnusedFor: number | undefined;
  /** The record in a file; undefined if the key was deleted. @throws StoreError */
  readonly decode: (
    newest: NumberedFile | undefined,
    key: string,
  ) => Promise<TokenRecord | undefined>;
}

export function partsOf({ path, keepUnusedFor, encryption }: FileStoreSettings): FileStoreParts {
  const root = path === undefined ? defaultFolder() : normalized(path);
  const guard = new Guard(root);
  const reader = new NumberedReader();
  const writer = new NumberedWriter(root, guard, reader);
  const leases = new FileLeases(reader, writer);
  const removal = new FolderRemoval(guard, reader, writer, leases);
  return {
    root,
    guard,
    reader,
    writer,
    leases,
    removal,
    keepUnusedFor,
    decode: async (newest, key) =>
      newest && !isDeletion(newest.text)
        ? decodeRecord(newest.text, key, newest.path, encryption)
        : undefined,
  };
}
