/**
 * A model of the rotation protocol (T-14) that is small enough to visit each of its states. Two
 * workers find the same token expired. One crash, one freeze and the end of a lease may happen, and
 * the server ends the session when a used refresh token is sent again. A person may give a new
 * consent in another process. The record may be deleted: by a revocation, which takes the lease, or
 * from outside, without the lease.
 *
 * Refresh tokens are numbers. The store holds 0 at first, and each rotation issues the next number.
 * A new consent brings 10, which is not expired, so that no worker renews it.
 */

export type Weakening =
  | "no intent"
  | "no re-read"
  | "no compare-and-set"
  | "no heartbeat"
  /** A new consent does not replace a token that was renewed meanwhile, just as a login. */
  | "a consent that does not replace a renewed token"
  /** A worker with an answer treats a deleted record like a record that never existed. */
  | "a deleted record is written again"
  /** The first record after a deletion has the generation of the first one ever. */
  | "generations that begin at 1 again";

/**
 * The weakenings that do harm only with a consent or a deletion. The other weakenings are explored
 * without consents and deletions, so that their traces show nothing else.
 */
const FROM_OUTSIDE: readonly Change[] = [
  "a consent that does not replace a renewed token",
  "a deleted record is written again",
  "generations that begin at 1 again",
];

export const WEAKENINGS = [
  "no intent",
  "no re-read",
  "no compare-and-set",
  "no heartbeat",
  "a consent that does not replace a renewed token",
  "a deleted record is written again",
  "generations that begin at 1 again",
] as const satisfies readonly Weakening[];

/** The opposite of each assumption of the protocol; the protocol fails where it occurs. */
export type Limit =
  /** The assumption: a frozen owner continues, and gets its answer, before patience has passed. */
  | "a freeze longer than patience"
  /**
   * The assumption: when the lease of a dead owner is taken over, the server has finished the
   * request of that owner.
   */
  | "a server slower than a lease";

export const LIMITS: readonly Limit[] = [
  "a freeze longer than patience",
  "a server slower than a lease",
];

type Change = Weakening | Limit | undefined;

type Name = "A" | "B";

type At =
  | "read"
  | "lease"
  | "read again"
  | "intent"
  | "check"
  | "send"
  | "wait for the answer"
  | "save"
  | "look what was saved"
  | "release"
  | "done"
  | "crashed"
  | "reauthorize";

/** A record without a token is a deleted record. */
interface Stored {
  readonly token: number | undefined;
  readonly version: number;
  readonly intent: Name | undefined;
}

interface Worker {
  readonly at: At;
  readonly frozen: boolean;
  readonly wasFrozen: boolean;
  /** The record as the worker last read it. */
  readonly seen: Stored;
  readonly request: "none" | "on its way" | "answered" | "refused";
  /** The refresh token in the answer, until the worker has saved it. */
  readonly got: number | undefined;
}

export interface State {
  readonly workers: Readonly<Record<Name, Worker>>;
  readonly stored: Stored;
  readonly lease: Name | "the revocation" | undefined;
  readonly consent: "none" | "answered" | "saved";
  readonly removal: "none" | "has the lease" | "done";
  /** The session that the token in the store must belong to; `none`: there must be no token. */
  readonly session: "first" | "second" | "none";
  /** The refresh token that the server accepts; all lower ones are used. */
  readonly valid: number;
  readonly dead: boolean;
  /** The worker that sent each used refresh token first. */
  readonly sender: readonly Name[];
  readonly crashes: number;
  readonly freezes: number;
  /** Whether a refresh token was sent again although its first sender lives. */
  readonly doubleUse: boolean;
}

export interface Result {
  readonly states: number;
  readonly transitions: number;
  /** Final states with a lost session that no protocol could have kept. */
  readonly unavoidable: number;
  /** The shortest way to a forbidden state; absent if there is none. */
  readonly violation?: { readonly what: string; readonly trace: readonly string[] };
}

const NAMES = ["A", "B"] as const;
const other = (name: Name): Name => (name === "A" ? "B" : "A");
const FIRST: Stored = { token: 0, version: 1, intent: undefined };
const GONE: Stored = { token: undefined, version: 0, intent: undefined };
/**
 * The refresh token of a new consent, and the version of a record that follows a deletion: random,
 * and so different from all earlier versions.
 */
const CONSENTED = 10,
  ANOTHER_VERSION = 100;
const worker: Worker = {
  at: "read",
  frozen: false,
  wasFrozen: false,
  seen: FIRST,
  request: "none",
  got: undefined,
};
const START: State = {
  workers: { A: worker, B: worker },
  stored: FIRST,
  lease: undefined,
  consent: "none",
  removal: "none",
  session: "first",
  valid: 0,
  dead: false,
  sender: [],
  crashes: 0,
  freezes: 0,
  doubleUse: false,
};

/** No consent is given, and nothing is deleted. */
const QUIET: State = { ...START, consent: "saved", removal: "done" };

/** Visits the states breadth first, so that each trace is as short as possible. */
export function explore(weakening?: Weakening | Limit): Result {
  const start = weakening === undefined || FROM_OUTSIDE.includes(weakening) ? START : QUIET;
  const came = new Map<string, readonly [from: string, label: string] | undefined>([
    [JSON.stringify(start), undefined],
  ]);
  const queue: State[] = [start];
  let transitions = 0;
  let unavoidable = 0;
  const traceTo = (key: string): string[] => {
    const step = came.get(key);
    return step ? [...traceTo(step[0]), step[1]] : [];
  };
  for (const state of queue) {
    const key = JSON.stringify(state);
    const steps = [...transitionsOf(state, weakening)];
    transitions += steps.length;
    const ended = steps.every(([, , certainty]) => certainty === "may");
    const what = wrongWith(state, ended);
    if (what !== undefined)
      return {
        states: came.size,
        transitions,
        unavoidable,
        violation: { what, trace: traceTo(key) },
      };
    if (ended && isLost(state)) unavoidable += 1;
    for (const [label, next] of steps) {
      const nextKey = JSON.stringify(next);
      if (came.has(nextKey)) continue;
      came.set(nextKey, [key, label]);
      queue.push(next);
    }
  }
  return { states: came.size, transitions, unavoidable };
}

function wrongWith(state: State, ended: boolean): string | undefined {
  if (state.doubleUse)
    return "a refresh token was sent again while its first sender may hold the next one";
  const stored = sessionOf(state.stored);
  if (stored !== state.session)
    return state.session === "none" ? "a deleted record is saved again" : "a new consent is lost";
  if (!ended) return undefined;
  const stuck = NAMES.find(
    (name) => !["done", "crashed", "reauthorize"].includes(state.workers[name].at),
  );
  if (stuck !== undefined) return `${stuck} waits forever`;
  return isLost(state) && !hadToBeLost(state)
    ? "the session is lost, though every answer reached a living worker"
    : undefined;
}

const sessionOf = ({ token }: Stored): State["session"] =>
  token === undefined ? "none" : token === CONSENTED ? "second" : "first";

/**
 * Whether the server does not accept the refresh token in the store. A session that was deleted, or
 * replaced by a new consent, is not lost.
 */
const isLost = ({ dead, stored, valid, session }: State): boolean =>
  session === "first" && (dead || stored.token !== valid);

/** Whether the answer to a rotation went to a worker that crashed before it saved the answer. */
const hadToBeLost = ({ workers, stored }: State): boolean =>
  NAMES.some(
    (name) =>
      workers[name].at === "crashed" && (workers[name].got ?? -1) > (stored.token ?? Infinity),
  );

/** `may`: a step of a person or an operator, which need not happen. */
type Transition = readonly [label: string, next: State, certainty?: "may"];

function* transitionsOf(state: State, weakening: Change): Generator<Transition> {
  yield* consent(state, weakening);
  yield* removal(state);
  for (const name of NAMES) {
    const { at, frozen, request } = state.workers[name];
    const gone = at === "done" || at === "crashed" || at === "reauthorize";
    // The server acts on a request even if its sender has crashed.
    if (request === "on its way") yield answer(state, name);
    if (state.lease === name) {
      const beats = at !== "crashed" && !frozen && weakening !== "no heartbeat";
      if (!beats) yield [`${name}'s lease ends`, { ...state, lease: undefined }];
    }
    if (gone) continue;
    if (state.crashes === 0)
      yield [
        `${name} crashes`,
        change({ ...state, crashes: 1 }, name, { at: "crashed", frozen: false }),
      ];
    if (frozen) yield [`${name} continues`, change(state, name, { frozen: false })];
    else {
      if (state.freezes === 0)
        yield [
          `${name} is frozen`,
          change({ ...state, freezes: 1 }, name, { frozen: true, wasFrozen: true }),
        ];
      yield* act(state, name, weakening);
    }
  }
}

/** A new consent is saved without the lease, and replaces any record. */
function* consent(state: State, weakening: Change): Generator<Transition> {
  const { consent: given, stored } = state;
  if (given === "none")
    yield [
      `a person gives consent: refresh token ${CONSENTED}`,
      { ...state, consent: "answered" },
      "may",
    ];
  else if (given === "answered") {
    const first =
      weakening === "generations that begin at 1 again" ? FIRST.version : ANOTHER_VERSION;
    const version = stored.token === undefined ? first : stored.version + 1;
    const after: State = { ...state, consent: "saved", session: "second" };
    const renewed = stored.token !== undefined && stored.token > 0;
    if (weakening === "a consent that does not replace a renewed token" && renewed)
      yield ["the consent is not saved: the store holds a newer token than before", after];
    else
      yield [
        "the consent is saved",
        { ...after, stored: { token: CONSENTED, version, intent: undefined } },
      ];
  }
}

/** A deletion happens once, and deletes any record. */
function* removal(state: State): Generator<Transition> {
  const gone = { stored: GONE, session: "none" } as const;
  if (state.removal === "has the lease")
    yield [
      "the revocation deletes the record and releases the lease",
      { ...state, ...gone, lease: undefined, removal: "done" },
    ];
  if (state.removal !== "none") return;
  yield ["the record is deleted from outside", { ...state, ...gone, removal: "done" }, "may"];
  if (state.lease === undefined)
    yield [
      "a revocation takes the lease",
      { ...state, lease: "the revocation", removal: "has the lease" },
      "may",
    ];
}

/** The next step of a worker that is neither frozen nor finished. */
function* act(state: State, name: Name, weakening: Change): Generator<Transition> {
  const { stored, lease } = state;
  const me = state.workers[name];
  const { seen, got } = me;
  const move = (label: string, changes: Partial<Worker>, rest: Partial<State> = {}): Transition => [
    `${name} ${label}`,
    change({ ...state, ...rest }, name, changes),
  ];
  /** Whether the compare-and-set succeeds. */
  const mayWrite = seen.version === stored.version || weakening === "no compare-and-set";
  const write = (token: number | undefined, intent: Name | undefined): Stored => ({
    token,
    intent,
    version: stored.version + 1,
  });
  const gone = stored.token === undefined;
  /** Whether the store holds a token that is newer than the one that expired. */
  const renewed = !gone && stored.token > 0;
  const giveUp = (label: string, rest: Partial<Worker> = {}): Transition =>
    move(
      `${label}: a person has to give consent`,
      { at: "reauthorize", request: "none", ...rest },
      lease === name ? { lease: undefined } : {},
    );

  switch (me.at) {
    case "read":
      if (gone) yield giveUp("finds no record");
      else
        yield renewed
          ? move("adopts the token in the store", { at: "done" })
          : move("reads the store", { at: "lease", seen: stored });
      return;
    case "lease":
      if (lease === undefined)
        yield move(
          "takes the lease",
          { at: weakening === "no re-read" ? "intent" : "read again" },
          { lease: name },
        );
      else if (lease !== name) {
        // Looking again changes nothing until the store has changed.
        if (gone) yield giveUp("looks again, and finds no record");
        else if (renewed)
          yield move("looks again, and adopts the token in the store", { at: "done" });
      } else yield move("still has the lease", { at: "read again" });
      return;
    case "read again":
      if (gone) yield giveUp("reads again, and finds no record");
      else
        yield renewed
          ? move("reads again, and adopts the token in the store", { at: "release" })
          : move("reads the store again", { at: "intent", seen: stored });
      return;
    case "intent": {
      if (weakening === "no intent") {
        yield move("continues without an intent", { at: "send" });
        return;
      }
      if (weakening === "no re-read") {
        if (gone) {
          yield giveUp("finds no record to write its intent to");
          return;
        }
        // The worker continues with the refresh token that it read before it took the lease, even
        // if the store holds another one by now.
        const next = { ...stored, intent: name, version: stored.version + 1 };
        yield move(
          "writes its intent, and does not look at the token in the store",
          { at: "check", seen: { ...next, token: seen.token } },
          { stored: next },
        );
        return;
      }
      const owner = seen.intent === name ? undefined : seen.intent;
      if (owner !== undefined && lease !== name) {
        yield move(`sees that it lost the lease, and does not judge ${owner}'s intent`, {
          at: "read",
        });
        return;
      }
      if (owner !== undefined && !mayReplay(state, owner, weakening)) {
        // The worker waits until the store has changed or the owner has died.
        if (stored.version !== seen.version) yield move("looks again", { at: "read again" });
        return;
      }
      if (mayWrite) {
        const next = write(seen.token, name);
        yield move(
          owner === undefined ? "writes its intent" : `writes its intent over ${owner}'s`,
          { at: "check", seen: next },
          { stored: next },
        );
      } else yield move("may not write its intent: the store has changed", { at: "read again" });
      return;
    }
    case "check": {
      const mine = stored.intent === name;
      yield lease === name
        ? move("sees that it still has the lease", { at: "send" })
        : move(
            "sees that it lost the lease, and withdraws its intent",
            { at: "read" },
            mine ? { stored: write(stored.token, undefined) } : {},
          );
      return;
    }
    case "send":
      yield move(`sends refresh token ${seen.token}`, {
        at: "wait for the answer",
        request: "on its way",
      });
      return;
    case "wait for the answer":
      if (me.request === "answered")
        yield move(`gets refresh token ${got}`, { at: "save", request: "none" });
      if (me.request === "refused")
        yield renewed && stored.token !== seen.token
          ? move("is refused, and adopts the token in the store", {
              at: "release",
              request: "none",
            })
          : giveUp("is refused");
      return;
    case "save":
      if (mayWrite)
        yield move(
          `saves refresh token ${got}`,
          { at: "release", got: undefined },
          { stored: write(got ?? 0, undefined) },
        );
      else yield move("may not save: the store has changed", { at: "look what was saved" });
      return;
    case "look what was saved":
      if (gone && weakening !== "a deleted record is written again")
        yield giveUp("finds no record, and does not save", { got: undefined });
      else if (gone)
        yield move("finds no record, and saves nevertheless", { at: "save", seen: stored });
      else
        yield stored.token === seen.token
          ? move("finds the refresh token it sent, and saves after all", {
              at: "save",
              seen: stored,
            })
          : move("finds a newer one, and adopts it", { at: "release", got: undefined });
      return;
    case "release":
      yield move("releases the lease", { at: "done" }, lease === name ? { lease: undefined } : {});
      return;
  }
}

/**
 * Whether the refresh token of another worker's intent may be sent again. That is so when the owner
 * of the intent is dead and the server has finished its request, or when patience has passed.
 * Patience does not pass while a frozen owner may get its answer. The model assumes nothing about
 * an owner that was never frozen, because an answer may take any time while heartbeats continue.
 */
function mayReplay({ workers }: State, owner: Name, weakening: Change): boolean {
  const { at, wasFrozen, request } = workers[owner];
  if (at === "crashed")
    return request !== "on its way" || weakening === "a server slower than a lease";
  return (
    at === "done" ||
    at === "reauthorize" ||
    !wasFrozen ||
    weakening === "a freeze longer than patience"
  );
}

/** The server acts on a request, and answers its sender, even if the sender has crashed. */
function answer(state: State, name: Name): Transition {
  const { seen, at } = state.workers[name];
  const token = seen.token ?? 0;
  if (!state.dead && token === state.valid) {
    const next = change({ ...state, valid: token + 1, sender: [...state.sender, name] }, name, {
      request: at === "crashed" ? "none" : "answered",
      got: token + 1,
    });
    return [`the server accepts ${name}'s refresh token ${token}, and issues ${token + 1}`, next];
  }
  const first = state.sender[token];
  const doubleUse =
    first === other(name) && state.workers[first].at !== "crashed" && at !== "crashed";
  return [
    `the server finds ${name}'s refresh token ${token} used, and ends the session`,
    change({ ...state, dead: true, doubleUse: state.doubleUse || doubleUse }, name, {
      request: at === "crashed" ? "none" : "refused",
    }),
  ];
}

const change = (state: State, name: Name, changes: Partial<Worker>): State => ({
  ...state,
  workers: { ...state.workers, [name]: { ...state.workers[name], ...changes } },
});
