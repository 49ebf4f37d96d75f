/**
 * What people need to test a provider, or a vendor, against contract cases. Tied to no test runner.
 * Needs `ajv` and `ajv-formats`.
 */
export type { ContractCase, Outcome, OutcomeError } from "./case.ts";
export { complaints, judge, type Verdict } from "./judge.ts";
export { compare, drive, type Target } from "./drive.ts";
export { storeContract, type StoreCheck, type StoreContractOptions } from "./store.ts";
export { storeHolding } from "./store-holding.ts";
export { runCase } from "./run-case.ts";
export {
  createContract,
  type Contract,
  type ContractRequest,
  type OpenApiDocument,
  type Operation,
  type Violation,
} from "../sandbox/contract.ts";
