/** The sandbox's clock: the machine's time plus what tests have advanced it by. */
export interface SandboxClock {
  /** Epoch ms. Give it to clients as their `now`. */
  now(): number;
  /**
   * Moves the clock.
   * @param ms how far: forward, or back if negative
   */
  advance(ms: number): void;
}

export function createClock(): SandboxClock {
  let offset = 0;
  return { now: () => Date.now() + offset, advance: (ms) => void (offset += ms) };
}
