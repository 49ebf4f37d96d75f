/**
 * Checks of where a request goes. A URL is checked as a text, before the platform parses it: the
 * parser removes `..` from the path, and its error quotes the URL with any password in it.
 */
import { ConfigurationError } from "../errors.ts";
import { parseUrl } from "../platform/parse-url.ts";

/** The option that an error names, for each part of a URL. */
export interface UrlOptions {
  /** The option that holds the URL. */
  readonly address: string;
  /** The option that holds the path. */
  readonly path: string;
}

/**
 * @throws ConfigurationError if a URL cannot be parsed, or holds a user name, a password, or a
 *   segment `.` or `..`, percent-encoded or not
 */
export function assertPlainUrl(text: string, provider: string, options: UrlOptions): void {
  const url = parseUrl(text);
  if (!url) return refuse(provider, options.address, "the address of the request is not a URL.");
  if (url.username !== "" || url.password !== "")
    return refuse(
      provider,
      options.address,
      "the address of the request holds a user name or password. Credentials have options of their own.",
    );
  assertNoDotSegment(pathIn(text), provider, options.path);
}

/** @throws ConfigurationError if a path holds a segment that a server could read as `.` or `..` */
export function assertNoDotSegment(path: string, provider: string, option: string): void {
  if (hasDotSegment(path))
    refuse(
      provider,
      option,
      "the path of the request holds a segment `.` or `..`, which would take the credentials to another path. Look at the values that were put into the path.",
    );
}

function refuse(provider: string, option: string, problem: string): never {
  throw new ConfigurationError({
    provider,
    option,
    message: `${provider}: ${problem} Nothing was sent.`,
  });
}

/** The base URL of a client, in parts. */
export interface Base {
  readonly origin: string;
  /** The path, without a slash at its end. */
  readonly path: string;
}

export function parseBase(baseUrl: string): Base {
  const { origin, pathname } = new URL(baseUrl);
  return { origin, path: pathname.endsWith("/") ? pathname.slice(0, -1) : pathname };
}

/** The path below the base, with a slash at its start. Undefined if the URL is not below it. */
export const pathBelow = ({ origin, path }: Base, url: URL): string | undefined =>
  url.origin === origin && url.pathname.startsWith(`${path}/`)
    ? url.pathname.slice(path.length)
    : undefined;

/**
 * The path of a URL, as it is written. The platform's parser ignores tabs and line breaks, and it
 * reads a backslash as a slash (URL Standard 4.4).
 */
function pathIn(text: string): string {
  const [beforeQuery = ""] = text.replace(/[\t\n\r]/g, "").split(/[?#]/, 1);
  return beforeQuery.replace(/^[^/\\]*[/\\]{2}[^/\\]*/, "");
}

/** How many times a path may be decoded on its way: by two proxies and by the server. */
const DECODINGS = 3;

/**
 * Whether some server could read a segment as `.` or `..`. Servers differ: some split a path at a
 * percent-encoded slash, some ignore what follows a semicolon, some ignore spaces and control
 * characters at the ends of a segment, and some decode more than once.
 */
function hasDotSegment(path: string): boolean {
  let decoded = path;
  for (let times = 0; times < DECODINGS; times += 1)
    decoded = decoded.replace(/%([0-7][0-9a-f])/gi, (_, digits: string) =>
      String.fromCharCode(Number.parseInt(digits, 16)),
    );
  return decoded
    .split(/[/\\]/)
    .some((segment) => [".", ".."].includes(withoutControls(segment.split(";", 1)[0]!)));
}

/** The text without spaces and control characters at its ends. */
function withoutControls(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && text.charCodeAt(start) <= 0x20) start += 1;
  while (end > start && text.charCodeAt(end - 1) <= 0x20) end -= 1;
  return text.slice(start, end);
}
