/** What a tool is given: a document whose server is on loopback, and what its examples say. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OpenApiDocument } from "../../src/testing/index.ts";
import { load } from "../contracts/load.ts";
import { resolve } from "../contracts/schema.ts";
import { metaOf } from "../generate/meta.ts";
import { createRecorder, type Recorder } from "./recorder.ts";

/** A document for a tool. Plain data: tools run in processes of their own. */
export interface Job {
  /** Name of the spec, or of the overlay that was applied to it. */
  readonly name: string;
  /** The document as a JSON file. */
  readonly file: string;
  readonly document: OpenApiDocument;
  /** The server's URL, which requests go to. */
  readonly server: string;
  readonly operations: readonly JobOperation[];
  /** Example credentials by the name of the security scheme. */
  readonly credentials: Readonly<Record<string, Credential>>;
}

export interface Credential {
  readonly header: string;
  /** What stands before the value in the header, such as `Bearer `. */
  readonly prefix: string;
  readonly value: string;
}

export interface JobOperation {
  readonly id: string;
  /** In upper case. */
  readonly method: string;
  readonly path: string;
  /** Examples of the query parameters. */
  readonly query: Readonly<Record<string, unknown>>;
  /** Examples of the body. Empty: the operation takes none. */
  readonly bodies: readonly Body[];
  /** Names of the security schemes that the operation needs. */
  readonly security: readonly string[];
}

export interface Body {
  readonly mediaType: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** The jobs of one tool, with the servers that its requests arrive at. */
export interface Jobs {
  readonly jobs: readonly Job[];
  readonly recorders: ReadonlyMap<string, Recorder>;
  /** A folder for what the tool writes. */
  readonly folder: string;
  close(): Promise<void>;
}

/** Every spec, and every form of one that changes an operation. */
export async function startJobs(): Promise<Jobs> {
  const folder = mkdtempSync(join(tmpdir(), "corrigenda-interop-"));
  const recorders = new Map<string, Recorder>();
  const jobs: Job[] = [];
  // What tools generate are modules of TypeScript.
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  for (const { provider, document, forms } of load()) {
    const changed = forms.filter(
      (form) => JSON.stringify(form.document["paths"]) !== JSON.stringify(document["paths"]),
    );
    for (const one of [{ name: "", document }, ...changed]) {
      const name = one.name === "" ? provider : `${provider}-${one.name}`;
      const recorder = await createRecorder();
      const moved = onLoopback(one.document, recorder.origin);
      const operations = operationsOf(moved);
      await recorder.expect(moved, operations);
      recorders.set(name, recorder);
      const file = join(folder, `${name}.json`);
      writeFileSync(file, JSON.stringify(moved));
      const { schemes } = metaOf(moved, [], name);
      const credentials = Object.fromEntries(
        Object.entries(schemes).map(([scheme, { header, prefix = "" }]) => [
          scheme,
          { header, prefix, value: `example-${scheme}` },
        ]),
      );
      jobs.push({ name, file, document: moved, server: serverOf(moved), operations, credentials });
    }
  }
  return {
    jobs,
    recorders,
    folder,
    async close() {
      for (const recorder of recorders.values()) await recorder.close();
      rmSync(folder, { recursive: true });
    },
  };
}

interface Server {
  url: string;
  variables?: Record<string, { default: string }>;
}

/** The document on another origin: in the server's URL, or in the variable that stands for it. */
function onLoopback(document: OpenApiDocument, origin: string): OpenApiDocument {
  const copy = structuredClone(document) as { servers: Server[] };
  for (const server of copy.servers) {
    const [variable] = Object.values(server.variables ?? {});
    if (variable && server.url.startsWith("{")) variable.default = origin;
    else server.url = origin + new URL(server.url).pathname.replace(/\/$/, "");
  }
  return copy;
}

function serverOf(document: OpenApiDocument): string {
  const [{ url, variables = {} }] = document["servers"] as [Server];
  return url.replace(/\{(\w+)\}/g, (_, name: string) => variables[name]?.default ?? "");
}

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { name: string; in: string; example?: unknown }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, MediaType>> };
}
interface MediaType {
  readonly example?: Body["value"];
  readonly examples?: Readonly<Record<string, { readonly value: Body["value"] }>>;
}

function operationsOf(document: OpenApiDocument): JobOperation[] {
  const { operations } = metaOf(document, [], "a spec");
  return Object.entries(operations).map(([name, { id, security }]) => {
    const [method = "", path = ""] = name.split(" ");
    const { parameters = [], requestBody } = (
      document["paths"] as Record<string, Record<string, Operation>>
    )[path]![method.toLowerCase()]!;
    const query = parameters
      .map((one) => resolve(document, one))
      .filter((one) => one.in === "query");
    return {
      id,
      method,
      path,
      security,
      query: Object.fromEntries(query.map((one) => [one.name, one.example])),
      bodies: Object.entries(requestBody?.content ?? {}).flatMap(([mediaType, content]) =>
        (content.examples
          ? Object.values(content.examples).map(({ value }) => value)
          : [content.example ?? {}]
        ).map((value) => ({ mediaType, value })),
      ),
    };
  });
}
