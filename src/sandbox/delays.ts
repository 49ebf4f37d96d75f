/** Delays that a server ends early when it closes. */
export interface Delays {
  /** Resolves after so many ms, or at `end`. */
  wait(ms: number): Promise<void>;
  /** Ends every delay at once. */
  end(): void;
}

export function createDelays(): Delays {
  const ends = new Set<() => void>();
  return {
    wait: (ms) =>
      new Promise((resolve) => {
        const end = (): void => {
          clearTimeout(timer);
          ends.delete(end);
          resolve();
        };
        const timer = setTimeout(end, ms);
        ends.add(end);
      }),
    end: () => ends.forEach((end) => end()),
  };
}
