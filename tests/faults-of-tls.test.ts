/**
 * TLS and connection errors that a second attempt cannot correct. The client distinguishes them
 * from passing errors, sends the request once, and says what to do.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createApinizerClient, createPetjeafClient } from "../src/index.ts";
import { failure, storeWith } from "./support/clients.ts";

/** As the platform throws it. */
function throwing(code: string): { readonly fetch: typeof fetch; readonly count: () => number } {
  let n = 0;
  return {
    count: () => n,
    fetch: async () => {
      n += 1;
      throw new TypeError("fetch failed", { cause: Object.assign(new Error("canary"), { code }) });
    },
  };
}
const account = { managerUrl: "https://m.example", username: "u", password: "p" };

describe("T-12 a fault of configuration is not retried, and says what to do", () => {
  test.each([
    ["ERR_SSL_WRONG_VERSION_NUMBER", true, "baseUrl"],
    ["ERR_SSL_PACKET_LENGTH_TOO_LONG", true, "baseUrl"],
    ["EPROTO", true, "TLS"],
    ["ERR_SSL_UNSUPPORTED_PROTOCOL", true, "TLS"],
    ["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", true, "`fetch`"],
    ["ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE", true, "`fetch`"],
    ["ERR_SSL_TLSV1_ALERT_UNKNOWN_CA", true, "`fetch`"],
    ["CERT_HAS_EXPIRED", false, "clock"],
    ["CERT_NOT_YET_VALID", false, "clock"],
    ["CERT_REVOKED", false, "NODE_EXTRA_CA_CERTS"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", false, "NODE_EXTRA_CA_CERTS"],
    ["SELF_SIGNED_CERT_IN_CHAIN", false, "NODE_EXTRA_CA_CERTS"],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", false, "NODE_EXTRA_CA_CERTS"],
    ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", false, "NODE_EXTRA_CA_CERTS"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", false, "baseUrl"],
    ["HOSTNAME_MISMATCH", false, "baseUrl"],
    ["ERR_INVALID_ARG_VALUE", true, "`fetch`"],
    ["ERR_INVALID_URL", true, "`fetch`"],
    ["UND_ERR_INVALID_ARG", true, "`fetch`"],
  ])("%s", async (code, maybeReceived, cure) => {
    const { fetch, count } = throwing(code);
    const client = createApinizerClient({ ...account, fetch });
    const [login, call] = [
      await failure(client.auth.getToken()),
      await failure(
        createApinizerClient({ managerUrl: "https://m.example", token: "t", fetch }).GET(
          "/projects/",
        ),
      ),
    ];
    for (const error of [login, call]) {
      expect(error).toMatchObject({ kind: "network", code, retryable: false, maybeReceived });
      expect(error.message).toContain(cure);
      expect(error.message).not.toContain("canary");
    }
    expect(count()).toBe(2);
  });

  test.each([
    ["ECONNRESET", 3],
    ["UND_ERR_SOCKET", 3],
    ["ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC", 3],
    ["ERR_SSL_UNEXPECTED_EOF_WHILE_READING", 3],
    ["ERR_INVALID_STATE", 3],
  ])("%s passes, and is tried again", async (code, times) => {
    const { fetch, count } = throwing(code);
    expect(
      await failure(createApinizerClient({ ...account, fetch }).auth.getToken()),
    ).toMatchObject({ kind: "network", code, retryable: true, maybeReceived: true });
    expect(count()).toBe(times);
  });

  test("T-13 a refresh token that the server may have seen is not sent again at once, where its TLS refused the client", async () => {
    const { fetch, count } = throwing("ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED");
    const session = createPetjeafClient({
      clientId: "c",
      clientSecret: "s",
      baseUrl: "https://petjeaf.example",
      fetch,
      store: storeWith("r"),
    }).session("me");
    expect(await failure(session.auth.getToken())).toMatchObject({
      kind: "network",
      retryable: false,
      maybeReceived: true,
    });
    expect((await session.auth.explain()).rotationInDoubt).toBe(true);
    expect(count()).toBe(1);
  });

  test("https:// to a port that speaks plain HTTP, over a real socket", async () => {
    let connections = 0;
    const fetch: typeof globalThis.fetch = (input, init) => {
      connections += 1;
      return globalThis.fetch(input, init);
    };
    const plain = createServer();
    await new Promise<void>((resolve) => plain.listen(0, "127.0.0.1", resolve));
    const { port } = plain.address() as AddressInfo;
    try {
      const error = await failure(
        createApinizerClient({
          ...account,
          managerUrl: `https://127.0.0.1:${port}`,
          fetch,
        }).auth.getToken(),
      );
      expect(error).toMatchObject({ kind: "network", retryable: false, maybeReceived: true });
      expect(error.code).toMatch(/^(ERR_SSL_|EPROTO)/);
      expect(connections).toBe(1);
    } finally {
      await new Promise((resolve) => plain.close(resolve));
    }
  });
});
