/**
 * The pages of the site, without a browser: where their links lead. `npm run test:browser` looks at
 * them as a reader does.
 */
import { posix, resolve as absolute } from "node:path";
import { load } from "../scripts/contracts/load.ts";
import { inChild } from "./support/child.ts";

const ledgers = load().map(({ ledger }) => ledger);
const entries = ledgers.flatMap(({ provider, errata }) =>
  errata.map(({ id }) => `errata/${provider}.html#${id.toLowerCase()}`),
);

/** Runs code that has the functions of the site. Jest does not load marked, an ES module. */
const onSite = (code: string): unknown =>
  JSON.parse(
    inChild(`
      import { load } from ${JSON.stringify(absolute("scripts/contracts/load.ts"))};
      import { renderPages } from ${JSON.stringify(absolute("scripts/site/build.ts"))};
      import { renderPage } from ${JSON.stringify(absolute("scripts/site/page.ts"))};
      const render = (source, text, resolve = (path, hash) => path + hash) =>
        renderPage({ source, text }, resolve).replace(/.*<main[^>]*>|<\\/main>.*/gs, "").trim();
      console.log(JSON.stringify(${code}));`),
  );

describe("all pages", () => {
  const pages = onSite("renderPages(load().map(({ ledger }) => ledger))") as {
    address: string;
    html: string;
  }[];
  const anchors = new Set(
    pages.flatMap(({ address, html }) => [
      address,
      ...[...html.matchAll(/ id="([^"]+)"/g)].map(([, id = ""]) => `${address}#${id}`),
    ]),
  );
  const links = pages.flatMap(({ address, html }) =>
    [...html.matchAll(/ href="([^"]+)"/g)].map(([, href = ""]) => ({ address, href })),
  );

  test("every erratum has an anchor on its vendor's page", () => {
    expect(entries.length).toBeGreaterThan(50);
    expect(entries.filter((one) => !anchors.has(one))).toEqual([]);
  });

  test("every link is relative, and leads to a page, an anchor, an API reference, an overlay or a case", () => {
    const inside = links.filter(({ href }) => !/^https:/.test(href));
    expect(inside.length).toBeGreaterThan(400);
    const wrong = inside.filter(({ address, href }) => {
      const to = posix.join(
        posix.dirname(address),
        href.startsWith("#") ? posix.basename(address) + href : href,
      );
      return (
        href.startsWith("/") ||
        !(
          anchors.has(to) ||
          /^(style\.css|openapi\/[a-z]+\.html|openapi\/overlays\/[a-z-]+\.yaml|tests\/cases\/.*\.json)$/.test(
            to,
          )
        )
      );
    });
    expect(wrong).toEqual([]);
  });
});

test("a heading has the id that GitHub gives it", () => {
  const html = onSite(
    JSON.stringify("# One `T-14`: it's & two\n\n## Twice\n\n## Twice\n").replace(
      /^.*$/s,
      (text) => `render("a.md", ${text})`,
    ),
  );
  expect(html).toContain('<h1 id="one-t-14-its--two">');
  expect(html).toContain('<h2 id="twice">');
  expect(html).toContain('<h2 id="twice-1">');
});

test("a link starts from the folder of its page, and a file that the site does not hold has none", () => {
  expect(
    onSite(
      `render("docs/x/a.md", "[b](../b.md#c) [d](../../src/d.ts)", (path, hash) => path === "docs/b.md" ? "docs/b.html" + hash : undefined)`,
    ),
  ).toBe('<p><a href="../b.html#c">b</a> d</p>');
});

test("a page that links to a file that does not exist is refused, with both names", () => {
  expect(
    onSite(`(() => {
      const [ledger] = load().map(({ ledger }) => ledger);
      const [first] = ledger.errata;
      const evidence = ["nobody.has.this"];
      try { renderPages([{ ...ledger, errata: [{ ...first, evidence }] }]); } catch (error) { return error.message; }
    })()`),
  ).toMatch(
    /^errata\/[a-z]+\.md links to tests\/cases\/[a-z]+\/nobody\.has\.this\.json, which does not exist\.$/,
  );
});
