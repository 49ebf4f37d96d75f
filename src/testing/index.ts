/**
 * Tests of a provider, of a store or of a vendor. Works with any test runner. Contracts need the
 * optional peers `ajv` and `ajv-formats`.
 */
export type { ContractCase, Outcome, OutcomeError } from "./case.ts";
export { complaints, judge, type Verdict } from "./judge.ts";
export { compare, type Comparison } from "./compare.ts";
export { drive, type AnyProvider, type Target } from "./drive.ts";
export { storeContract, type StoreCheck, type StoreContractOptions } from "./store.ts";
export { storeHolding } from "./store-holding.ts";
export { runCase } from "./run-case.ts";
export {
  createContract,
  type Contract,
  type ContractRequest,
  type Match,
  type OpenApiDocument,
  type Operation,
  type Violation,
} from "../sandbox/contract.ts";
