/** A vendor on loopback that judges every request that arrives, and answers with an example. */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { createContract, type Contract, type OpenApiDocument } from "../../src/testing/index.ts";
import { resolve } from "../contracts/schema.ts";
import { metaOf } from "../generate/meta.ts";
import type { JobOperation } from "./jobs.ts";

/** A request that arrived. */
export interface Received {
  /** Undefined: the URL is not one of the document's. */
  readonly operation: string | undefined;
  readonly problems: readonly string[];
}

export interface Recorder {
  readonly origin: string;
  readonly received: readonly Received[];
  /** The contract by which requests and answers are judged. */
  readonly contract: Contract;
  /** Has to be called before the first request. */
  expect(document: OpenApiDocument, operations: readonly JobOperation[]): Promise<void>;
  close(): Promise<void>;
}

interface Vendor {
  readonly judge: (message: IncomingMessage, body: string) => Received;
  readonly answer: (operation: string | undefined) => Answer;
}

export async function createRecorder(): Promise<Recorder> {
  const received: Received[] = [];
  let contract: Contract | undefined;
  let vendor: Vendor = {
    judge: () => ({ operation: undefined, problems: ["arrived too early"] }),
    answer: () => ({ status: 404, body: "" }),
  };
  const server = createServer((message, response) => {
    const chunks: Buffer[] = [];
    message.on("data", (chunk: Buffer) => chunks.push(chunk));
    message.on("end", () => {
      const one = vendor.judge(message, Buffer.concat(chunks).toString());
      received.push(one);
      const { status, mediaType, body } = vendor.answer(one.operation);
      response.writeHead(status, mediaType === undefined ? {} : { "content-type": mediaType });
      response.end(body);
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    received,
    get contract() {
      if (!contract) throw new Error("The recorder has no document yet.");
      return contract;
    },
    async expect(document, operations) {
      const made = await createContract(document);
      contract = made;
      vendor = {
        judge: ({ method = "", url = "", headers }, body) =>
          judgeRequest(made, document, {
            method,
            url: origin + url,
            headers: new Headers(headers as Record<string, string>),
            body,
          }),
        answer: (id) =>
          answerOf(
            document,
            operations.find((one) => one.id === id),
          ),
      };
    },
    close: () =>
      new Promise<void>((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

interface Sent {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: string;
}

function judgeRequest(
  contract: Contract,
  document: OpenApiDocument,
  { method, url, headers, body }: Sent,
): Received {
  const place = contract.locate(method, url);
  if (!place)
    return { operation: undefined, problems: [`${method} ${url} is not in the document`] };
  const { operation, path, query } = place;
  const { violations, body: members } = contract.checkRequest(operation, {
    path,
    query,
    headers,
    body: body === "" ? undefined : body,
  });
  const twice = [...new URLSearchParams(query).keys()].filter(
    (name) => typeof members === "object" && members !== null && name in members,
  );
  const { schemes } = metaOf(document, [], "a spec");
  const needed = operation.security.map((name) => schemes[name]?.header.toLowerCase());
  const stray = Object.values(schemes)
    .map(({ header }) => header.toLowerCase())
    .filter((header) => headers.has(header) && !needed.includes(header));
  return {
    operation: operation.id,
    problems: [
      ...violations.map(({ in: where, at, message }) => `${where} ${at} ${message}`),
      // An operation may allow both, and a credential in a URL is in the logs all the same.
      ...twice.map((name) => `${name} is in the URL and in the body`),
      ...[...new Set(stray)].map((header) => `the header ${header}, which it does not take`),
    ],
  };
}

interface Answer {
  readonly status: number;
  readonly mediaType?: string;
  readonly body: string;
}

/** The example of the first success that the document names. */
function answerOf(document: OpenApiDocument, operation: JobOperation | undefined): Answer {
  if (!operation) return { status: 404, mediaType: "application/json", body: "{}" };
  const { responses } = (
    document["paths"] as Record<string, Record<string, { responses: Record<string, Response> }>>
  )[operation.path]![operation.method.toLowerCase()]!;
  const [key = "200", response] =
    Object.entries(responses).find(([one]) => one.startsWith("2")) ?? [];
  const status = Number(key.replace("XX", "00"));
  const [mediaType, content] = Object.entries(resolve(document, response)?.content ?? {})[0] ?? [];
  if (mediaType === undefined) return { status, body: "" };
  const body = mediaType.startsWith("text/")
    ? String(content?.example)
    : JSON.stringify(content?.example);
  return { status, mediaType, body };
}
interface Response {
  readonly content?: Readonly<Record<string, { readonly example?: unknown }>>;
}
