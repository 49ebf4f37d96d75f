/**
 * For tests that need Redis. Without a Redis server these tests are skipped, because nothing can
 * replace it, and a line says so. `.ci/run` installs Redis, and fails if a test was skipped.
 */
import { hasServer } from "./redis.ts";

const where = (there: boolean) => ({
  test: there ? test : test.skip,
  describe: there ? describe : describe.skip,
});

/** Where a server of the test's own can be started. */
export const withServer = where(hasServer);
/** Where there is any: that, or the one at REDIS_URL. */
export const withRedis = where(hasServer || process.env["REDIS_URL"] !== undefined);

if (!hasServer)
  console.log(
    "Skipped: tests that start a Redis server, since no redis-server is installed, and those that need any, unless REDIS_URL is set.",
  );
