// Every entry type-checks by itself, and types of one entry fit those of another.
import { createPetjeafClient as fromMain, type TokenStore as TokenStoreOfMain } from "corrigenda";
import { apinizer, createApinizerClient, type ApinizerClient } from "corrigenda/apinizer";
import { createGenLogsClient, type GenLogsOptions } from "corrigenda/genlogs";
import { createClient, requireText, type Provider } from "corrigenda/kit";
import { createPetjeafClient, type PetjeafClient } from "corrigenda/petjeaf";
import { startSandbox, type Sandbox } from "corrigenda/sandbox";
import { createEncryption, createMemoryStore, type TokenStore } from "corrigenda/stores";
import { storeContract, type StoreCheck } from "corrigenda/testing";

export const store: TokenStoreOfMain & TokenStore = createMemoryStore();
const options: GenLogsOptions = { apiKey: "k", email: "e@example.com", password: "not-real" };
const manager = {
  managerUrl: "https://manager.example",
  username: requireText("user", "username"),
  password: "not-a-real-password",
};
export const provider: Provider<object, never> = apinizer;
export const clients = [createGenLogsClient({ ...options, store })];
export const managers: ApinizerClient[] = [
  createApinizerClient(manager),
  createClient(apinizer, manager),
];
export const people: PetjeafClient[] = [createPetjeafClient, fromMain].map((create) =>
  create({ clientId: "c", clientSecret: "not-real", store }),
);
export const sandbox: () => Promise<Sandbox> = startSandbox;
export const checks: readonly StoreCheck[] = storeContract(() => store);
export const encryption = createEncryption;
