/** Prism: serves each document as a mock and as a proxy until the standard input ends. */
import { URL } from "node:url";
import { createLogger } from "@stoplight/prism-core";
import { getHttpOperationsFromSpec } from "@stoplight/prism-http";
import { createServer } from "@stoplight/prism-http-server";
import { readJobs } from "./protocol.mjs";

const { jobs } = await readJobs();
const addresses = {};
for (const { name, file, server } of jobs) {
  const operations = await getHttpOperationsFromSpec(file);
  const shared = {
    checkSecurity: true,
    validateRequest: true,
    validateResponse: true,
    errors: true,
    mock: { dynamic: false },
  };
  const configs = {
    mock: { ...shared, isProxy: false },
    proxy: { ...shared, isProxy: true, upstream: new URL(server) },
  };
  addresses[name] = {};
  for (const [role, config] of Object.entries(configs)) {
    const logger = createLogger("prism", { level: "silent" });
    const prism = createServer(operations, { cors: false, config, components: { logger } });
    addresses[name][role] = await prism.listen(0, "127.0.0.1");
  }
}
process.stdout.write(`${JSON.stringify(addresses)}\n`);
process.stdin.resume().once("end", () => process.exit());
