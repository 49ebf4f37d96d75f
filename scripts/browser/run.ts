/**
 * Checks the site of the documentation in Chromium: in light mode at the width of a phone, and in
 * dark mode at that of a desktop. Outside the main install:
 *
 *   npm --prefix scripts/browser ci && npm run test:browser
 *
 * CHROMIUM names the program, if it is not in the PATH as `chromium` or `google-chrome`.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { readOptions } from "../cli.ts";
import { load } from "../contracts/load.ts";
import { buildSite } from "../site/build.ts";
import { checkSite } from "./check.ts";
import { startChromium } from "./chromium.ts";

/** A page that breaks everything that is checked, and what has to be said of it. */
const BROKEN = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Broken</title><body>
<p style="width: 2000px">Wide</p><p style="color: #aaa; background: #fff">Pale</p>
<a href="nowhere.html">1</a> <a href="#nowhere">2</a> <a href="/index.html">3</a> <a href="../x">4</a>
<img alt="" src="http://localhost:1/"></body></html>`;
const FAULTS = [
  /scrolls sideways by \d+ px/,
  /color-contrast at/,
  /links to nowhere\.html: the site has no such file/,
  /links to #nowhere: the page has no such anchor/,
  /links to \/index\.html: it is not relative/,
  /links to \.\.\/x: it leads out of the site/,
  /loads http:\/\/localhost:1\//,
];

readOptions("test:browser", {});
const { browser, axe } = await startChromium();
const folder = mkdtempSync(join(tmpdir(), "corrigenda-browser-"));
const faults: string[] = [];
try {
  const broken = join(folder, "broken");
  mkdirSync(broken);
  writeFileSync(join(broken, "broken.html"), BROKEN);
  const seen = (await checkSite(broken, browser, axe, () => false)).faults;
  for (const fault of FAULTS)
    if (!seen.some((one) => fault.test(one)))
      faults.push(`the checks do not notice ${fault.source}, but only: ${seen.join("; ")}`);

  const site = join(folder, "site");
  await buildSite(site);
  // Redocly makes the API references. How wide they are, and in which colours, is its own concern.
  const report = await checkSite(site, browser, axe, (page) => page.startsWith("openapi/"));
  faults.push(...report.faults, ...(await faultsOfEntries(site)));
  console.log(
    `${report.pages} pages at 390 px in light mode and 1280 px in dark mode, with ${report.links} links: ${faults.length} faults`,
  );
} finally {
  await browser.close();
  rmSync(folder, { recursive: true });
}
for (const fault of faults) console.error(fault);
process.exitCode = faults.length > 0 ? 1 : 0;

/** Reads the pages as files, without a server. Every erratum has to be at its address. */
async function faultsOfEntries(site: string): Promise<string[]> {
  const page = await browser.newPage({
    viewport: { width: 1280, height: 900 },
    colorScheme: "light",
  });
  const missing: string[] = [];
  for (const { provider, ledger } of load())
    for (const { id } of ledger.errata) {
      const address = `errata/${provider}.html#${id.toLowerCase()}`;
      await page.goto(pathToFileURL(site).href + `/${address}`);
      const [text, styled] = await page.evaluate<[string | undefined, boolean]>(
        `[document.querySelector(":target")?.textContent, getComputedStyle(document.body).maxWidth !== "none"]`,
      );
      if (text !== id) missing.push(`${address} does not lead to the entry`);
      if (!styled) missing.push(`${address} has no style when it is read as a file`);
    }
  return missing;
}
