/** Postman: imports each document as a collection, and runs the collection with newman. */
import { promisify } from "node:util";
import converter from "openapi-to-postmanv2";
import newman from "newman";
import { readJobs, say } from "./protocol.mjs";

const convert = promisify(converter.convertV2.bind(converter));
const run = promisify(newman.run.bind(newman));

const { jobs } = await readJobs();
for (const job of jobs) {
  const { result, reason, output } = await convert(
    { type: "json", data: job.document },
    { parametersResolution: "Example" },
  );
  if (!result) throw new Error(`${job.name}: ${reason}`);
  const collection = output[0].data;
  for (const item of itemsOf(collection.item)) fillIn(job, item);
  signIn(job, collection);
  const envVar = Object.values(job.credentials).flatMap(({ header, value }) =>
    header.toLowerCase() === "authorization"
      ? [{ key: "bearerToken", value }]
      : header.toLowerCase() === "x-api-key"
        ? [{ key: "apiKey", value }]
        : [],
  );
  await run({ collection, envVar, reporters: [] });
}

function* itemsOf(items) {
  for (const item of items) {
    if (item.item) yield* itemsOf(item.item);
    else yield item;
  }
}

/** What a user does after the import, before the request can be sent. */
function fillIn(job, item) {
  const path = `/${item.request.url.path.join("/")}`;
  const operation = job.operations.find(
    (one) => one.method === item.request.method && one.path === path,
  );
  if (!operation) throw new Error(`${job.name}: ${item.request.method} ${path} is no operation`);
  signIn(job, item.request);
  for (const parameter of item.request.url.query) {
    const encoded = encodeURIComponent(parameter.value);
    // Postman encodes a space by itself.
    if (encoded.replaceAll("%20", " ") === parameter.value) continue;
    parameter.value = encoded;
    say({
      document: job.name,
      operation: operation.id,
      note: "Postman sends reserved characters in a query as they are: a user chooses Encode URI Component.",
    });
  }
  // A request of Postman has one authorization.
  for (const name of operation.security.slice(1)) {
    const { header, prefix, value } = job.credentials[name];
    item.request.header.push({ key: header, value: prefix + value });
    say({
      document: job.name,
      operation: operation.id,
      note: `Postman has one authorization for each request: a user adds the header ${header}.`,
    });
  }
}

/** The token that the button "Get New Access Token" would fetch. */
function signIn({ credentials }, { auth }) {
  if (auth?.type !== "oauth2") return;
  auth.oauth2.push(
    { key: "accessToken", value: Object.values(credentials)[0].value },
    { key: "addTokenTo", value: "header" },
  );
}
