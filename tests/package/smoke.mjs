// The built package, as ESM in plain Node: every provider, form bodies included, which jest's realm
// treats differently.
import { createApinizerClient, createGenLogsClient, createPetjeafClient } from "corrigenda";
import { startSandbox } from "corrigenda/sandbox";

const sandbox = await startSandbox();
const petjeaf = createPetjeafClient(sandbox.petjeaf.options);
const { url, state } = petjeaf.authorizationUrl({ scope: "profile.read" });
const callback = (await fetch(url, { redirect: "manual" })).headers.get("location");
const session = await petjeaf.exchange(callback, { state });
const { clientId, clientSecret } = sandbox.petjeaf.options;
const { refreshToken } = await session.auth.getToken();
const answers = [
  await createGenLogsClient(sandbox.genlogs.options).GET("/carrier/recommendations"),
  await createApinizerClient(sandbox.apinizer.options).GET("/projects/"),
  await session.GET("/users/me"),
  await session.POST("/oauth2/tokens", {
    body: {
      grant_type: "refresh_token",
      client_id: clientId,
      client_secret: clientSecret,
      refresh_token: refreshToken,
    },
  }),
];
await sandbox.close();
const statuses = answers.map(({ response }) => response.status);
if (statuses.some((status) => status !== 200))
  throw new Error(`the ESM smoke test failed: ${statuses}`);
console.log("import works");
