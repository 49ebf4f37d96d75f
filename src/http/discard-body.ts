/** Ends a response whose body nobody reads. An unread body keeps its connection open. */
export function discardBody({ body }: Response): void {
  body?.cancel().catch(() => undefined);
}
