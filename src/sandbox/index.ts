/**
 * Imitations of vendors over real HTTP on a free loopback port, for tests. `startSandbox` starts
 * the vendors of this package, `startServer` starts others. Needs the optional peers `ajv` and
 * `ajv-formats`.
 */
import type { SandboxVendor } from "./mount.ts";
import { startServer, type SandboxServer } from "./server.ts";
import type { ApinizerFaultName } from "./vendors/apinizer-faults.ts";
import {
  createApinizer,
  type ApinizerSandboxOptions,
  type ApinizerSandboxSettings,
} from "./vendors/apinizer.ts";
import type { GenLogsFaultName } from "./vendors/genlogs-faults.ts";
import {
  createGenLogs,
  type GenLogsSandboxOptions,
  type GenLogsSandboxSettings,
} from "./vendors/genlogs.ts";
import type { PetjeafFaultName } from "./vendors/petjeaf-faults.ts";
import {
  createPetjeaf,
  type PetjeafSandboxOptions,
  type PetjeafSandboxSettings,
} from "./vendors/petjeaf.ts";

/** A running sandbox of the three vendors. */
export interface Sandbox extends Omit<SandboxServer<unknown>, "vendors"> {
  readonly genlogs: SandboxVendor<GenLogsSandboxOptions, GenLogsSandboxSettings, GenLogsFaultName>;
  readonly apinizer: SandboxVendor<
    ApinizerSandboxOptions,
    ApinizerSandboxSettings,
    ApinizerFaultName
  >;
  readonly petjeaf: SandboxVendor<PetjeafSandboxOptions, PetjeafSandboxSettings, PetjeafFaultName>;
}

/**
 * Starts the three vendors of this package.
 * @throws ConfigurationError if `ajv` or `ajv-formats`, optional peers, are not installed
 * @example
 * const sandbox = await startSandbox();
 * const client = createApinizerClient({ ...sandbox.apinizer.options, now: sandbox.now });
 * sandbox.apinizer.revokeAccessTokens();
 * await client.GET("/projects/"); // A 401, a renewal, and a 200.
 * await sandbox.close();
 */
export async function startSandbox(): Promise<Sandbox> {
  const { vendors, ...server } = await startServer({
    genlogs: createGenLogs,
    apinizer: createApinizer,
    petjeaf: createPetjeaf,
  });
  return { ...server, ...vendors };
}

export {
  startServer,
  type SandboxServer,
  type VendorHandles,
  type VendorMakers,
} from "./server.ts";
export type { Fault, NamedFault } from "./fault.ts";
export type { SandboxVendor } from "./mount.ts";
export type { SandboxClock } from "./clock.ts";
export {
  createTokenBook,
  type Holder,
  type Issued,
  type LogEntry,
  type MintAccessToken,
  type Rotation,
  type TokenBook,
} from "./token-book.ts";
export type { Call, Reply, Vendor } from "./vendor.ts";
export {
  createContract,
  type Contract,
  type ContractRequest,
  type Match,
  type OpenApiDocument,
  type Operation,
  type Violation,
} from "./contract.ts";
export type { ApinizerSandboxOptions, ApinizerSandboxSettings } from "./vendors/apinizer.ts";
export type { GenLogsSandboxOptions, GenLogsSandboxSettings } from "./vendors/genlogs.ts";
export type { PetjeafSandboxOptions, PetjeafSandboxSettings } from "./vendors/petjeaf.ts";
export type { GenLogsFaultName } from "./vendors/genlogs-faults.ts";
export type { ApinizerFaultName } from "./vendors/apinizer-faults.ts";
export type { PetjeafFaultName } from "./vendors/petjeaf-faults.ts";
export type { Responses } from "./vendors/common.ts";
