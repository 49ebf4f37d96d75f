/** The embedded sandbox as the token server of the harnesses. */
import { createPetjeafClient } from "../../src/index.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { TokenServer } from "./controller.ts";

/** ms; longer than the lifetime of a token. */
const HOUR = 3_600_000;

export async function startSandboxServer(): Promise<TokenServer> {
  const sandbox = await startSandbox();
  const { petjeaf } = sandbox;
  let offset = 0;
  return {
    client: petjeaf.options,
    log: petjeaf.log,
    canGrace: true,
    setGrace: (seconds) => {
      petjeaf.rotation.grace = seconds;
    },
    delay: (ms, when) => petjeaf.fail({ operation: "createToken", delay: ms, delayed: when }),
    async consent(store, key) {
      const client = createPetjeafClient({ ...petjeaf.options, store, now: sandbox.now });
      const { url, state } = client.authorizationUrl({ scope: "profile.read" });
      await client.exchange(
        (await fetch(url, { redirect: "manual" })).headers.get("location") ?? "",
        { state, key },
      );
      await client.close();
    },
    requests: () => petjeaf.count("createToken"),
    get offset() {
      return offset;
    },
    expire() {
      offset += HOUR;
      sandbox.advance(HOUR);
    },
    close: sandbox.close,
  };
}
