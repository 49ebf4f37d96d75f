// Every entry of the built package, by import and by require(): a class is the same class whichever
// entry it comes from, so that `instanceof` and `isCorrigendaError` hold across entries.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { ConfigurationError, CorrigendaError, isCorrigendaError } from "corrigenda";

const require = createRequire(import.meta.url);
const entries = Object.keys(require("corrigenda/package.json").exports)
  .filter((name) => !/\*|\.json$/.test(name))
  .map((name) => name.replace(/^\./, "corrigenda"));
assert.ok(entries.length >= 8, "the package has its entries");

const modules = await Promise.all(entries.map((entry) => import(entry)));
const home = new Map();
for (const [index, module] of modules.entries()) {
  const entry = entries[index];
  assert.ok(Object.keys(module).length > 0, `${entry} exports something`);
  const required = require(entry);
  for (const [name, value] of Object.entries(module)) {
    assert.equal(required[name], value, `${entry}: require() gives the same ${name} as import`);
    assert.equal(home.get(name) ?? value, value, `${name} is the same in every entry`);
    home.set(name, value);
  }
}

const { createApinizerClient } = await import("corrigenda/apinizer");
const { createGenLogsClient } = require("corrigenda/genlogs");
const { createPetjeafClient } = await import("corrigenda/petjeaf");
const { createFileStore } = require("corrigenda/stores");
const { requireText } = await import("corrigenda/kit");
for (const cause of [
  () => createApinizerClient({}),
  () => createGenLogsClient({}),
  () => createPetjeafClient({}),
  () => createFileStore({ path: 1 }),
  () => requireText(undefined, "apiKey"),
])
  assert.throws(cause, (error) => {
    assert.ok(error instanceof ConfigurationError && error instanceof CorrigendaError);
    assert.ok(error instanceof require("corrigenda").ConfigurationError);
    return isCorrigendaError(error) && require("corrigenda").isCorrigendaError(error);
  });
console.log(`${entries.length} entries work together`);
