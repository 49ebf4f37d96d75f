/** ms of the monotonic clock, which all processes of a host share. Node only. */
export const monotonic = (): number => Number(process.hrtime.bigint() / 1_000_000n);
