import {
  createMemoryStore,
  createPetjeafClient,
  type PetjeafSession,
  type TokenStore,
} from "corrigenda";

const store: TokenStore = createMemoryStore();
const petjeaf = createPetjeafClient({
  clientId: "client",
  clientSecret: () => "not-a-real-secret",
  store,
});
export const { url, state } = petjeaf.authorizationUrl({
  scope: ["profile.read", "memberships.read"],
  redirectUri: "https://app.example/callback",
});

export async function welcome(callback: string): Promise<string> {
  const session: PetjeafSession = await petjeaf.exchange(callback, {
    state,
    redirectUri: "https://app.example/callback",
  });
  const { name = session.key } = await session.auth.claims();
  const { data } = await petjeaf
    .session(session.key)
    .GET("/memberships", { params: { query: { limit: 250 } } });
  const first: string | undefined = data?._embedded.memberships[0]?.plan;
  await session.auth.revoke();
  return `${name} ${first ?? ""} ${data?._links?.next?.href ?? ""}`;
}
