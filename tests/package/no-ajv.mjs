// Without its optional peers the sandbox says what to install, and the clients work.
import { ConfigurationError, createGenLogsClient } from "corrigenda";
import { startSandbox } from "corrigenda/sandbox";

createGenLogsClient({ apiKey: "k", email: "e", password: "p" });
const error = await startSandbox().catch((e) => e);
if (
  !(error instanceof ConfigurationError) ||
  !error.message.includes("npm install --save-dev ajv ajv-formats")
)
  throw error;
console.log("without Ajv: says what to install");
