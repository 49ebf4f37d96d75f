/**
 * The fault matrix as a test: every fault with every provider and grant. `npm run faults` prints
 * the matrix.
 */
import { FAULTS } from "../scripts/faults/faults.ts";
import { GRANTS } from "../scripts/faults/grants.ts";
import { isGreedy, isLate, isWrong, runMatrix } from "../scripts/faults/run.ts";

test("S-03 S-04 every fault ends in a token or the documented error, in time, with bounded memory and without a secret", async () => {
  const { cells, unhandled } = await runMatrix();
  expect(FAULTS.length).toBeGreaterThanOrEqual(40);
  expect(cells).toHaveLength(FAULTS.length * GRANTS.length);
  const brief = (list: typeof cells): string[] =>
    list.map(
      ({ grant, fault, result, expected, ms, leaks }) =>
        `${grant}, ${fault}: ${result} (${expected.join("|")}) ${Math.round(ms)} ms ${leaks.join()}`,
    );
  expect(brief(cells.filter(isWrong))).toEqual([]);
  expect(brief(cells.filter(isLate))).toEqual([]);
  expect(brief(cells.filter(isGreedy))).toEqual([]);
  expect(brief(cells.filter(({ leaks }) => leaks.length > 0))).toEqual([]);
  expect(unhandled).toEqual([]);
}, 300_000);
