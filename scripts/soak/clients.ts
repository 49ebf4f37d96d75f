/**
 * One interface over the clients of all providers. Each request carries a number, and each failure
 * is reported to the verdicts.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import {
  createApinizerClient,
  createGenLogsClient,
  createPetjeafClient,
  isCorrigendaError,
  type CommonOptions,
} from "../../src/index.ts";
import {
  isTokenPath,
  NUMBER,
  SENT,
  type Life,
  type Options,
  type ProviderName,
} from "./protocol.ts";
import type { Verdicts } from "./verdicts.ts";

export interface SoakClient {
  readonly provider: ProviderName;
  readonly life: Life;
  readonly calls: number;
  /** One call of the API. Never rejects. */
  call(): Promise<void>;
  close(): Promise<void>;
}

/** The requests of one call: the number of the last one, and of one without an answer. */
interface Trace {
  last?: string;
  cut?: string;
}

type Open = (
  options: CommonOptions,
) => Promise<{ readonly call: () => Promise<number>; readonly close: () => Promise<void> }>;

const OPENERS: Readonly<Record<ProviderName, (options: Options) => Open>> = {
  genlogs:
    ({ genlogs }) =>
    async (common) => {
      const client = createGenLogsClient({ ...genlogs, ...common });
      return {
        call: async () => (await client.GET("/carrier/recommendations")).response.status,
        close: () => client.auth.close(),
      };
    },
  apinizer:
    ({ apinizer }) =>
    async (common) => {
      const client = createApinizerClient({ ...apinizer, ...common });
      return {
        call: async () => (await client.GET("/projects/")).response.status,
        close: () => client.auth.close(),
      };
    },
  petjeaf:
    ({ petjeaf }) =>
    async (common) => {
      const client = createPetjeafClient({ ...petjeaf, ...common });
      const { url, state } = client.authorizationUrl({ scope: "profile.read" });
      const session = await client.exchange(
        (await fetch(url, { redirect: "manual" })).headers.get("location") ?? "",
        { state },
      );
      return {
        call: async () => (await session.GET("/users/me")).response.status,
        close: () => client.close(),
      };
    },
};

/** Unique among all clients. */
let numbers = 0;

export async function openClient(
  provider: ProviderName,
  life: Life,
  options: Options,
  verdicts: Verdicts,
): Promise<SoakClient> {
  const traces = new AsyncLocalStorage<Trace>();
  const label = `${provider}, ${life} s`;
  let open = false;
  /** The last token request without an answer: its error contains no number. */
  let cutToken: string | undefined;
  let calls = 0;

  const numbered: typeof fetch = async (input, init) => {
    const headers = new Headers(init?.headers);
    // Opening a client is not harmed: a client that did not open could not call.
    if (!open) return fetch(input, { ...init, headers });
    const number = String((numbers += 1));
    headers.set(NUMBER, number);
    headers.set(SENT, String(Date.now()));
    const token = isTokenPath(input instanceof Request ? input.url : String(input));
    const what = `${label}: ${token ? "a token request" : "a request"}`;
    const trace = token ? undefined : traces.getStore();
    if (trace) trace.last = number;
    try {
      const response = await fetch(input, { ...init, headers });
      const { status } = response;
      if (status >= 400)
        verdicts.failed(number, `${what} was answered with ${status}`, (harm) =>
          status === 401
            ? harm === "revoked" || harm === "expired on the way"
            : harm.startsWith(String(status)),
        );
      return response;
    } catch (error) {
      if (trace) trace.cut = number;
      if (token) cutToken = number;
      verdicts.failed(number, `${what} brought no answer (${codeOf(error)})`, (harm) =>
        harm.startsWith("cut"),
      );
      throw error;
    }
  };

  const client = await OPENERS[provider](options)({ fetch: numbered });
  open = true;
  return {
    provider,
    life,
    get calls() {
      return calls;
    },
    async call() {
      calls += 1;
      const trace: Trace = {};
      try {
        const status = await traces.run(trace, client.call);
        // A client recovers from a revocation by itself, so that a revocation excuses no 401. On a
        // slow machine a token may expire on the way twice; the second 401 then reaches the caller.
        if (status !== 200)
          verdicts.failed(trace.last, `${label}: a call was answered with ${status}`, (harm) =>
            status === 401 ? harm === "expired on the way" : harm.startsWith(String(status)),
          );
      } catch (error) {
        const told = error instanceof Error ? /injected-(\d+)/.exec(error.message)?.[1] : undefined;
        const network =
          isCorrigendaError(error) && error.kind === "network"
            ? (trace.cut ?? cutToken)
            : undefined;
        verdicts.failed(
          told ?? network,
          `${label}: a call failed, ${isCorrigendaError(error) ? error.kind : String(error)}`,
          (harm) => harm !== "revoked",
        );
      }
    },
    close: client.close,
  };
}

const codeOf = (error: unknown): string =>
  (error as { cause?: { code?: string } }).cause?.code ?? (error as Error).name;
