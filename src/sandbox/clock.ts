/** The sandbox's clock: the machine's, plus what tests have moved it by. */
export interface SandboxClock {
  /** Epoch ms. Hand it to clients as their `now`. */
  now(): number;
  /** @param ms forward, or back if negative */
  advance(ms: number): void;
}

export function createClock(): SandboxClock {
  let offset = 0;
  return { now: () => Date.now() + offset, advance: (ms) => void (offset += ms) };
}
