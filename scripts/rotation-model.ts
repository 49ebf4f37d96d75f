/**
 * The rotation protocol (T-14) as a model small enough to look at every state of it: two workers
 * that find the same token expired, one crash, one freeze, the end of a lease, and a server that
 * kills the session when a used refresh token comes again. Besides, a person may give consent anew
 * in another process, and the record may be deleted: by a revocation, which takes a turn, or from
 * outside, which asks nobody.
 *
 * Refresh tokens are numbers: 0 is in the store at first, each rotation issues the next one, and a
 * new consent brings 10, which is not expired, so that nobody renews it.
 */

export type Weakening =
  | "no intent"
  | "no re-read"
  | "no compare-and-set"
  | "no heartbeat"
  /** A new consent leaves a token that was renewed meanwhile, as a login does. */
  | "a consent that gives way"
  /** An owner with an answer takes a record that is gone for one that was never there. */
  | "a record that is gone is written again"
  /** The first record after a deletion has the generation of the first one ever. */
  | "generations that begin anew";

/**
 * Those that need a consent or a deletion to do harm. The others do it without, and their traces
 * are about what they are there for.
 */
const FROM_OUTSIDE: readonly Change[] = [
  "a consent that gives way",
  "a record that is gone is written again",
  "generations that begin anew",
];

export const WEAKENINGS = [
  "no intent",
  "no re-read",
  "no compare-and-set",
  "no heartbeat",
  "a consent that gives way",
  "a record that is gone is written again",
  "generations that begin anew",
] as const satisfies readonly Weakening[];

/** What the protocol takes for granted; without it, it cannot hold. */
export type Limit =
  /** A frozen owner goes on, and has its answer, before patience is over. */
  | "a freeze longer than patience"
  /**
   * A server has acted on what an owner sent who died by the time that the owner's turn is taken
   * over.
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
  | "look who saved"
  | "release"
  | "done"
  | "crashed"
  | "reauthorize";

/** Without a token the record is gone. */
interface Stored {
  readonly token: number | undefined;
  readonly version: number;
  readonly intent: Name | undefined;
}

interface Worker {
  readonly at: At;
  readonly frozen: boolean;
  readonly wasFrozen: boolean;
  /** As it was read last. */
  readonly seen: Stored;
  readonly request: "none" | "on its way" | "answered" | "refused";
  /** The refresh token in its answer, if it has one that is not saved. */
  readonly got: number | undefined;
}

export interface State {
  readonly workers: Readonly<Record<Name, Worker>>;
  readonly stored: Stored;
  readonly lease: Name | "the revocation" | undefined;
  readonly consent: "none" | "answered" | "saved";
  readonly removal: "none" | "has the turn" | "done";
  /** Of which session the store's token has to be; `none`: there must be no token. */
  readonly session: "first" | "second" | "none";
  /** The refresh token that the server will take; those below are used. */
  readonly valid: number;
  readonly dead: boolean;
  /** Who sent each used refresh token first. */
  readonly sender: readonly Name[];
  readonly crashes: number;
  readonly freezes: number;
  /** A refresh token was sent again though its first sender lives. */
  readonly doubleUse: boolean;
}

export interface Result {
  readonly states: number;
  readonly transitions: number;
  /** Ends in which a session was lost that had to be lost. */
  readonly unavoidable: number;
  /** The shortest way to a state that must not be; absent if there is none. */
  readonly violation?: { readonly what: string; readonly trace: readonly string[] };
}

const NAMES = ["A", "B"] as const;
const other = (name: Name): Name => (name === "A" ? "B" : "A");
const FIRST: Stored = { token: 0, version: 1, intent: undefined };
const GONE: Stored = { token: undefined, version: 0, intent: undefined };
/**
 * What a new consent brings, and the version of a record that follows a deletion: random, and so
 * like none before.
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

/** Nobody gives consent any more, and nothing is deleted. */
const QUIET: State = { ...START, consent: "saved", removal: "done" };

/** Breadth first, so that a trace is as short as it can be. */
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
    return state.session === "none" ? "what was deleted is saved again" : "a new consent is lost";
  if (!ended) return undefined;
  const stuck = NAMES.find(
    (name) => !["done", "crashed", "reauthorize"].includes(state.workers[name].at),
  );
  if (stuck !== undefined) return `${stuck} waits for ever`;
  return isLost(state) && !hadToBeLost(state)
    ? "the session is lost, though every answer reached a living worker"
    : undefined;
}

const sessionOf = ({ token }: Stored): State["session"] =>
  token === undefined ? "none" : token === CONSENTED ? "second" : "first";

/**
 * What the store holds is not what the server takes. What was deleted, or replaced by a consent, is
 * given up and not lost.
 */
const isLost = ({ dead, stored, valid, session }: State): boolean =>
  session === "first" && (dead || stored.token !== valid);

/** The answer to a rotation was on its way to, or with, a worker that crashed. */
const hadToBeLost = ({ workers, stored }: State): boolean =>
  NAMES.some(
    (name) =>
      workers[name].at === "crashed" && (workers[name].got ?? -1) > (stored.token ?? Infinity),
  );

/** `may`: a person or an operator does it, or never does. */
type Transition = readonly [label: string, next: State, certainty?: "may"];

function* transitionsOf(state: State, weakening: Change): Generator<Transition> {
  yield* consent(state, weakening);
  yield* removal(state);
  for (const name of NAMES) {
    const { at, frozen, request } = state.workers[name];
    const gone = at === "done" || at === "crashed" || at === "reauthorize";
    // The server acts on what was sent, whatever became of its sender.
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
    if (frozen) yield [`${name} goes on`, change(state, name, { frozen: false })];
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

/** A new consent takes no turn, and the place of anything. */
function* consent(state: State, weakening: Change): Generator<Transition> {
  const { consent: given, stored } = state;
  if (given === "none")
    yield [
      `a person gives consent: refresh token ${CONSENTED}`,
      { ...state, consent: "answered" },
      "may",
    ];
  else if (given === "answered") {
    const first = weakening === "generations that begin anew" ? FIRST.version : ANOTHER_VERSION;
    const version = stored.token === undefined ? first : stored.version + 1;
    const after: State = { ...state, consent: "saved", session: "second" };
    const renewed = stored.token !== undefined && stored.token > 0;
    if (weakening === "a consent that gives way" && renewed)
      yield ["the consent is not saved: the store holds a newer token than before", after];
    else
      yield [
        "the consent is saved",
        { ...after, stored: { token: CONSENTED, version, intent: undefined } },
      ];
  }
}

/** A deletion: once, and of whatever is stored then. */
function* removal(state: State): Generator<Transition> {
  const gone = { stored: GONE, session: "none" } as const;
  if (state.removal === "has the turn")
    yield [
      "the revocation deletes the record, and gives the lease back",
      { ...state, ...gone, lease: undefined, removal: "done" },
    ];
  if (state.removal !== "none") return;
  yield ["the record is deleted from outside", { ...state, ...gone, removal: "done" }, "may"];
  if (state.lease === undefined)
    yield [
      "a revocation takes the lease",
      { ...state, lease: "the revocation", removal: "has the turn" },
      "may",
    ];
}

/** The next step of a worker that can act. */
function* act(state: State, name: Name, weakening: Change): Generator<Transition> {
  const { stored, lease } = state;
  const me = state.workers[name];
  const { seen, got } = me;
  const move = (label: string, changes: Partial<Worker>, rest: Partial<State> = {}): Transition => [
    `${name} ${label}`,
    change({ ...state, ...rest }, name, changes),
  ];
  /** Compare-and-set, or what is left of it. */
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
        // Looking again and again changes nothing until the store does.
        if (gone) yield giveUp("looks again, and finds no record");
        else if (renewed)
          yield move("looks again, and adopts the token in the store", { at: "done" });
      } else yield move("has the lease still", { at: "read again" });
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
        yield move("goes on without an intent", { at: "send" });
        return;
      }
      if (weakening === "no re-read") {
        if (gone) {
          yield giveUp("finds no record to write its intent to");
          return;
        }
        // Whatever the store holds by now, it goes on with the refresh token that it read before
        // its turn.
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
        // It waits; the store is looked at again when it has changed, or the owner has died.
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
            "sees that it lost the lease, and takes its intent back",
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
          ? move("is refused, looks into the store, and adopts", { at: "release", request: "none" })
          : giveUp("is refused");
      return;
    case "save":
      if (mayWrite)
        yield move(
          `saves refresh token ${got}`,
          { at: "release", got: undefined },
          { stored: write(got ?? 0, undefined) },
        );
      else yield move("may not save: the store has changed", { at: "look who saved" });
      return;
    case "look who saved":
      if (gone && weakening !== "a record that is gone is written again")
        yield giveUp("finds no record, and does not save", { got: undefined });
      else if (gone)
        yield move("finds no record, and saves all the same", { at: "save", seen: stored });
      else
        yield stored.token === seen.token
          ? move("finds the refresh token it sent, and saves after all", {
              at: "save",
              seen: stored,
            })
          : move("finds a newer one, and adopts it", { at: "release", got: undefined });
      return;
    case "release":
      yield move(
        "gives the lease back",
        { at: "done" },
        lease === name ? { lease: undefined } : {},
      );
      return;
  }
}

/**
 * Whether the refresh token of somebody else's intent may be sent again: the owner is dead, and the
 * server through with it, or patience is over, which it is not while a frozen owner may have its
 * answer. Of owners that were never frozen nothing is taken for granted, since an answer may take
 * as long as it likes while signs of life go on.
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

/** The server acts on a request; the answer is then on its way to whoever sent it, alive or not. */
function answer(state: State, name: Name): Transition {
  const { seen, at } = state.workers[name];
  const token = seen.token ?? 0;
  if (!state.dead && token === state.valid) {
    const next = change({ ...state, valid: token + 1, sender: [...state.sender, name] }, name, {
      request: at === "crashed" ? "none" : "answered",
      got: token + 1,
    });
    return [`the server takes ${name}'s refresh token ${token}, and issues ${token + 1}`, next];
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
