/**
 * Answers with a success status that are no success: the body is empty, or says that the call
 * failed.
 */
import {
  createApinizerClient,
  createClient,
  createGenLogsClient,
  apinizer,
  type ApinizerClient,
} from "../src/index.ts";
import { failure } from "./support/clients.ts";
import { leaks } from "./support/secrets.ts";

const answering = (body: unknown, status = 200): ApinizerClient =>
  createApinizerClient({
    managerUrl: "https://m.example",
    token: "canary-token",
    fetch: async () =>
      body === undefined ? new Response("", { status }) : Response.json(body, { status }),
  });

describe("a success that says it failed is an error", () => {
  test.each([
    [
      "AP-21 status FAILURE",
      { status: "FAILURE", resultMessage: "Project not found" },
      {
        vendorCode: "FAILURE",
        message:
          "apinizer: listProjects at m.example: The call was refused (200, FAILURE: Project not found).",
      },
    ],
    [
      "AP-21 success false",
      { success: false, resultMessage: "Permission missing" },
      {
        message:
          "apinizer: listProjects at m.example: The call was refused (200, Permission missing).",
      },
    ],
    ["AP-21 status FAILURE and no message", { status: "FAILURE" }, { vendorCode: "FAILURE" }],
  ])("%s", async (_, body, details) => {
    const client = answering(body);
    const result = await client.GET("/projects/");
    expect(result.data).toBeUndefined();
    expect(result.error).toEqual(body);
    expect(client.toError(result)).toMatchObject({
      name: "RejectedError",
      kind: "rejected",
      status: 200,
      retryable: false,
      ...details,
    });
  });

  test.each([
    [{ status: "SUCCESS" }],
    [{ success: true }],
    [{}],
    [{ status: "FAILURE " }],
    [{ success: null }],
    [[{ status: "FAILURE" }]],
    ["FAILURE"],
  ])("%j is none", async (body) => {
    const { data, error } = await answering(body).GET("/projects/");
    expect(data).toEqual(body);
    expect(error).toBeUndefined();
  });

  test("S-03 its words are the vendor's, without secrets", async () => {
    const client = answering({ status: "FAILURE", resultMessage: "canary-token is not enough" });
    const error = client.toError(await client.GET("/projects/"));
    expect(error.message).toContain("is not enough");
    expect(leaks(error, ["canary-token"])).toEqual([]);
  });

  test("a token answer as well: the vendor's words, and no breach of contract", async () => {
    const client = createApinizerClient({
      managerUrl: "https://m.example",
      username: "u",
      password: "p-p-p-p-p",
      fetch: async () =>
        Response.json({ status: "FAILURE", resultMessage: "The license has expired" }),
    });
    expect(await failure(client.auth.getToken())).toMatchObject({
      kind: "rejected",
      status: 200,
      vendorCode: "FAILURE",
      message: expect.stringContaining("The license has expired"),
    });
  });

  test("what a provider cannot bear is no failure, and a provider without the look has none", async () => {
    const options = {
      managerUrl: "https://m.example",
      token: "t",
      fetch: async () => Response.json({ status: "FAILURE" }),
    };
    for (const isFailure of [
      () => {
        throw new Error("canary");
      },
      undefined,
    ]) {
      const { isFailure: _, ...rest } = apinizer;
      const client = createClient({ ...rest, ...(isFailure ? { isFailure } : {}) }, options);
      expect((await client.GET("/projects/")).data).toEqual({ status: "FAILURE" });
    }
  });
});

describe("an answer of success that is empty", () => {
  test.each([200, 201, 204])("a %i is a breach of contract that says so", async (status) => {
    const client = createGenLogsClient({
      apiKey: "k",
      email: "e",
      password: "p",
      baseUrl: "https://g.example",
      fetch: async (url) =>
        typeof url === "string" && url.endsWith("/token")
          ? Response.json({ access_token_data: { token: "t", expires: "2100-01-01T00:00:00" } })
          : new Response(status === 204 ? null : "", { status }),
    });
    const { data, ...answer } = await client.GET("/carrier/recommendations");
    expect(data).toBeUndefined();
    expect(client.toError(answer)).toMatchObject({
      name: "ContractError",
      kind: "contract",
      pointer: "",
      status,
      retryable: false,
      message: `genlogs: getCarrierRecommendations at g.example: The answer is empty (${status}).`,
    });
  });

  test("a refusal that is empty is a refusal", async () => {
    const client = answering(undefined, 404);
    expect(client.toError(await client.GET("/projects/"))).toMatchObject({
      kind: "rejected",
      status: 404,
    });
  });

  test("one that is there is no error to be made", async () => {
    const client = answering({ status: "SUCCESS" });
    const result = await client.GET("/projects/");
    expect(() => client.toError(result)).toThrow(
      expect.objectContaining({ kind: "configuration", option: "result" }),
    );
  });
});
