/**
 * The three vendors, faked faithfully, over real HTTP on a free loopback port: for this project's
 * tests and for yours. Needs the optional peers `ajv` and `ajv-formats`.
 */
import { startServer, type SandboxServer, type SandboxVendor } from "./server.ts";
import {
  createApinizer,
  type ApinizerSandboxOptions,
  type ApinizerSandboxSettings,
} from "./vendors/apinizer.ts";
import {
  createGenLogs,
  type GenLogsSandboxOptions,
  type GenLogsSandboxSettings,
} from "./vendors/genlogs.ts";
import {
  createPetjeaf,
  type PetjeafSandboxOptions,
  type PetjeafSandboxSettings,
} from "./vendors/petjeaf.ts";

export interface Sandbox extends Omit<SandboxServer<unknown>, "vendors"> {
  readonly genlogs: SandboxVendor<GenLogsSandboxOptions, GenLogsSandboxSettings>;
  readonly apinizer: SandboxVendor<ApinizerSandboxOptions, ApinizerSandboxSettings>;
  readonly petjeaf: SandboxVendor<PetjeafSandboxOptions, PetjeafSandboxSettings>;
}

/** @throws ConfigurationError if `ajv` or `ajv-formats` is not installed */
export async function startSandbox(): Promise<Sandbox> {
  const { vendors, ...server } = await startServer({
    genlogs: createGenLogs,
    apinizer: createApinizer,
    petjeaf: createPetjeaf,
  });
  return { ...server, ...vendors };
}

export { startServer, type Fault, type SandboxServer, type SandboxVendor } from "./server.ts";
export type { SandboxClock } from "./clock.ts";
export {
  createTokenBook,
  type Holder,
  type Issued,
  type LogEntry,
  type Rotation,
  type TokenBook,
} from "./token-book.ts";
export type { Call, Reply, Vendor } from "./vendor.ts";
export {
  createContract,
  type Contract,
  type ContractRequest,
  type OpenApiDocument,
  type Operation,
  type Violation,
} from "./contract.ts";
export type { ApinizerSandboxOptions, ApinizerSandboxSettings } from "./vendors/apinizer.ts";
export type { GenLogsSandboxOptions, GenLogsSandboxSettings } from "./vendors/genlogs.ts";
export type { PetjeafSandboxOptions, PetjeafSandboxSettings } from "./vendors/petjeaf.ts";
