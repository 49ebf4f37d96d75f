/**
 * Writes the site of the documentation to site/: the guides, the errata, and an API reference for
 * each spec.
 *
 *   npm run docs
 */
import { readOptions } from "./cli.ts";
import { buildSite } from "./site/build.ts";

readOptions("docs", {});
const { pages, specs } = await buildSite("site").catch((error: unknown) => {
  if (!(error instanceof RangeError)) throw error;
  console.error(error.message);
  process.exit(1);
});
console.log(`wrote ${pages} pages and ${specs} API references to site/`);
