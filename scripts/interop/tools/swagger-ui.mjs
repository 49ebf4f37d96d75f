/**
 * Swagger UI itself, in jsdom: every operation is opened, "Execute" is pressed, once for each
 * example of the body.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { setTimeout as rest } from "node:timers/promises";
import { JSDOM, VirtualConsole } from "jsdom";
import { readJobs } from "./protocol.mjs";

/** ms between two looks at the page, and until the harness gives up. */
const [STEP, PATIENCE] = [20, 60_000];

const bundle = readFileSync(
  createRequire(import.meta.url).resolve("swagger-ui-dist/swagger-ui-bundle.js"),
  "utf8",
);
const { jobs } = await readJobs();
for (const job of jobs) await show(job);
process.exit(); // Timers of the page keep the process alive.

async function show({ document, operations, credentials }) {
  const { window } = new JSDOM(`<!doctype html><div id="ui"></div>`, {
    url: "http://127.0.0.1/",
    runScripts: "outside-only",
    pretendToBeVisual: true,
    virtualConsole: new VirtualConsole(),
  });
  window.matchMedia = () => ({ matches: false, addListener() {}, addEventListener() {} });
  for (const name of ["fetch", "Headers", "Request", "Response", "TextEncoder", "TextDecoder"])
    window[name] = globalThis[name];
  for (const name of ["AbortController", "AbortSignal", "structuredClone"])
    window[name] = globalThis[name];
  window.eval(bundle);
  const answered = [];
  const ui = window.SwaggerUIBundle({
    domNode: window.document.getElementById("ui"),
    spec: document,
    docExpansion: "full",
    tryItOutEnabled: true,
    responseInterceptor: (response) => answered.push(response) && response,
  });
  const blocks = () => [...window.document.querySelectorAll(".opblock")];
  await until(
    () => blocks().filter((one) => one.querySelector(".execute")).length === operations.length,
  );
  authorize(window, ui, document, credentials);
  for (const block of blocks()) {
    const select = block.querySelector(".examples-select-element");
    const choices = select ? [...select.options].map(({ value }) => value) : [undefined];
    for (const choice of choices) {
      if (choice !== undefined) choose(window, select, choice);
      await rest(STEP * 10); // The page takes over the choice.
      const before = answered.length;
      block.querySelector(".execute").click();
      await until(() => answered.length > before);
    }
  }
  window.close();
}

/** What the dialog "Authorize" does. */
function authorize(window, ui, document, credentials) {
  for (const [name, { value }] of Object.entries(credentials)) {
    const schema = document.components.securitySchemes[name];
    if (schema.type === "oauth2")
      ui.authActions.authorizeOauth2(
        // Objects that the page did not make itself are not plain objects to it.
        window.JSON.parse(
          JSON.stringify({
            auth: { name, schema },
            token: { access_token: value, token_type: "Bearer" },
          }),
        ),
      );
    else ui.preauthorizeApiKey(name, value);
  }
}

/** React listens to the event, and reads the value that the element's own setter sets. */
function choose(window, select, value) {
  const { set } = Object.getOwnPropertyDescriptor(window.HTMLSelectElement.prototype, "value");
  set.call(select, value);
  select.dispatchEvent(new window.Event("change", { bubbles: true }));
}

async function until(holds) {
  for (let waited = 0; !holds(); waited += STEP) {
    if (waited > PATIENCE) throw new Error("Swagger UI does not show what was expected.");
    await rest(STEP);
  }
}
