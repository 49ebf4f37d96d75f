/** ms of a clock that nobody sets and that all processes of a host share. Node only. */
export const monotonic = (): number => Number(process.hrtime.bigint() / 1_000_000n);
