/** Checks a site in a browser: its links and anchors, its width, and its accessibility. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import type { Browser, Look, Page } from "./chromium.ts";

export interface Report {
  readonly pages: number;
  readonly links: number;
  /** Each with the page and the look. Empty: nothing is wrong. */
  readonly faults: readonly string[];
}

/** A phone and a desktop. No rule of the style depends on both the width and the colours. */
const LOOKS: readonly Look[] = [
  { viewport: { width: 390, height: 844 }, colorScheme: "light" },
  { viewport: { width: 1280, height: 900 }, colorScheme: "dark" },
];
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css",
  ".json": "application/json",
};
/** The site is served below a path, so that a link from the root of the host fails. */
const BASE = "/some/where/";

interface Found {
  readonly ids: readonly string[];
  /** As they are written, and as the browser understands them. */
  readonly links: readonly (readonly [written: string, href: string])[];
}
const FIND = `({
  ids: [...document.querySelectorAll("[id]")].map(({ id }) => id),
  links: [...document.querySelectorAll("a[href], link[href]")].map((one) => [one.getAttribute("href"), one.href]),
})`;
const WIDER = `(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.documentElement)`;
const AXE = `axe.run(document, { resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] })
  .then(({ violations }) => violations.map(({ id, nodes }) => id + " at " + nodes[0].target.join(" ") + ": " + nodes[0].failureSummary.replace(/\\s+/g, " ")))`;

/** @param foreign whether another tool has made a page: then its links are checked, and no more */
export async function checkSite(
  folder: string,
  browser: Browser,
  axe: string,
  foreign: (page: string) => boolean,
): Promise<Report> {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const pages = files.filter((name) => name.endsWith(".html")).sort();
  const server = await serve(folder);
  const root = `http://127.0.0.1:${(server.address() as AddressInfo).port}${BASE}`;
  const faults: string[] = [];
  const found = new Map<string, Found>();
  try {
    for (const look of LOOKS) {
      const page = await browser.newPage(look);
      let where = "";
      let own = true;
      // Another tool's page may ask for a file elsewhere. Its policy has to block that.
      for (const event of ["request", "response"] as const)
        page.on(event, (about) => {
          const url = about.url();
          if ((own || event === "response") && !url.startsWith(root) && !url.startsWith("blob:"))
            faults.push(`${where} loads ${url}`);
        });
      for (const name of pages) {
        own = !foreign(name);
        if (!own && found.has(name)) continue;
        where = `${name} (${look.viewport.width} px, ${look.colorScheme})`;
        await page.goto(root + name);
        found.set(name, await page.evaluate<Found>(FIND));
        if (own) faults.push(...(await lookAt(page, axe)).map((fault) => `${where} ${fault}`));
      }
      await page.close();
    }
  } finally {
    server.close();
    server.closeAllConnections();
  }
  const links = [...found].flatMap(([name, { links }]) =>
    links.map(([written, href]) => ({ name, written, href })),
  );
  for (const { name, written, href } of links) {
    const fault = faultOfLink(name, written, href, root, folder, found, foreign);
    if (fault !== undefined) faults.push(`${name} links to ${written}: ${fault}`);
  }
  return { pages: pages.length, links: links.length, faults: [...new Set(faults)] };
}

async function lookAt(page: Page, axe: string): Promise<string[]> {
  await page.evaluate(`for (const one of document.querySelectorAll("details")) one.open = true`);
  const wider = await page.evaluate<number>(WIDER);
  await page.evaluate(axe);
  const violations = await page.evaluate<string[]>(AXE);
  return wider > 0 ? [`scrolls sideways by ${wider} px`, ...violations] : violations;
}

function faultOfLink(
  name: string,
  written: string,
  href: string,
  root: string,
  folder: string,
  found: ReadonlyMap<string, Found>,
  foreign: (page: string) => boolean,
): string | undefined {
  if (/^(https|mailto):/.test(written)) return undefined;
  // A script of the other tool follows its own links.
  if (foreign(name) && /^[/#]/.test(written)) return undefined;
  if (/^([a-z][a-z\d+.-]*:|\/)/i.test(written)) return "it is not relative";
  if (!href.startsWith(root)) return "it leads out of the site";
  const [path = "", hash] = href.slice(root.length).split("#").map(decodeURIComponent);
  if (!existsSync(join(folder, path)) || path.endsWith("/") || path === "")
    return "the site has no such file";
  if (hash === undefined || foreign(path)) return undefined;
  return found.get(path)?.ids.includes(hash) ? undefined : "the page has no such anchor";
}

async function serve(folder: string) {
  const server = createServer(({ url = "" }, response) => {
    const { pathname } = new URL(url, "http://127.0.0.1");
    const file = join(folder, decodeURIComponent(pathname.slice(BASE.length)));
    const type = TYPES[extname(file)];
    if (!pathname.startsWith(BASE) || type === undefined || !existsSync(file))
      return response.writeHead(404).end();
    response.writeHead(200, { "content-type": type }).end(readFileSync(file));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return server;
}
