// Every line below a directive must be a type error: a directive without one is an error itself.
import { createApinizerClient, createGenLogsClient, createPetjeafClient } from "corrigenda";

const genlogs = createGenLogsClient({ apiKey: "k", email: "e", password: "p" });
const apinizer = createApinizerClient({
  managerUrl: "https://m.example",
  username: "u",
  password: "p",
});
const session = createPetjeafClient({ clientId: "c", clientSecret: "s" }).session("key");

export async function wrong(): Promise<void> {
  // @ts-expect-error a wrong path
  await genlogs.GET("/carrier/recommendation");
  // @ts-expect-error a wrong path: the slash at the end is missing
  await apinizer.GET("/projects");
  // @ts-expect-error a wrong method
  await session.PUT("/memberships");
  // @ts-expect-error a wrong query parameter
  await genlogs.GET("/carrier/recommendations", { params: { query: { orign_city: "Nashville" } } });
  // @ts-expect-error a wrong body member
  await genlogs.POST("/auth/token", { body: { username: "u", password: "p" } });
  await session.POST("/oauth2/tokens", {
    // @ts-expect-error a wrong grant type
    body: { grant_type: "refresh token", client_id: "c", client_secret: "s", refresh_token: "r" },
  });
  await session.POST("/oauth2/tokens", {
    // @ts-expect-error a body member of the other grant
    body: { grant_type: "refresh_token", client_id: "c", client_secret: "s", code: "c" },
  });
  // @ts-expect-error a misread response member
  (await genlogs.GET("/carrier/recommendations")).data?.recommendations[0]?.dotNumber;
  // @ts-expect-error a misread response member: an array
  (await apinizer.GET("/projects/")).data?.resultList?.name;
  // @ts-expect-error a response member that may be absent
  (await session.GET("/users/me")).data.email.length;
  // @ts-expect-error a misspelt option
  createGenLogsClient({ apikey: "k", email: "e", password: "p" });
  // @ts-expect-error a token and a password at once
  createApinizerClient({
    managerUrl: "https://m.example",
    username: "u",
    password: "p",
    token: "t",
  });
}
