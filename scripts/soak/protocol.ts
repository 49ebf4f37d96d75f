/** The messages between the soak and its server. */
import type {
  ApinizerSandboxOptions,
  GenLogsSandboxOptions,
  PetjeafSandboxOptions,
} from "../../src/sandbox/index.ts";

export const PROVIDERS = ["genlogs", "apinizer", "petjeaf"] as const;
export type ProviderName = (typeof PROVIDERS)[number];

/** Lifetimes of tokens, in s. */
export const LIVES = [3, 30] as const;
export type Life = (typeof LIVES)[number];

/**
 * The headers with the number of a request, and with the time when it was sent (epoch ms, on the
 * clock that both processes share).
 */
export const NUMBER = "x-soak-number",
  SENT = "x-soak-sent";

/** Whether the URL is that of a token endpoint. */
export const isTokenPath = (url: string): boolean =>
  /\/?(?:auth\/token(?:\/refresh)?|oauth2\/tokens)$/.test(url.replace(/\?.*/s, ""));

export type Harm =
  | "503"
  | "503 with Retry-After"
  | "429"
  | "cut before"
  | "cut after"
  | "revoked"
  /**
   * The token was valid when the request was sent, and expired before the request arrived. No
   * client can know how slow the machine is.
   */
  | "expired on the way";

export interface Options {
  readonly genlogs: GenLogsSandboxOptions;
  readonly apinizer: ApinizerSandboxOptions;
  readonly petjeaf: PetjeafSandboxOptions;
}

export type FromServer =
  | {
      readonly is: "ready";
      readonly options: readonly { readonly life: Life; readonly options: Options }[];
    }
  /** Sent before the harm is done. */
  | { readonly is: "harm"; readonly number: string; readonly harm: Harm }
  | {
      readonly is: "count";
      readonly tokenRequests: readonly {
        readonly life: Life;
        readonly provider: ProviderName;
        readonly count: number;
      }[];
    };
