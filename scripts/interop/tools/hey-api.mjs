/** hey-api: generates a client of each document, and calls every function of it. */
import { join } from "node:path";
import { createClient } from "@hey-api/openapi-ts";
import { readJobs } from "./protocol.mjs";

const { jobs, folder } = await readJobs();
for (const job of jobs) {
  const path = join(folder, "hey-api", job.name);
  await createClient({
    input: job.file,
    output: { path, clean: false },
    plugins: ["@hey-api/client-fetch", "@hey-api/sdk", "@hey-api/typescript"],
    logs: { level: "silent" },
  });
  const sdk = await import(join(path, "sdk.gen.ts"));
  const { client } = await import(join(path, "client.gen.ts"));
  // The client takes a server's URL as it stands, so a variable in it is for the user to fill in.
  if (client.getConfig().baseUrl?.includes("{") ?? true) client.setConfig({ baseUrl: job.server });
  const credentials = Object.values(job.credentials);
  const auth = ({ name = "Authorization" }) =>
    credentials.find(({ header }) => header.toLowerCase() === name.toLowerCase())?.value;
  for (const { id, query, bodies } of job.operations) {
    for (const body of bodies.length > 0 ? bodies : [undefined])
      await sdk[id]({
        auth,
        ...(Object.keys(query).length > 0 ? { query } : {}),
        ...(body ? { body: body.value } : {}),
      });
  }
}
