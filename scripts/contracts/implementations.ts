/** What runs the contract cases of each provider: its client, and its vendor on the sandbox. */
import { apinizer, genlogs, petjeaf } from "../../src/index.ts";
import type { SandboxClock, Vendor } from "../../src/sandbox/index.ts";
import { createApinizer } from "../../src/sandbox/vendors/apinizer.ts";
import { createGenLogs } from "../../src/sandbox/vendors/genlogs.ts";
import { createPetjeaf } from "../../src/sandbox/vendors/petjeaf.ts";
import type { AnyProvider, Target } from "../../src/testing/index.ts";

export interface Implementation extends Pick<Target, "account"> {
  readonly provider: AnyProvider;
  readonly vendor: (clock: SandboxClock) => Vendor;
  /** The scope that the user grants. Given for a provider with the authorization code grant. */
  readonly scope?: readonly string[];
}

/** By the name of the provider, which is also the name of its spec. */
export type Implementations = Readonly<Record<string, Implementation>>;

export const implementations: Implementations = {
  genlogs: {
    provider: genlogs,
    vendor: createGenLogs,
    account: {
      apiKey: "sandbox-api-key-0001",
      email: "sandbox+user@example.com",
      password: "sandbox+password & 100%",
    },
  },
  apinizer: {
    provider: apinizer,
    vendor: createApinizer,
    account: { username: "sandbox_user", password: "sandbox+password & 100%" },
  },
  petjeaf: {
    provider: petjeaf,
    vendor: createPetjeaf,
    account: { clientId: "sandbox-client", clientSecret: "sandbox+secret & 100%", key: "case" },
    scope: ["profile.read", "memberships.read"],
  },
};
