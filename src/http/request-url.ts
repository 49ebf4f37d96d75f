/**
 * Where a request may go. A URL is looked at before the platform reads it: reading takes `..` out
 * of a path, and the platform's own complaint quotes the URL with any password in it.
 */
import { ConfigurationError } from "../errors.ts";
import { parseUrl } from "../platform/parse-url.ts";

/** Names of the options that an error speaks of. */
export interface UrlOptions {
  readonly address: string;
  readonly path: string;
}

/**
 * @throws ConfigurationError if a URL cannot be read, holds a user name or password, or a segment
 *   `.` or `..`, percent-encoded or not
 */
export function assertPlainUrl(text: string, provider: string, options: UrlOptions): void {
  const url = parseUrl(text);
  if (!url) return refuse(provider, options.address, "the address of the request cannot be read.");
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
      "the path of the request holds a segment `.` or `..`, which leads elsewhere, and the credentials with it. Look at the values that were put into the path.",
    );
}

function refuse(provider: string, option: string, what: string): never {
  throw new ConfigurationError({
    provider,
    option,
    message: `${provider}: ${what} Nothing was sent.`,
  });
}

/** The base of a client, for comparing. */
export interface Base {
  readonly origin: string;
  /** Path of the base URL, without a slash at its end. */
  readonly path: string;
}

export function parseBase(baseUrl: string): Base {
  const { origin, pathname } = new URL(baseUrl);
  return { origin, path: pathname.endsWith("/") ? pathname.slice(0, -1) : pathname };
}

/** The path below the base, with its slash; undefined if the URL does not lie below it. */
export const pathBelow = ({ origin, path }: Base, url: URL): string | undefined =>
  url.origin === origin && url.pathname.startsWith(`${path}/`)
    ? url.pathname.slice(path.length)
    : undefined;

/**
 * As it is written. The platform ignores tabs, line breaks, and control characters and spaces at
 * the ends, and takes backslashes for slashes (URL Standard 4.4).
 */
function pathIn(text: string): string {
  const [beforeQuery = ""] = text.replace(/[\t\n\r]/g, "").split(/[?#]/, 1);
  return beforeQuery.replace(/^[^/\\]*[/\\]{2}[^/\\]*/, "");
}

/** Times that a path is decoded: by a proxy or two, and the server. */
const DECODINGS = 3;

/**
 * Whether a server could read one. Servers differ: some part segments at a slash that is
 * percent-encoded, some leave out what follows a semicolon, or spaces and control characters at the
 * ends, and some decode more than once.
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

/** Without spaces and control characters at its ends. */
function withoutControls(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && text.charCodeAt(start) <= 0x20) start += 1;
  while (end > start && text.charCodeAt(end - 1) <= 0x20) end -= 1;
  return text.slice(start, end);
}
