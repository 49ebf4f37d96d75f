/** orval: generates a client with fetch of each document, and calls every function of it. */
import { join } from "node:path";
import { URL, fileURLToPath } from "node:url";
import { generate } from "orval";
import { headersOf, readJobs, say } from "./protocol.mjs";

const { jobs, folder } = await readJobs();
for (const job of jobs) {
  const unions = job.operations.filter((operation) => takesUnion(job.document, operation));
  const target = join(folder, "orval", `${job.name}.ts`);
  await generate({
    input: { target: job.file },
    output: {
      target,
      mode: "single",
      client: "fetch",
      baseUrl: job.server,
      ...(unions.length > 0
        ? {
            override: {
              formUrlEncoded: {
                path: fileURLToPath(new URL("orval-form.ts", import.meta.url)),
                name: "encodeForm",
              },
            },
          }
        : {}),
    },
  });
  for (const { id } of unions)
    say({
      document: job.name,
      operation: id,
      note: "orval writes the members of all branches into a form that is a union, unless `override.formUrlEncoded` names a function.",
    });
  const client = await import(target);
  for (const operation of job.operations) {
    const { id, query, bodies } = operation;
    for (const body of bodies.length > 0 ? bodies : [undefined]) {
      const args = [
        ...(body ? [body.value] : []),
        ...(Object.keys(query).length > 0 ? [query] : []),
        { headers: headersOf(job, operation) },
      ];
      await client[id](...args).catch((error) => {
        // A text that is not JSON: the request was sent all the same.
        if (!(error instanceof SyntaxError)) throw error;
        say({
          document: job.name,
          operation: id,
          note: "The functions of orval parse every answer as JSON, and throw at a text.",
        });
      });
    }
  }
}

/** Whether the body of an operation is a form that is a union. */
function takesUnion({ paths, components }, { path, method }) {
  const content = paths[path][method.toLowerCase()].requestBody?.content ?? {};
  const { schema } = content["application/x-www-form-urlencoded"] ?? {};
  const { oneOf } = components.schemas[schema?.$ref?.split("/").at(-1)] ?? schema ?? {};
  return oneOf?.length > 1;
}
