/**
 * A page of the site: Markdown in the frame that all pages share. A page needs no script, and all
 * its links to other pages are relative, so the site can be read from any folder or address.
 */
import { posix } from "node:path";
import { Marked } from "marked";

/** A page in Markdown, or a reference to one. Paths are from the root of the repository. */
export interface Page {
  /** Where the text stands, or would stand, in the repository: its links start from there. */
  readonly source: string;
  readonly text: string;
}

/**
 * Says where a link leads.
 * @param source the page that has the link
 * @returns the address from the root of the site, or undefined for what the site does not hold
 */
export type Resolve = (path: string, hash: string, source: string) => string | undefined;

const NAVIGATION = [
  ["index.html", "Overview"],
  ["errata/index.html", "Errata"],
  ["index.html#providers", "API references"],
  ["index.html#documentation", "Guides"],
] as const;

/** @returns where the site holds a page in Markdown */
export const addressOf = (source: string): string =>
  source.replace(/(^|\/)README\.md$/, "$1index.md").replace(/\.md$/, ".html");

/** @returns a whole HTML document */
export function renderPage({ source, text }: Page, resolve: Resolve): string {
  const here = addressOf(source);
  const relative = (address: string): string => {
    const path = posix.relative(posix.dirname(here), address.replace(/#.*/, ""));
    return path + address.replace(/^[^#]*/, "");
  };
  const { body, title } = renderMarkdown(text, (href) => {
    const [, path = "", hash = ""] = /^([^#]*)(.*)$/s.exec(href) ?? [];
    const address = resolve(posix.normalize(posix.join(posix.dirname(source), path)), hash, source);
    return address === undefined ? undefined : relative(address);
  });
  const links = NAVIGATION.map(([address, name]) => {
    // A page of a vendor's errata is below the index of all errata.
    const [folder = "", file] = address.split("/");
    const below = file !== undefined && here.startsWith(`${folder}/`) ? "true" : undefined;
    const current = address === here ? "page" : below;
    const mark = current === undefined ? "" : ` aria-current="${current}"`;
    return `<li><a href="${relative(address)}"${mark}>${name}</a></li>`;
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="script-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'">
<title>${title === "corrigenda" ? title : `${title} – corrigenda`}</title>
<link rel="stylesheet" href="${relative("style.css")}">
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header>
<a class="name" href="${relative("index.html")}">corrigenda</a>
<nav aria-label="Site"><ul>${links.join("")}</ul></nav>
</header>
<main id="content">
${body}</main>
<footer><p>corrigenda is not affiliated with any of the vendors.</p></footer>
</body>
</html>
`;
}

/** @param linkTo gives the link's new address, or undefined where only its text may stay */
function renderMarkdown(
  text: string,
  linkTo: (href: string) => string | undefined,
): { readonly body: string; readonly title: string } {
  const slugs = new Map<string, number>();
  let title = "";
  const marked = new Marked({
    renderer: {
      link({ href, tokens }) {
        return (href as string | undefined) === undefined ? this.parser.parseInline(tokens) : false;
      },
      heading({ depth, tokens }) {
        const html = this.parser.parseInline(tokens);
        const words = html.replace(/<[^>]*>/g, "");
        title ||= words;
        const slug = slugOf(words);
        const seen = slugs.get(slug) ?? 0;
        slugs.set(slug, seen + 1);
        return `<h${depth} id="${slug}${seen === 0 ? "" : `-${seen}`}">${html}</h${depth}>\n`;
      },
    },
  });
  const tokens = marked.lexer(text);
  void marked.walkTokens(tokens, (token) => {
    if (token.type === "link" && !/^(#|[a-z][a-z\d+.-]*:)/i.test(token.href as string))
      token.href = linkTo(token.href as string);
  });
  // A keyboard can scroll only what it can reach.
  const body = marked
    .parser(tokens)
    .replaceAll(
      "<table>",
      '<div class="scroll" role="group" aria-label="Table" tabindex="0"><table>',
    )
    .replaceAll("</table>", "</table></div>")
    .replaceAll("<pre>", '<pre tabindex="0">');
  return { body, title };
}

/** The id that GitHub gives to a heading, so that the same links work there and here. */
const slugOf = (html: string): string =>
  html
    .toLowerCase()
    .replace(/&#?\w+;|[^\p{L}\p{N}\p{M}_\- ]/gu, "")
    .replaceAll(" ", "-");
