/** HTTP dates (RFC 9110 5.6.7) are read in UTC, whatever the time zone of the machine. */
import { parseHttpDate } from "../src/http/http-date.ts";

test.each([
  ["IMF-fixdate", "Sun, 06 Nov 1994 08:49:37 GMT"],
  ["RFC 850", "Sunday, 06-Nov-94 08:49:37 GMT"],
  ["asctime", "Sun Nov  6 08:49:37 1994"],
  ["another zone", "Sun, 06 Nov 1994 09:49:37 +0100"],
])("T-11 T-02 an HTTP date as %s is read, wherever the machine is", (_, text) =>
  expect(parseHttpDate(text)).toBe(Date.UTC(1994, 10, 6, 8, 49, 37)),
);

test.each([[null], [""], ["soon"], ["Sun, 06 Nov 1994 08:49:37"], ["Sun Nov 31 99:99:99 1994"]])(
  "%j is no HTTP date",
  (text) => expect(parseHttpDate(text)).toBeUndefined(),
);
