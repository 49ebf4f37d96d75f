/**
 * S-03: the set of secrets that a client remembers is limited by number and by characters, and the
 * secrets in use stay in it.
 */
import { createKnownSecrets } from "../src/http/known-secrets.ts";

test("S-03 the ones that were used last are known", () => {
  const known = createKnownSecrets();
  for (let i = 0; i < 5000; i += 1) known.add(`secret-${i}`, "in-use");
  expect([...known]).toHaveLength(2000);
  expect([...known].slice(-2)).toEqual(["secret-4999", "in-use"]);
  expect([...known]).not.toContain("secret-1");
});

test("S-03 of a million characters, and no more", () => {
  const known = createKnownSecrets();
  for (let i = 0; i < 100; i += 1) known.add(`${i}`.padStart(60_000, "x"), "in-use");
  expect([...known].reduce((sum, { length }) => sum + length, 0)).toBeLessThanOrEqual(1_000_000);
  expect([...known]).toHaveLength(17);
  expect([...known]).toContain("in-use");
});

test("S-03 credentials are not forgotten for tokens; functions are passed over", () => {
  const known = createKnownSecrets();
  known.addCredentials("password", () => "from a vault", undefined);
  for (let i = 0; i < 5000; i += 1) known.add(`token-${i}`);
  expect([...known]).toHaveLength(2001);
  expect([...known][0]).toBe("password");
  for (let i = 0; i < 5000; i += 1) known.addCredentials(`password-${i}`);
  expect([...known]).toHaveLength(4000);
});

test("S-03 nothing is no secret, and those of others are known too", () => {
  const others = createKnownSecrets();
  const known = createKnownSecrets(others);
  others.add("theirs");
  known.add(undefined, "", "own");
  expect([...known]).toEqual(["theirs", "own"]);
  expect([...others]).toEqual(["theirs"]);
});
