/**
 * The contract of a store, tested with memory, files and a real Redis; and what a client does with
 * a store that is damaged, belongs to another user, or cannot be reached.
 */
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Cluster, Redis } from "ioredis";
import { createClient, createCluster, createSentinel } from "redis";
import {
  createEncryption,
  createFileStore,
  createMemoryStore,
  createRedisStore,
  StoreError,
  type RedisClient,
  type TokenRecord,
  type TokenStore,
} from "../src/index.ts";
import { createLeasedStore } from "./support/leased-store.ts";
import type { BuiltInTokenStore, SharedTokenStore } from "../src/index.ts";
import { storeContract, type StoreContractOptions } from "../src/testing/index.ts";
import { startCluster, startRedis, startSentinel, type RedisServer } from "./support/redis.ts";
import { withRedis, withServer } from "./support/with-redis.ts";

// The module itself: the tests replace functions of it, and an import would be compiled to a copy.
const files = jest.requireActual<typeof import("node:fs/promises")>("node:fs/promises");
const folders: string[] = [];
const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), "corrigenda-store-"));
  folders.push(path);
  return path;
};
afterAll(() => folders.forEach((path) => rmSync(path, { recursive: true, force: true })));

const fs = jest.requireActual<typeof import("node:fs")>("node:fs");
/** The newest file of a part, by its number. */
const newestIn = (inner: string, part: string): string => {
  const numbers = readdirSync(inner).map((name) =>
    Number(new RegExp(`^${part}\\.([1-9]\\d*)\\.json$`).exec(name)?.[1] ?? 0),
  );
  return join(inner, `${part}.${Math.max(...numbers)}.json`);
};
/** Changes the result of every lstat. */
const looks = (change: (at: string) => object) => {
  const { lstatSync: lstat } = fs;
  return jest.spyOn(fs, "lstatSync").mockImplementation(((at: string, options: object) => {
    const stats = lstat(at, options);
    return stats && Object.assign(stats, change(at));
  }) as never);
};
const after = (file: string, by = 1): string =>
  file.replace(/\d+(?=\.json$)/, (number) => String(Number(number) + by));

const KEY = "6b3e0d94a17f52c8e05b9d2f41a6738cb9e4057d1c8af26e3b90d5c1478ea2f6",
  OTHER_KEY = "q7Vd0mHsX2bK9uZpR4eYtL8nJ1wCfG5aTiO6xNvDkEQ=";
const SECRET = "canary-access-token",
  REFRESH = "canary-refresh-token";
const record = (generation = 1): TokenRecord => ({
  generation,
  token: { accessToken: SECRET, tokenType: "Bearer", issuedAt: 1, refreshToken: REFRESH },
});
async function storeError(
  attempt: Promise<unknown> | (() => Promise<unknown>),
): Promise<StoreError> {
  const error: unknown = await (typeof attempt === "function" ? attempt() : attempt).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(StoreError);
  expect(JSON.stringify([(error as StoreError).message, error])).not.toMatch(/canary/);
  return error as StoreError;
}

function keepsToTheContract(
  name: string,
  open: () => TokenStore | Promise<TokenStore>,
  options: StoreContractOptions = {},
): void {
  describe(name, () => {
    for (const check of storeContract(open, options)) test(check.name, check.run);
  });
}

describe("the contract itself", () => {
  const broken: [
    name: string,
    break_: (store: BuiltInTokenStore) => TokenStore | SharedTokenStore,
    check: RegExp,
  ][] = [
    [
      "compares nothing",
      (store) => ({
        ...store,
        set: async (key, value) => store.set(key, value, (await store.get(key))?.generation ?? 0),
      }),
      /compare-and-set/,
    ],
    [
      "forgets a member",
      (store) => ({
        ...store,
        get: async (key) => {
          const found = await store.get(key);
          return found && { token: found.token, generation: found.generation };
        },
      }),
      /as a whole/,
    ],
    [
      "forgets whose a token is",
      (store) => ({
        ...store,
        get: async (key) => {
          const { binding: _, ...rest } = (await store.get(key)) ?? { binding: "" };
          return "token" in rest ? rest : store.get(key);
        },
      }),
      /as a whole/,
    ],
    [
      "forgets what a latch says",
      (store) => ({
        ...store,
        set: (key, value, expected) =>
          store.set(
            key,
            value.token === undefined ? ({ generation: value.generation } as TokenRecord) : value,
            expected,
          ),
      }),
      /latch/,
    ],
    [
      "lists latches",
      (store) => {
        const all = new Set<string>();
        return {
          ...store,
          set: (key, ...rest) => {
            all.add(key);
            return store.set(key, ...rest);
          },
          list: async () => [
            ...(await store.list()),
            ...[...all].filter((key) => key.endsWith(":latch")),
          ],
        };
      },
      /latch/,
    ],
    [
      "keeps a latch whose key was deleted",
      (store) => ({
        ...store,
        delete: async (key) => {
          const latch = await store.get(`${key}:latch`);
          await store.delete(key);
          if (latch) await store.set(`${key}:latch`, latch, 0);
        },
      }),
      /latch/,
    ],
    ["deletes nothing", (store) => ({ ...store, delete: async () => undefined }), /deleted/],
    [
      "folds case",
      (store) => ({
        ...store,
        get: (key) => store.get(key.replace(/[{}]/g, "")),
        set: (key, ...rest) => store.set(key.replace(/[{}]/g, ""), ...rest),
      }),
      /kept apart/,
    ],
    [
      "lists what was deleted",
      (store) => {
        const all = new Set<string>();
        return {
          ...store,
          set: (key, ...rest) => {
            all.add(key);
            return store.set(key, ...rest);
          },
          list: async () => [...all],
        };
      },
      /kept apart/,
    ],
    ["leases to everybody", (store) => ({ ...store, lease: async () => true }), /one owner/],
    [
      "lets anybody give a lease back",
      (store) => ({
        ...store,
        release: async (key) => {
          for (const owner of ["a", "b"]) await store.release(key, owner);
        },
      }),
      /one owner/,
    ],
    [
      "never ends a lease",
      (store) => ({ ...store, lease: (key, owner) => store.lease(key, owner, 1e9) }),
      /ends by itself/,
    ],
    [
      "ends a lease too soon",
      (store) => ({ ...store, lease: (key, owner) => store.lease(key, owner, 1) }),
      /ends by itself/,
    ],
    [
      "does not prolong",
      (store) => ({
        ...store,
        lease: async (key, owner, ms) =>
          (await store.lease(key, "probe", 0)) &&
          (await store.release(key, "probe"), store.lease(key, owner, ms)),
      }),
      /one owner/,
    ],
  ];
  test.each(broken)("notices a store that %s", async (_, breakIt, wanted) => {
    const store = breakIt(createLeasedStore());
    const failed: string[] = [];
    for (const { name, run } of storeContract(() => store))
      await run().catch(() => failed.push(name));
    expect(failed.join()).toMatch(wanted);
  });

  test.each<[string, (key: string) => string | { key: string }]>([
    ["keys as they are", (key) => key],
    ["entries", (key) => ({ key })],
  ])("takes a list of %s, beside entries of problems", async (_, entry) => {
    const store = createLeasedStore();
    const problem = { problem: new StoreError({ message: "damaged" }), path: "somewhere" };
    const listing: TokenStore = {
      ...store,
      list: async () => [
        problem,
        ...(await store.list()).map((one) => entry("key" in one ? one.key : "")),
      ],
    };
    for (const { run } of storeContract(() => listing)) await run();
  });

  test("lets a store refuse a latch", async () => {
    const store = createLeasedStore();
    const choosy = {
      ...store,
      set: async (...[key, value, expected]: Parameters<typeof store.set>) => {
        if (value.token === undefined) throw new Error("no token");
        return store.set(key, value, expected);
      },
    };
    for (const { run } of storeContract(() => choosy)) await run();
  });

  test("needs neither leases nor a list of a store for one process", async () => {
    const { get, set, delete: remove } = createMemoryStore();
    for (const { run } of storeContract(() => ({ get, set, delete: remove }), { shared: false }))
      await run();
  });
});

{
  const memory = createMemoryStore();
  keepsToTheContract("memory", () => memory, { shared: false });
  const leased = createLeasedStore();
  keepsToTheContract("memory, made shareable", () => leased);
  const path = folder();
  keepsToTheContract("T-19 file", () => createFileStore({ path }));
  const sealed = folder();
  keepsToTheContract("T-19 file, encrypted", () =>
    createFileStore({ path: sealed, ...createEncryption(KEY) }),
  );
}

describe("T-19 the file store", () => {
  const written = async (path = folder()) => {
    const store = createFileStore({ path });
    await store.set("k", record(), 0);
    const [name = ""] = readdirSync(path);
    return { path, store, inner: join(path, name), file: newestIn(join(path, name), "token") };
  };

  test("folders and files are private, and no other file is left behind", async () => {
    const { path, store, inner, file } = await written(join(folder(), "deep", "er"));
    expect((lstatSync(path).mode & 0o777).toString(8)).toBe("700");
    expect((lstatSync(file).mode & 0o777).toString(8)).toBe("600");
    for (let i = 1; i < 10; i += 1) await store.set("k", record(i + 1), i);
    await store.lease("k", "a", 1000);
    await store.release("k", "a");
    expect(
      readdirSync(inner)
        .map((name) => join(inner, name))
        .sort(),
    ).toEqual([join(inner, "lease.1.json"), after(file, 9)]);
    expect(lstatSync(join(inner, "lease.1.json")).size).toBe(0);
    await store.delete("k");
    expect(readdirSync(path)).toEqual([]);
  });

  test("each write is flushed to the disk, file and folder, before it counts", async () => {
    const { store, inner } = await written();
    const synced: string[] = [];
    const paths = new Map<number, string>();
    const { open, openSync, fsync } = fs;
    const spies = [
      jest.spyOn(fs, "open").mockImplementation(((
        path: string,
        flags: string,
        mode: number,
        done: (error: Error | null, file: number) => void,
      ) =>
        open(path, flags, mode, (error, file) => {
          paths.set(file, path);
          done(error, file);
        })) as never),
      jest.spyOn(fs, "openSync").mockImplementation((path, ...rest) => {
        const file = openSync(path, ...rest);
        paths.set(file, String(path));
        return file;
      }),
      jest.spyOn(fs, "fsync").mockImplementation(((file: number, done: () => void) => {
        synced.push(paths.get(file) ?? "");
        fsync(file, done);
      }) as never),
    ];
    try {
      await store.set("k", record(2), 1);
    } finally {
      for (const spy of spies) spy.mockRestore();
    }
    expect(synced).toEqual([expect.stringContaining("temporary.token."), inner]);
  });

  test("a file that a killed process did not put in place does not count, and is removed later", async () => {
    const { store, inner } = await written();
    const left = join(inner, "temporary.token.00000000-0000-4000-8000-000000000000");
    writeFileSync(left, "half of a rec", { mode: 0o600 });
    expect(await store.get("k")).toEqual(record());
    await store.set("k", record(2), 1);
    expect(readdirSync(inner)).toContain("temporary.token.00000000-0000-4000-8000-000000000000"); // A living process may be writing it.
    const long = new Date(Date.now() - 3_600_000);
    await files.utimes(left, long, long);
    await store.set("k", record(3), 2);
    expect(readdirSync(inner).filter((name) => name.startsWith("temporary"))).toEqual([]);
  });

  test("a writer that was frozen before it put its file in place overwrites nothing", async () => {
    const { store, inner } = await written();
    const link = files.link;
    const spy = jest.spyOn(files, "link").mockImplementationOnce(async (from, to) => {
      // Meanwhile another writer saves three times, and the former files are removed.
      for (let i = 1; i < 4; i += 1)
        expect(
          await store.set(
            "k",
            { ...record(i + 1), token: { ...record().token, accessToken: `other-${i}` } },
            i,
          ),
        ).toBe(true);
      // The newest file, and the temporary file of the late writer.
      expect(readdirSync(inner)).toHaveLength(2);
      await link(from, to);
    });
    try {
      expect(
        await store.set(
          "k",
          { ...record(2), token: { ...record().token, accessToken: "late" } },
          1,
        ),
      ).toBe(false);
    } finally {
      spy.mockRestore();
    }
    expect((await store.get("k"))?.token.accessToken).toBe("other-3");
    expect(readdirSync(inner)).toHaveLength(1);
  });

  test("a lease ends when the machine is started again, and a lease that a crash cut off does not count", async () => {
    const { store, inner } = await written();
    const since = Number(process.hrtime.bigint() / 1_000_000n) + 1e9;
    writeFileSync(join(inner, "lease.1.json"), JSON.stringify({ owner: "a", since, ms: 60_000 }), {
      mode: 0o600,
    });
    expect(await store.lease("k", "b", 60_000)).toBe(true);
    writeFileSync(join(inner, "lease.7.json"), `{"owner":"a","si`, { mode: 0o600 });
    expect(await store.lease("k", "c", 60_000)).toBe(true);
  });

  const damages: [
    name: string,
    code: string,
    cure: RegExp,
    harm: (at: { file: string; inner: string; path: string }) => void,
  ][] = [
    ["truncated", "damaged", /`delete`/, ({ file }) => truncateSync(file, 20)],
    ["emptied", "damaged", /`delete`/, ({ file }) => truncateSync(file, 0)],
    ["no JSON", "damaged", /`delete`/, ({ file }) => writeFileSync(file, "canary")],
    ["a list", "damaged", /`delete`/, ({ file }) => writeFileSync(file, "[]")],
    [
      "of another key",
      "damaged",
      /`delete`/,
      ({ file }) => writeFileSync(file, readFileSync(file, "utf8").replace(`"k"`, `"l"`)),
    ],
    [
      "of a newer version",
      "newer_version",
      /Upgrade/,
      ({ file }) =>
        writeFileSync(file, readFileSync(file, "utf8").replace(`"version":1`, `"version":2`)),
    ],
    ["world-readable", "permissions", /chmod 600/, ({ file }) => chmodSync(file, 0o644)],
    [
      "a symbolic link",
      "ELOOP",
      /file itself|`delete`/,
      ({ file }) => {
        renameSync(file, `${file}.real`);
        symlinkSync(`${file}.real`, file);
      },
    ],
    [
      "a folder",
      "EISDIR|damaged",
      /`delete`/,
      ({ file }) => {
        rmSync(file);
        mkdirSync(file);
      },
    ],
    [
      "in a folder that others can write to",
      "permissions",
      /chmod 700/,
      ({ path }) => chmodSync(path, 0o777),
    ],
  ];
  test.each(damages)(
    "a file that is %s is a store error that names the file and the remedy, and the file stays as it is",
    async (_, code, cure, harm) => {
      const at = await written();
      harm(at);
      const before = snapshot(at.path);
      // A new store has not read the file before, like another process.
      const store = createFileStore({ path: at.path });
      for (const attempt of [
        () => store.get("k"),
        () => store.set("k", record(2), 1),
        () => store.set("k", record(2), 0),
      ]) {
        const error = await storeError(attempt);
        expect(error.code).toMatch(new RegExp(`^(${code})$`));
        expect(error.message).toContain(at.path);
        expect(error.message).toMatch(cure);
        expect(error.retryable).toBe(false);
      }
      expect(snapshot(at.path)).toBe(before);
    },
  );

  test("a damaged file can be deleted by its key, and the key can be used again", async () => {
    const { store, file } = await written();
    truncateSync(file, 20);
    await store.delete("k");
    expect(await store.get("k")).toBeUndefined();
    expect(await store.set("k", record(), 0)).toBe(true);
  });

  test.each([
    ["ENOSPC", /Free some space/, true],
    ["EDQUOT", /Free some space/, true],
    ["EROFS", /`path` to another folder/, false],
    ["EACCES", /Give the user access/, false],
    ["EPERM", /`path` to another folder/, false],
    ["EIO", /disk/, true],
  ])(
    "%s while writing is a store error that names the path and the remedy, and nothing changes",
    async (code, cure, retryable) => {
      const { store, path } = await written();
      const before = snapshot(path);
      const failed = Object.assign(new Error(`${code}: canary`), { code });
      const spy =
        code === "EPERM"
          ? jest.spyOn(files, "link").mockRejectedValue(failed)
          : jest
              .spyOn(fs, "open")
              .mockImplementation(((
                _: string,
                __: string,
                ___: number,
                done: (error: Error) => void,
              ) => done(failed)) as never);
      try {
        const error = await storeError(store.set("k", record(2), 1));
        expect(error.code).toBe(code);
        expect(error.message).toContain(path);
        expect(error.message).toMatch(cure);
        expect(error.retryable).toBe(retryable);
      } finally {
        spy.mockRestore();
      }
      expect(snapshot(path)).toBe(before);
      expect(await store.get("k")).toEqual(record());
    },
  );

  test("a file whose number has no successor is not one of the store's", async () => {
    const { store, inner } = await written();
    writeFileSync(join(inner, "token.9007199254740991.json"), "{}", { mode: 0o600 });
    expect(await store.set("k", record(2), 1)).toBe(true);
    await store.delete("k");
    expect(await store.get("k")).toBeUndefined();
  });

  test("a path that is a file, a link or below a file is a store error", async () => {
    const base = folder();
    writeFileSync(join(base, "file"), "canary");
    mkdirSync(join(base, "real"));
    symlinkSync(join(base, "real"), join(base, "link"));
    expect((await storeError(createFileStore({ path: join(base, "file") }).get("k"))).code).toBe(
      "not_a_folder",
    );
    expect((await storeError(createFileStore({ path: join(base, "link") }).get("k"))).code).toBe(
      "symlink",
    );
    for (const end of ["/", "//", "/.", "/./", "/../link"])
      expect(
        (await storeError(createFileStore({ path: `${base}/link${end}` }).get("k"))).code,
      ).toBe("symlink");
    expect(
      (
        await storeError(
          createFileStore({ path: join(base, "file", "below") }).set("k", record(), 0),
        )
      ).code,
    ).toBe("ENOTDIR");
  });

  test("a key's folder that others can write to or that is a link, and a folder of another user, are refused", async () => {
    const { store, inner, path } = await written();
    chmodSync(inner, 0o777);
    expect(await storeError(store.set("k", record(2), 1))).toMatchObject({
      code: "permissions",
      message: expect.stringContaining(inner),
    });
    chmodSync(inner, 0o700);
    renameSync(inner, `${inner}x`);
    symlinkSync(`${inner}x`, inner);
    expect(await storeError(store.get("k"))).toMatchObject({ code: "symlink" });
    const uid = jest.spyOn(process, "getuid").mockReturnValue(4711);
    try {
      if (lstatSync(path).uid !== 0)
        expect(await storeError(createFileStore({ path }).get("k"))).toMatchObject({
          code: "permissions",
          message: expect.stringContaining("another user"),
        });
      const spy = looks(() => ({ uid: 4712 }));
      expect(await storeError(createFileStore({ path }).get("k"))).toMatchObject({
        code: "permissions",
        message: expect.stringContaining("another user"),
      });
      spy.mockRestore();
    } finally {
      uid.mockRestore();
    }
  });

  test("a store below a folder that others can write to is refused, because they could replace the store; a folder with the sticky bit is accepted", async () => {
    const base = folder();
    const open = join(base, "open");
    mkdirSync(open);
    chmodSync(open, 0o777);
    for (const path of [join(open, "tokens"), join(open, "deep", "er", "tokens")]) {
      const store = createFileStore({ path });
      for (const attempt of [
        () => store.get("k"),
        () => store.set("k", record(), 0),
        () => store.lease("k", "a", 1000),
        () => store.delete("k"),
        () => store.list(),
      ]) {
        expect(await storeError(attempt)).toMatchObject({
          code: "permissions",
          message: expect.stringMatching(/others can write to \(mode 777\).*chmod go-w/),
        });
      }
    }
    expect(readdirSync(open)).toEqual([]);
    chmodSync(open, 0o1777);
    expect(await createFileStore({ path: join(open, "tokens") }).set("k", record(), 0)).toBe(true);
    chmodSync(open, 0o770);
    expect(
      await storeError(createFileStore({ path: join(open, "tokens") }).get("k")),
    ).toMatchObject({ code: "permissions" });
  });

  test("a store below a folder that the user's private group can write to is accepted; another group, or all users, are not", async () => {
    const { path } = await written(join(folder(), "tokens"));
    const above = join(path, "..");
    const spies = [
      jest.spyOn(process, "getuid").mockReturnValue(4711),
      jest.spyOn(process, "getgid").mockReturnValue(4711),
    ];
    const { open } = files;
    spies.push(
      jest.spyOn(files, "open").mockImplementation(async (...args) => {
        const handle = await open(...args);
        const stat = handle.stat.bind(handle);
        handle.stat = (async () => Object.assign(await stat(), { uid: 4711 })) as never;
        return handle;
      }) as never,
    );
    const seen = (mode: number, gid: number) =>
      looks((at) => ({ uid: 4711, ...(at === above ? { gid, mode: 0o040000 | mode } : {}) }));
    try {
      for (const [mode, gid, taken] of [
        [0o775, 4711, true],
        [0o775, 100, false],
        [0o777, 4711, false],
        [0o755, 100, true],
      ] as const) {
        const spy = seen(mode, gid);
        const store = createFileStore({ path });
        if (taken) expect(await store.get("k")).toEqual(record());
        else
          expect(await storeError(store.get("k"))).toMatchObject({
            code: "permissions",
            message: expect.stringContaining("chmod go-w"),
          });
        spy.mockRestore();
      }
    } finally {
      for (const spy of spies) spy.mockRestore();
    }
  });

  test("a symbolic link above the store is followed, but not through a folder that others can write to, and not in a loop", async () => {
    const base = folder();
    for (const name of ["real", "open"]) mkdirSync(join(base, name));
    symlinkSync(join(base, "real"), join(base, "link"));
    expect(
      await createFileStore({ path: join(base, "link", "tokens") }).set("k", record(), 0),
    ).toBe(true);
    // The open folder contains a link that another user could change.
    symlinkSync(join(base, "real"), join(base, "open", "step"));
    symlinkSync(join("open", "step"), join(base, "way"));
    expect(await createFileStore({ path: join(base, "way", "tokens") }).get("k")).toEqual(record());
    chmodSync(join(base, "open"), 0o777);
    expect(
      await storeError(createFileStore({ path: join(base, "way", "tokens") }).get("k")),
    ).toMatchObject({ code: "permissions", message: expect.stringContaining(join(base, "open")) });
    symlinkSync(join(base, "circle"), join(base, "circle"));
    expect(
      await storeError(createFileStore({ path: join(base, "circle", "tokens") }).get("k")),
    ).toMatchObject({ code: "ELOOP" });
  });

  test("a file, a folder above the store and a link above the store that belong to another user are refused", async () => {
    const { path, file } = await written(join(folder(), "tokens"));
    const uid = jest.spyOn(process, "getuid").mockReturnValue(4711);
    const { open } = files;
    const owned = (mine: string) => looks((at) => ({ uid: at === mine ? 4712 : 4711 }));
    try {
      for (const at of [join(path, ".."), path, file]) {
        const spy = owned(at);
        expect(await storeError(createFileStore({ path }).get("k"))).toMatchObject({
          code: "permissions",
          message: expect.stringMatching(/belongs to another user/),
        });
        spy.mockRestore();
      }
      const spies = [
        owned("none"),
        jest.spyOn(files, "open").mockImplementation(async (...args) => {
          const handle = await open(...args);
          const stat = handle.stat.bind(handle);
          handle.stat = (async () => Object.assign(await stat(), { uid: 4712 })) as never;
          return handle;
        }),
      ];
      expect(await storeError(createFileStore({ path }).get("k"))).toMatchObject({
        code: "permissions",
        message: expect.stringMatching(new RegExp(`${file}.*belongs to another user`)),
      });
      for (const spy of spies) spy.mockRestore();
    } finally {
      uid.mockRestore();
    }
  });

  test("a file with the highest possible number does not block a key forever: an error names the file", async () => {
    for (const [name, attempts] of [
      ["token", ["set", "delete"]],
      ["lease", ["lease"]],
    ] as const) {
      const { store, inner } = await written();
      const planted = join(inner, `${name}.999999999999999.json`);
      writeFileSync(planted, name === "token" ? readFileSync(newestIn(inner, "token")) : "", {
        mode: 0o600,
      });
      for (const attempt of attempts) {
        const error = await storeError(
          attempt === "set"
            ? store.set("k", record(2), 1)
            : attempt === "delete"
              ? store.delete("k")
              : store.lease("k", "a", 1000),
        );
        expect(error.code).toBe("no_number");
        expect(error.message).toContain(planted);
      }
      rmSync(planted);
      expect(await store.lease("k", "a", 1000)).toBe(true);
      await store.delete("k");
      expect(await store.get("k")).toBeUndefined();
    }
  });

  test("a file with zeros before its number does not belong to the store", async () => {
    const { store, inner } = await written();
    writeFileSync(join(inner, "token.00009.json"), "{}", { mode: 0o600 });
    expect(await store.get("k")).toMatchObject({ generation: 1 });
    expect(await store.set("k", record(2), 1)).toBe(true);
  });

  test("a folder in which another process always writes first is a store error", async () => {
    const { store } = await written();
    const spy = jest.spyOn(files, "link").mockImplementation(async () => {
      throw Object.assign(new Error("there"), { code: "EEXIST" });
    });
    try {
      expect(await storeError(store.delete("k"))).toMatchObject({ code: "changes" });
      expect(await storeError(store.lease("k", "a", 1000))).toMatchObject({ code: "changes" });
      expect(spy.mock.calls.length).toBeLessThan(300);
    } finally {
      spy.mockRestore();
    }
  });

  test("a file that is larger than any record is not read", async () => {
    const { store, file } = await written();
    truncateSync(file, 64 << 20);
    expect(await storeError(store.get("k"))).toMatchObject({
      code: "damaged",
      message: expect.stringContaining("larger than any record"),
    });
  });

  test("a lease that cannot be parsed does not count", async () => {
    const { store, inner } = await written();
    for (const [i, text] of [
      "null",
      "7",
      "[]",
      `{"owner":7,"since":0,"ms":1e12}`,
      `{"owner":"a","since":"0","ms":1e12}`,
      `{"owner":"a","since":0}`,
    ].entries()) {
      writeFileSync(join(inner, `lease.${i + 1}.json`), text, { mode: 0o600 });
      expect(await store.lease("k", "b", 1)).toBe(true);
      rmSync(join(inner, `lease.${i + 1}.json`), { force: true });
      rmSync(join(inner, `lease.${i + 2}.json`), { force: true });
    }
  });

  test("a folder that cannot be created is a store error at once", async () => {
    for (const path of ["/proc/corrigenda", "/proc/corrigenda/deep/er"])
      expect((await storeError(createFileStore({ path }).set("k", record(), 0))).message).toContain(
        path,
      );
  });

  test("the default folder is in the XDG state folder; a relative path of that folder is ignored, as the specification demands", async () => {
    const [state, home] = [folder(), folder()];
    const { XDG_STATE_HOME: before } = process.env;
    const homedir = jest
      .spyOn(jest.requireActual<typeof import("node:os")>("node:os"), "homedir")
      .mockReturnValue(home);
    try {
      process.env["XDG_STATE_HOME"] = state;
      await createFileStore().set("k", record(), 0);
      expect(readdirSync(join(state, "corrigenda"))).toHaveLength(1);
      process.env["XDG_STATE_HOME"] = "relative";
      await createFileStore().set("k", record(), 0);
      expect(readdirSync(join(home, ".local", "state", "corrigenda"))).toHaveLength(1);
    } finally {
      homedir.mockRestore();
      if (before === undefined) delete process.env["XDG_STATE_HOME"];
      else process.env["XDG_STATE_HOME"] = before;
    }
  });

  test("a list has each key, and for each record without a readable key the problem and the path", async () => {
    const { path, store } = await written();
    const places = new Map<string, string>();
    for (const name of ["truncated", "readable", "moved"]) {
      const known = new Set(readdirSync(path));
      await store.set(name, record(), 0);
      places.set(
        name,
        newestIn(join(path, readdirSync(path).find((one) => !known.has(one)) ?? ""), "token"),
      );
    }
    truncateSync(places.get("truncated") ?? "", 20);
    chmodSync(places.get("readable") ?? "", 0o644);
    writeFileSync(
      places.get("moved") ?? "",
      readFileSync(places.get("moved") ?? "", "utf8").replace(`"moved"`, `"other"`),
    );
    const entries = await createFileStore({ path }).list();
    expect(entries.filter((entry) => "key" in entry)).toEqual([{ key: "k" }]);
    const problems = entries.flatMap((entry) => ("problem" in entry ? [entry] : []));
    expect(problems.map(({ path: place }) => place).sort()).toEqual([...places.values()].sort());
    for (const { problem, path: place } of problems) {
      expect(await storeError(Promise.reject(problem))).toMatchObject({
        code: place === places.get("readable") ? "permissions" : "damaged",
        message: expect.stringContaining(place),
      });
    }
  });

  test("a list opens few files at the same time, however many sessions there are", async () => {
    const path = folder();
    const store = createFileStore({ path });
    await Promise.all(Array.from({ length: 100 }, (_, i) => store.set(`k${i}`, record(), 0)));
    let opened = 0;
    let most = 0;
    const { open } = files;
    const spy = jest.spyOn(files, "open").mockImplementation(async (...args) => {
      opened += 1;
      most = Math.max(most, opened);
      const handle = await open(...args);
      const close = handle.close.bind(handle);
      handle.close = async () => {
        await close();
        opened -= 1;
      };
      return handle;
    });
    try {
      // A new store has read no file before.
      expect(await createFileStore({ path }).list()).toHaveLength(100);
    } finally {
      spy.mockRestore();
    }
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(32);
  });

  test("a session has two files; a deleted key leaves no file, whichever owner has the lease", async () => {
    const path = folder();
    const [store, other] = [createFileStore({ path }), createFileStore({ path })];
    for (let i = 0; i < 20; i += 1) {
      await store.lease(`k${i}`, "a", 60_000);
      await store.set(`k${i}`, record(1), 0);
      await store.set(
        `k${i}`,
        { ...record(2), intent: { refreshTokenHash: "h", owner: "a", at: 1 } },
        1,
      );
      await store.set(`k${i}`, record(3), 2);
      if (i % 3 > 0) await store.release(`k${i}`, "a");
    }
    expect(readdirSync(path).map((name) => readdirSync(join(path, name)).length)).toEqual(
      Array(20).fill(2),
    );
    for (let i = 0; i < 20; i += 1) await (i % 2 === 0 ? store : other).delete(`k${i}`);
    for (let i = 0; i < 20; i += 3) {
      expect(await other.lease(`k${i}`, "b", 60_000)).toBe(false); // The owner still holds the lease.
      await store.get(`k${i}`);
      await store.release(`k${i}`, "a");
    }
    expect(readdirSync(path)).toEqual([]);
  });

  test("the next list removes what a killed process left of a deleted key, and a key that never got a token", async () => {
    const path = folder();
    const store = createFileStore({ path });
    await store.set("k", record(), 0);
    const [name = ""] = readdirSync(path);
    const text = `{"version":1,"deleted":true}`;
    writeFileSync(after(newestIn(join(path, name), "token")), text, { mode: 0o600 });
    await store.lease("l", "a", 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(readdirSync(path)).toHaveLength(2);
    expect(await store.list()).toEqual([]);
    expect(readdirSync(path)).toEqual([]);
    // A process was killed between the last record and the removal of the folder.
    await store.set("k", record(), 0);
    writeFileSync(
      after(newestIn(join(path, name), "token")),
      text.replace("}", `,"closed":true}`),
      { mode: 0o600 },
    );
    expect(await store.get("k")).toBeUndefined();
    expect(await store.set("k", record(7), 0)).toBe(true);
    expect(await createFileStore({ path }).get("k")).toEqual(record(7));
    // A list leaves alone what is in use: a held lease, and a latch.
    await store.lease("m", "a", 60_000);
    await store.set("n:latch", { generation: 1, latch: [] } as unknown as TokenRecord, 0);
    expect(await store.list()).toEqual([{ key: "k" }]);
    expect(await store.lease("m", "b", 60_000)).toBe(false);
    expect(await store.get("n:latch")).toBeDefined();
  });

  test("a writer that was frozen during a deletion and a new record does not overwrite the new record", async () => {
    for (const later of [1, 5]) {
      const { store, path, inner } = await written();
      const other = createFileStore({ path });
      const link = files.link;
      const spy = jest.spyOn(files, "link").mockImplementationOnce(async (from, to) => {
        await other.delete("k");
        expect(readdirSync(path)).toEqual([]);
        for (let i = 0; i < later; i += 1)
          expect(
            await other.set(
              "k",
              { ...record(100 + i), token: { ...record().token, accessToken: "new" } },
              i === 0 ? 0 : 99 + i,
            ),
          ).toBe(true);
        await link(from, to);
      });
      try {
        expect(await store.set("k", record(2), 1)).toBe(false);
      } finally {
        spy.mockRestore();
      }
      expect((await other.get("k"))?.token.accessToken).toBe("new");
      expect(readdirSync(inner)).toHaveLength(1);
    }
  });

  test("a deleting process that was frozen during the next incarnation of the folder removes nothing of it", async () => {
    const { store, path } = await written();
    const other = createFileStore({ path });
    const { unlink } = files;
    let slept = 0;
    const spy = jest.spyOn(files, "unlink").mockImplementation(async (at) => {
      if (
        slept === 0 &&
        /token\.\d+\.json$/.test(String(at)) &&
        !/temporary/.test(String(at)) &&
        readFileSync(at, "utf8").includes("closed")
      ) {
        slept += 1;
        // Another process finishes the removal, and saves the key as often as before.
        expect(await other.set("k", record(49), 0)).toBe(true);
        expect(await other.set("k", record(50), 49)).toBe(true);
      }
      await unlink(at);
    });
    try {
      await store.delete("k");
    } finally {
      spy.mockRestore();
    }
    expect(slept).toBe(1);
    expect(await store.get("k")).toEqual(record(50));
    expect(await createFileStore({ path }).set("k", record(51), 50)).toBe(true);
  });

  /** The first matching call waits for `goOn`, before its action or after it. */
  function stopAt<Name extends "link" | "unlink">(
    name: Name,
    is: (...args: Parameters<(typeof files)[Name]>) => boolean,
    after = false,
  ): { readonly reached: Promise<void>; readonly goOn: () => void } {
    const real = files[name] as (...args: unknown[]) => Promise<void>;
    let [reach, goOn] = [(): void => undefined, (): void => undefined];
    const reached = new Promise<void>((resolve) => {
      reach = resolve;
    });
    const told = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const spy = jest.spyOn(files, name).mockImplementation((async (
      ...args: Parameters<(typeof files)[Name]>
    ) => {
      if (!is(...args)) return real(...args);
      spy.mockRestore();
      if (after) await real(...args);
      reach();
      await told;
      if (!after) await real(...args);
    }) as never);
    return { reached, goOn: () => goOn() };
  }
  const isLease = (at: unknown): boolean => /[/]lease[.]\d+[.]json$/.test(String(at));

  test("a writer that puts its file in place during a deletion, under a number that is free again, does not restore the record", async () => {
    const { store, path } = await written();
    const [writer, other] = [createFileStore({ path }), createFileStore({ path })];
    const asleep = stopAt("link", (_, to) => /[/]token[.]/.test(String(to)));
    const late = writer.set("k", record(2), 1);
    await asleep.reached;
    // This write takes the number that the frozen writer is about to take.
    expect(await other.set("k", record(2), 1)).toBe(true);
    const removal = stopAt("unlink", isLease);
    const deletion = store.delete("k");
    await removal.reached; // The files to be removed were listed, and the number is free.
    const inPlace = stopAt("link", (_, to) => /[/]token[.]/.test(String(to)), true);
    asleep.goOn();
    removal.goOn();
    await deletion;
    inPlace.goOn();
    expect(await late).toBe(false);
    expect(await createFileStore({ path }).get("k")).toBeUndefined();
  });

  test("a deletion leaves alone a new record, if another process has removed the folder and saved the record meanwhile", async () => {
    const { store, path } = await written();
    const inPlace = stopAt("link", (_, to) => /[/]token[.]/.test(String(to)), true);
    const deletion = store.delete("k");
    await inPlace.reached; // The last record is in place: the deletion has happened.
    expect(await createFileStore({ path }).set("k", record(10), 0)).toBe(true);
    inPlace.goOn();
    await deletion;
    expect(await createFileStore({ path }).get("k")).toEqual(record(10));
  });

  test("a writer that was frozen after its file was in place removes nothing of a later incarnation of the folder", async () => {
    // In every second round the numbers of the later incarnation are lower, and look older.
    for (let round = 0; round < 12; round += 1) {
      const { store, path } = await written();
      const other = createFileStore({ path });
      const inPlace = stopAt("link", (_, to) => /[/]token[.]/.test(String(to)), true);
      const late = store.set("k", record(2), 1);
      await inPlace.reached;
      await other.delete("k");
      expect(await other.set("k", record(10), 0)).toBe(true);
      inPlace.goOn();
      expect(await late).toBe(false);
      expect(await createFileStore({ path }).get("k")).toEqual(record(10));
    }
  });

  test("no lease is granted in the folder of a deleted key that a killed process did not remove", async () => {
    const { store, path } = await written();
    const [name = ""] = readdirSync(path);
    writeFileSync(
      after(newestIn(join(path, name), "token")),
      `{"version":1,"deleted":true,"closed":true}`,
      { mode: 0o600 },
    );
    expect(await store.lease("k", "a", 60_000)).toBe(true);
    // A later store removes nothing of that folder.
    expect(await createFileStore({ path }).set("k", record(7), 0)).toBe(true);
    expect(await createFileStore({ path }).lease("k", "b", 60_000)).toBe(false);
  });

  test("a write that the disk takes only in part is continued, or fails: a part never counts", async () => {
    const { store, path } = await written();
    const write = fs.writeSync;
    const spy = jest
      .spyOn(fs, "writeSync")
      .mockImplementation(((
        file: number,
        data: NodeJS.ArrayBufferView | string,
        offset?: number,
      ) =>
        typeof data === "string"
          ? write(file, data.slice(0, 100))
          : write(file, data, offset, 100)) as never);
    try {
      expect(await store.set("k", record(2), 1)).toBe(true);
    } finally {
      spy.mockRestore();
    }
    expect(await createFileStore({ path }).get("k")).toEqual(record(2));
  });

  test("of several writers that race with a deletion, exactly one writes, and its record stays", async () => {
    const path = folder();
    const stores = Array.from({ length: 4 }, () => createFileStore({ path }));
    for (let round = 0; round < 25; round += 1) {
      expect(await stores[0]!.set("k", record(1), 0)).toBe(true);
      const written = await Promise.all(
        stores.map(async (store, i) => {
          if (i === 0) return void (await store.delete("k"));
          for (;;) {
            if (
              await store.set(
                "k",
                { ...record(10 + i), token: { ...record().token, accessToken: `writer-${i}` } },
                0,
              )
            )
              return i;
            if (((await store.get("k"))?.generation ?? 1) !== 1) return undefined;
          }
        }),
      );
      const winners = written.filter((one) => one !== undefined);
      expect(winners).toHaveLength(1);
      expect((await createFileStore({ path }).get("k"))?.token.accessToken).toBe(
        `writer-${winners[0]}`,
      );
      await stores[1]!.delete("k");
      expect(readdirSync(path)).toEqual([]);
    }
  });

  describe("with `keepUnusedFor`", () => {
    const DAY = 86_400_000;
    const saved = async (
      path: string,
      key: string,
      ago: number,
      token: Partial<TokenRecord["token"]> = {},
    ): Promise<void> => {
      const known = new Set(readdirSync(path));
      await createFileStore({ path }).set(
        key,
        { ...record(), token: { ...record().token, ...token } },
        0,
      );
      const then = new Date(Date.now() - ago);
      await files.utimes(
        newestIn(join(path, readdirSync(path).find((one) => !known.has(one)) ?? ""), "token"),
        then,
        then,
      );
    };
    const keys = async (store: TokenStore): Promise<unknown[]> =>
      ((await store.list?.()) ?? [])
        .map((entry) => (typeof entry === "object" && "key" in entry ? entry.key : entry))
        .sort();

    test.each([
      ["", {}],
      [", sealed", createEncryption(KEY)],
    ])(
      "a list removes the records that were saved and whose tokens ended longer ago, and no others%s",
      async (_, sealed) => {
        const path = folder();
        const options = { path, ...sealed };
        const write = (key: string, token: Partial<TokenRecord["token"]>) =>
          createFileStore(options).set(
            key,
            { ...record(), token: { ...record().token, ...token } },
            0,
          );
        const ages: [key: string, days: number, token: Partial<TokenRecord["token"]>][] = [
          ["over", 31, { expiresAt: Date.now() - 31 * DAY }],
          ["over, of unknown end", 31, {}],
          ["saved later", 29, { expiresAt: 1 }],
          ["access token ended later", 40, { expiresAt: Date.now() - 29 * DAY }],
          ["refresh token lives", 400, { expiresAt: 1, refreshExpiresAt: Date.now() + DAY }],
          [
            "refresh token ended later",
            400,
            { expiresAt: 1, refreshExpiresAt: Date.now() - 29 * DAY },
          ],
          ["at work", 31, {}],
        ];
        for (const [key, days, token] of ages) {
          const known = new Set(readdirSync(path));
          await write(key, token);
          const then = new Date(Date.now() - days * DAY);
          await files.utimes(
            newestIn(join(path, readdirSync(path).find((one) => !known.has(one)) ?? ""), "token"),
            then,
            then,
          );
        }
        const store = createFileStore({ ...options, keepUnusedFor: 30 * DAY });
        await store.lease("at work", "a", 60_000);
        const stay = ages
          .map(([key]) => key)
          .filter((key) => !key.startsWith("over"))
          .sort();
        expect(await keys(createFileStore(options))).toHaveLength(ages.length); // Off by default.
        expect(await keys(store)).toEqual(stay);
        expect(await store.get("over")).toBeUndefined();
        expect(readdirSync(path)).toHaveLength(stay.length);
        expect(await store.set("over", record(), 0)).toBe(true);
      },
    );

    test("the first save of a key removes some unused records, without a call of list", async () => {
      const path = folder();
      for (const key of ["a", "b"]) await saved(path, key, 2 * DAY);
      const store = createFileStore({ path, keepUnusedFor: DAY });
      await store.set("c", record(), 0);
      expect(await keys(createFileStore({ path }))).toEqual(["c"]);
    });

    test.each([0, -1, NaN, Infinity, 1e15, "30", null])(
      "%p is a configuration error, with either store",
      (keepUnusedFor) => {
        for (const make of [
          () => createFileStore({ keepUnusedFor } as never),
          () => createRedisStore({ client: { eval: async () => null }, keepUnusedFor } as never),
        ]) {
          expect(make).toThrow(
            expect.objectContaining({ kind: "configuration", option: "keepUnusedFor" }),
          );
        }
      },
    );
  });
});

const snapshot = (path: string): string =>
  JSON.stringify(
    (readdirSync(path, { recursive: true }) as string[]).sort().map((name) => {
      const stats = lstatSync(join(path, name));
      return [name, stats.mode, stats.isFile() ? readFileSync(join(path, name), "utf8") : ""];
    }),
  );

describe("encryption at rest", () => {
  test("the file contains nothing of a token, and the same text never gives the same sealed text", async () => {
    const path = folder();
    const store = createFileStore({ path, ...createEncryption(KEY) });
    await store.set("k", record(), 0);
    await store.set("l", record(), 0);
    const sealed = readdirSync(path).map(
      (name) =>
        (
          JSON.parse(readFileSync(newestIn(join(path, name), "token"), "utf8")) as {
            sealed: string;
          }
        ).sealed,
    );
    expect(snapshot(path)).not.toMatch(/canary|Bearer/);
    expect(sealed[0]).not.toBe(sealed[1]);
    expect(await store.list()).toEqual(expect.arrayContaining([{ key: "k" }, { key: "l" }]));
  });

  test.each([
    ["another key", createEncryption(OTHER_KEY), "wrong_key"],
    ["none", {}, "encrypted"],
  ])("with %s it is a store error, and nothing is overwritten", async (_, encryption, code) => {
    const path = folder();
    await createFileStore({ path, ...createEncryption(KEY) }).set("k", record(), 0);
    const before = snapshot(path);
    const store = createFileStore({ path, ...encryption });
    for (const attempt of [() => store.get("k"), () => store.set("k", record(2), 1)])
      expect(await storeError(attempt)).toMatchObject({
        code,
        retryable: false,
        message: expect.stringContaining(path),
      });
    expect(snapshot(path)).toBe(before);
    expect(await createFileStore({ path, ...createEncryption(KEY) }).get("k")).toEqual(record());
  });

  test("a record that was not encrypted, a record of another key and a changed record are refused", async () => {
    const path = folder();
    const store = createFileStore({ path, ...createEncryption(KEY) });
    await createFileStore({ path }).set("plain", record(), 0);
    expect(await storeError(store.get("plain"))).toMatchObject({
      code: "not_encrypted",
      retryable: false,
    });
    await store.set("a", record(), 0);
    const file =
      readdirSync(path)
        .map((one) => newestIn(join(path, one), "token"))
        .find((one) => readFileSync(one, "utf8").includes(`"a"`)) ?? "";
    const written = JSON.parse(readFileSync(file, "utf8")) as { sealed: string };
    const { seal, open } = createEncryption(KEY);
    await expect((async () => open(await seal("text", "b"), "a"))()).rejects.toThrow();
    expect(await open(await seal("text", "a"), "a")).toBe("text");
    writeFileSync(
      file,
      JSON.stringify({ ...written, sealed: written.sealed.replace(/.{4}$/, "AAAA") }),
    );
    expect(
      await storeError(createFileStore({ path, ...createEncryption(KEY) }).get("a")),
    ).toMatchObject({ code: "wrong_key" });
  });

  test("a key can be replaced: older keys decrypt, the first key encrypts", async () => {
    const path = folder();
    await createFileStore({ path, ...createEncryption(KEY) }).set("k", record(), 0);
    const both = createFileStore({ path, ...createEncryption(OTHER_KEY, KEY) });
    expect(await both.get("k")).toEqual(record());
    await both.set("k", record(2), 1);
    expect(await createFileStore({ path, ...createEncryption(OTHER_KEY) }).get("k")).toEqual(
      record(2),
    );
  });

  test.each([
    ["gives no text", () => undefined],
    [
      "throws",
      () => {
        throw new Error("canary");
      },
    ],
  ])("a `seal` that %s writes nothing", async (_, seal) => {
    const path = folder();
    const store = createFileStore({ path, seal: seal as never, open: (text) => text });
    expect(await storeError(store.set("k", record(), 0))).toMatchObject({ code: "not_sealed" });
    expect(await store.get("k")).toBeUndefined();
  });

  test.each([
    ["43 like letters", "a".repeat(43)],
    ["zeros", new Uint8Array(32)],
    ["zeros in hexadecimal digits", "00".repeat(32)],
    ["zeros in base64", Buffer.alloc(32).toString("base64")],
    ["one byte over and over", Buffer.alloc(32, 0x5a).toString("base64")],
    ["a row that counts", Uint8Array.from({ length: 32 }, (_, i) => i)],
    ["a row that counts by sevens", Uint8Array.from({ length: 32 }, (_, i) => 7 * i)],
    ["eight bytes four times", "0123456789abcdef".repeat(4)],
    ["a passphrase of 43 letters, small", "correcthorsebatterystaplecorrecthorsebattew"],
    ["a passphrase of 43 letters, capital ones too", "CorrectHorseBatteryStapleCorrectHorseBattew"],
    ["a passphrase of 43 letters and digits, small", "correct4horse4battery4staple4correct4horse4"],
    [
      "a passphrase of 32 characters, as bytes",
      new TextEncoder().encode("Tr0ub4dor&3 is what I always use"),
    ],
    [
      "a passphrase in hexadecimal digits",
      Buffer.from("Tr0ub4dor&3 is what I always use").toString("hex"),
    ],
    ["a passphrase in base64", Buffer.from("Tr0ub4dor&3 is what I always use").toString("base64")],
    [
      "a passphrase with a line break, as bytes",
      new TextEncoder().encode("my very secret passphrase 12345\n"),
    ],
    [
      "a passphrase with umlauts, as bytes",
      new TextEncoder().encode("Größe-Übermut-Schlüssel-Tür"),
    ],
    [
      "a passphrase in UTF-16, which is not UTF-8",
      new Uint8Array(Buffer.from("Schlüßel12345678", "utf16le")),
    ],
    ["sixteen random bytes, twice", "9c4ab71fe3520d86f8617e2bd5c093aa".repeat(2)],
    ["base64 of more than 32 bytes", `${OTHER_KEY.slice(0, 42)}R`],
    ["base64 of 33 bytes", Buffer.from(OTHER_KEY.slice(0, 33)).toString("base64")],
  ])("S-03 a key that is %s is refused, and not quoted", (_, key) => {
    let error: unknown;
    try {
      createEncryption(key);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({
      kind: "configuration",
      option: "key",
      message: expect.stringContaining("openssl rand -hex 32"),
    });
    if (typeof key === "string") expect((error as Error).message).not.toContain(key);
  });

  test("random keys in every form are accepted", async () => {
    for (let i = 0; i < 500; i += 1) {
      const bytes = randomBytes(32);
      const unpadded = bytes.toString("base64url");
      const forms = [
        new Uint8Array(bytes),
        bytes.toString("hex"),
        bytes.toString("hex").toUpperCase(),
        bytes.toString("base64"),
        `${unpadded}=`,
        ...(/[^A-Za-z]/.test(unpadded) ? [unpadded] : []),
      ];
      for (const key of forms)
        expect(
          await createEncryption(key).open(await createEncryption(bytes).seal("text", "k"), "k"),
        ).toBe("text");
    }
  });

  test("an older record under a higher generation is refused: the sealed text contains the generation", async () => {
    const path = folder();
    const store = createFileStore({ path, ...createEncryption(KEY) });
    await store.set("k", record(1), 0);
    const inner = join(path, readdirSync(path)[0] ?? "");
    const old = JSON.parse(readFileSync(newestIn(inner, "token"), "utf8")) as object;
    await store.set(
      "k",
      { ...record(2), token: { ...record().token, accessToken: "canary-newer" } },
      1,
    );
    const planted = after(newestIn(inner, "token"));
    writeFileSync(planted, JSON.stringify({ ...old, generation: 3 }), { mode: 0o600 });
    expect(await storeError(store.get("k"))).toMatchObject({ code: "set_back", retryable: false });
    expect(await storeError(store.set("k", record(4), 3))).toMatchObject({ code: "set_back" });
    rmSync(planted);
    expect((await store.get("k"))?.token.accessToken).toBe("canary-newer");
  });

  test.each([
    ["short", "abc"],
    ["31 bytes", new Uint8Array(31)],
    ["no key", undefined],
  ])("a key that is %s, or one function alone, is a configuration error", (_, key) => {
    expect(() => createEncryption(key as never)).toThrow(
      expect.objectContaining({ kind: "configuration", option: "key" }),
    );
    expect(() => createFileStore({ seal: (text) => text })).toThrow(
      expect.objectContaining({ option: "seal" }),
    );
    for (const path of ["", "~/tokens", 7])
      expect(() => createFileStore({ path: path as string })).toThrow(
        expect.objectContaining({ option: "path" }),
      );
    for (const options of [null, "/tmp/x"])
      expect(() => createFileStore(options as never)).toThrow(
        expect.objectContaining({ kind: "configuration" }),
      );
  });
});

const url = process.env["REDIS_URL"];

withRedis.describe("T-18 the Redis store", () => {
  let server: RedisServer | undefined;
  const closers: (() => unknown)[] = [];
  let address = url ?? "";
  beforeAll(async () => {
    server = url === undefined ? await startRedis() : undefined;
    address = url ?? server?.url ?? "";
  });
  afterAll(async () => {
    for (const close of closers) await close();
    await server?.close();
  });
  const node = async () => {
    const client = createClient({ url: address });
    client.on("error", () => undefined);
    await client.connect();
    closers.push(() => client.destroy());
    return client;
  };
  const io = () => {
    const client = new Redis(address);
    client.on("error", () => undefined);
    closers.push(() => client.disconnect());
    return client;
  };
  const PREFIX = `corrigenda-test-${process.pid}:`;

  keepsToTheContract("node-redis", async () =>
    createRedisStore({ client: await node(), prefix: PREFIX }),
  );
  keepsToTheContract("ioredis", () => createRedisStore({ client: io(), prefix: PREFIX }));
  keepsToTheContract("ioredis, encrypted, with a prefix that looks like a pattern", () =>
    createRedisStore({ client: io(), prefix: `${PREFIX}*[a]?\\`, ...createEncryption(KEY) }),
  );

  test("the keys of a credential are in one hash slot; a lease expires by the server's own clock; two clients see the same", async () => {
    const client = await node();
    const store = createRedisStore({ client, prefix: PREFIX });
    await store.set("petjeaf:a:b", record(), 0);
    await store.lease("petjeaf:a:b", "me", 50_000);
    const names = (await client.keys(`${PREFIX.replace("*", "\\*")}{petjeaf*`)).sort();
    expect(names).toEqual([`${PREFIX}{petjeaf:a:b}:lease`, `${PREFIX}{petjeaf:a:b}:token`]);
    const left = await client.pTTL(names[0] ?? "");
    expect(left).toBeGreaterThan(40_000);
    expect(left).toBeLessThanOrEqual(50_000);
    expect(await createRedisStore({ client: io(), prefix: PREFIX }).get("petjeaf:a:b")).toEqual(
      record(),
    );
    // A client that is configured to return bytes.
    const bytes = {
      eval: async (script: string, ...rest: unknown[]) => {
        const found: unknown = await client.eval(script, ...(rest as [{ keys: string[] }]));
        return typeof found === "string" ? Buffer.from(found) : found;
      },
      scan: client.scan.bind(client),
    };
    const another = createRedisStore({ client: bytes, prefix: PREFIX });
    expect([await another.get("petjeaf:a:b"), await another.list()]).toEqual([
      record(),
      [{ key: "petjeaf:a:b" }],
    ]);
    await store.release("petjeaf:a:b", "me");
    await store.delete("petjeaf:a:b");
    expect(await store.list()).toEqual([]);
  });

  test("garbage under a key is a store error that names the key and the remedy, and the garbage stays as it is", async () => {
    const client = await node();
    const store = createRedisStore({ client, prefix: PREFIX });
    const name = `${PREFIX}{g}:token`;
    await client.set(name, "canary");
    for (const attempt of [() => store.get("g"), () => store.set("g", record(), 0)])
      expect(await storeError(attempt)).toMatchObject({
        code: "WRONGTYPE",
        retryable: false,
        message: expect.stringContaining(name),
      });
    expect(await client.get(name)).toBe("canary");
    await client.del(name);
    await client.hSet(name, { generation: "1", record: '{"canary' });
    expect(await storeError(store.get("g"))).toMatchObject({
      code: "damaged",
      message: expect.stringContaining(name),
    });
    expect(await store.set("g", record(), 0)).toBe(false);
    expect(await client.hGet(name, "record")).toBe('{"canary');
    await store.delete("g");
  });

  test("a list has each key, and for each record without a readable key the problem and the Redis key", async () => {
    const client = await node();
    const store = createRedisStore({ client, prefix: PREFIX });
    await store.set("whole", record(), 0);
    await client.set(`${PREFIX}{type}:token`, "canary");
    await client.hSet(`${PREFIX}{damaged}:token`, { generation: "1", record: '{"canary' });
    await client.hSet(`${PREFIX}{moved}:token`, {
      generation: "1",
      record: JSON.stringify({ version: 1, key: "whole", ...record() }),
    });
    const entries = await store.list();
    expect(entries.filter((entry) => "key" in entry)).toEqual([{ key: "whole" }]);
    const problems = new Map(
      entries.flatMap((entry) => ("problem" in entry ? [[entry.path, entry.problem]] : [])),
    );
    for (const [name, code] of [
      ["type", "WRONGTYPE"],
      ["damaged", "damaged"],
      ["moved", "damaged"],
    ] as const) {
      const place = `${PREFIX}{${name}}:token`;
      expect(await storeError(Promise.reject(problems.get(place) as Error))).toMatchObject({
        code,
        message: expect.stringContaining(place),
      });
      await client.del(place);
    }
    expect(problems.size).toBe(3);
    await store.delete("whole");
    // An error of the server is not an error of a record.
    expect(
      await storeError(
        createRedisStore({
          client: {
            eval: async () => null,
            scan: async () => {
              throw new Error("NOAUTH canary");
            },
          } as never,
        }).list(),
      ),
    ).toMatchObject({ code: "NOAUTH" });
  });

  test.each([
    ["", {}],
    [", sealed", createEncryption(KEY)],
  ])(
    "with `keepUnusedFor` a record expires that long after its last save, or after the end of its tokens if that is later%s",
    async (_, sealed) => {
      const client = await node();
      const store = createRedisStore({
        client,
        prefix: PREFIX,
        keepUnusedFor: 1_000_000,
        ...sealed,
      });
      const lifetime = async (
        token: object,
        generation: number,
        more: object = {},
      ): Promise<number> => {
        expect(
          await store.set(
            "u",
            { ...record(generation), ...more, token: { ...record().token, ...token } },
            generation - 1,
          ),
        ).toBe(true);
        return client.pTTL(`${PREFIX}{u}:token`);
      };
      const about = (ms: number) => (left: number) => {
        expect(left).toBeGreaterThan(ms - 60_000);
        expect(left).toBeLessThanOrEqual(ms + 1000);
      };
      about(1_000_000)(await lifetime({}, 1));
      about(3_000_000)(await lifetime({ expiresAt: Date.now() + 2_000_000 }, 2));
      about(9_000_000)(
        await lifetime(
          { expiresAt: Date.now() + 2_000_000, refreshExpiresAt: Date.now() + 8_000_000 },
          3,
        ),
      );
      about(1_000_000)(await lifetime({ expiresAt: 1, refreshExpiresAt: 2 }, 4));
      await client.pExpire(`${PREFIX}{u}:token`, 100_000);
      about(1_000_000)(
        await lifetime({}, 5, { intent: { refreshTokenHash: "h", owner: "o", at: 1 } }),
      ); // An intent is a save, too.
      // Without the option no record expires, even if an earlier save set an expiry.
      expect(
        await createRedisStore({ client, prefix: PREFIX, ...sealed }).set("u", record(6), 5),
      ).toBe(true);
      expect(await client.pTTL(`${PREFIX}{u}:token`)).toBe(-1);
      await store.delete("u");
    },
  );

  test("unusable options are configuration errors", async () => {
    const client = io();
    for (const [option, options] of [
      ["client", undefined],
      ["client", {}],
      ["client", { client: {} }],
      ["prefix", { client, prefix: "a{b" }],
      ["replicas", { client, replicas: -1 }],
      [
        "client",
        { client: Object.assign(Object.create(client) as object, { options: { keyPrefix: "x" } }) },
      ],
      ["replicas", { client: { eval: client.eval, nodes: () => [] }, replicas: 1 }],
      ["seal", { client, open: () => "" }],
    ] as const)
      expect(() => createRedisStore(options as never)).toThrow(
        expect.objectContaining({ kind: "configuration", option }),
      );
  });
});

withServer.describe("T-18 the Redis store, with a server of its own", () => {
  const closers: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });
  async function own(settings: readonly string[] = []): Promise<RedisServer> {
    const server = await startRedis(settings);
    closers.push(() => server.close());
    return server;
  }
  function ioredis(port: number, options: object = {}): Redis {
    const client = new Redis({ port, host: "127.0.0.1", ...options });
    client.on("error", () => undefined);
    closers.push(() => client.disconnect());
    return client;
  }

  test("a server that needs a password, refuses a password or is unreachable is a store error that names the key and the remedy", async () => {
    const { port } = await own(["--requirepass", "secret-of-the-server"]);
    const none = ioredis(port, { enableReadyCheck: false });
    expect(await storeError(createRedisStore({ client: none }).get("k"))).toMatchObject({
      code: "NOAUTH",
      retryable: false,
      message: expect.stringMatching(/corrigenda:\{k\}:token.*credentials/),
    });
    const wrong = ioredis(port, {
      password: "canary-wrong",
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
    });
    expect((await storeError(createRedisStore({ client: wrong }).get("k"))).code).toMatch(
      /NOAUTH|WRONGPASS/,
    );
    const nobody = ioredis(20_097, { maxRetriesPerRequest: 0, retryStrategy: () => null });
    expect(await storeError(createRedisStore({ client: nobody }).get("k"))).toMatchObject({
      message: expect.stringMatching(/cannot be reached/),
      retryable: true,
    });
  });

  test("an error that ends by itself is retryable, and an error that a person must correct is not", async () => {
    const said = (message: string) =>
      createRedisStore({
        client: {
          eval: async () => {
            throw new Error(message);
          },
        },
      });
    for (const code of ["NOAUTH", "WRONGPASS", "NOPERM", "WRONGTYPE"])
      expect(await storeError(said(`${code} canary`).get("k"))).toMatchObject({
        code,
        retryable: false,
      });
    for (const code of ["READONLY", "LOADING", "CLUSTERDOWN", "MISCONF", "OOM", "NOREPLICAS"])
      expect(await storeError(said(`${code} canary`).get("k"))).toMatchObject({
        code,
        retryable: true,
      });
  });

  test("a token outlives a SIGKILL of a server with appendfsync always; without, it may be lost", async () => {
    for (const [settings, survives] of [
      [["--appendonly", "yes", "--appendfsync", "always"], true],
      [[], false],
    ] as const) {
      const server = await own(settings);
      const store = createRedisStore({ client: ioredis(server.port) });
      expect(await store.set("k", record(), 0)).toBe(true);
      await server.kill();
      await server.start();
      expect(await store.get("k")).toEqual(survives ? record() : undefined);
    }
  });

  test("with `replicas`, a token counts as saved once the replicas have it, and outlives a failover", async () => {
    const master = await own();
    const replica = await own(["--replicaof", "127.0.0.1", String(master.port)]);
    const client = ioredis(master.port);
    while (!(await client.info("replication")).includes("state=online"))
      await new Promise((resolve) => setTimeout(resolve, 50));
    const store = createRedisStore({ client, replicas: 1, replicasTimeout: 10_000 });
    expect(await store.set("k", record(), 0)).toBe(true);
    replica.freeze();
    expect(
      await storeError(
        createRedisStore({ client, replicas: 1, replicasTimeout: 300 }).set("k", record(2), 1),
      ),
    ).toMatchObject({ code: "not_replicated" });
    replica.thaw();
    expect(await store.set("k", record(3), 2)).toBe(true);
    await master.kill();
    const promoted = ioredis(replica.port);
    await promoted.replicaof("NO", "ONE");
    expect(await createRedisStore({ client: promoted }).get("k")).toEqual(record(3));
  });

  describe("behind Sentinel", () => {
    let master: RedisServer;
    let sentinel: Awaited<ReturnType<typeof startSentinel>>;
    const clients: (() => unknown)[] = [];
    beforeAll(async () => {
      master = await startRedis();
      sentinel = await startSentinel(master.port);
    });
    afterAll(async () => {
      for (const close of clients) await close();
      await sentinel.close();
      await master.close();
    });
    keepsToTheContract("ioredis", () => {
      const client = new Redis({
        sentinels: [{ host: "127.0.0.1", port: sentinel.port }],
        name: "tokens",
      });
      client.on("error", () => undefined);
      clients.push(() => client.disconnect());
      return createRedisStore({ client });
    });
    keepsToTheContract("node-redis", async () => {
      const client = createSentinel({
        name: "tokens",
        sentinelRootNodes: [{ host: "127.0.0.1", port: sentinel.port }],
      });
      client.on("error", () => undefined);
      await client.connect();
      clients.push(() => client.destroy());
      return createRedisStore({ client });
    });
  });

  describe("a cluster of three", () => {
    let cluster: Awaited<ReturnType<typeof startCluster>>;
    const clients: (() => unknown)[] = [];
    beforeAll(async () => {
      cluster = await startCluster();
    });
    afterAll(async () => {
      for (const close of clients) await close();
      await cluster.close();
    });
    keepsToTheContract("ioredis", async () => {
      const client = new Cluster(cluster.ports.map((port) => ({ host: "127.0.0.1", port })));
      client.on("error", () => undefined);
      clients.push(() => client.disconnect());
      return createRedisStore({ client });
    });
    keepsToTheContract("node-redis", async () => {
      const client = createCluster({
        rootNodes: cluster.ports.map((port) => ({ url: `redis://127.0.0.1:${port}` })),
      });
      client.on("error", () => undefined);
      await client.connect();
      clients.push(() => client.destroy());
      return createRedisStore({ client });
    });
  });
});

test("the types of the clients of both libraries are accepted", () => {
  const accept = (client: RedisClient): RedisClient => client;
  const io = new Redis({ lazyConnect: true });
  accept(createClient());
  accept(createCluster({ rootNodes: [] }));
  accept(createSentinel({ name: "tokens", sentinelRootNodes: [] }));
  expect(accept(io)).toBe(io);
});
