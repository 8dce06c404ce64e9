/** Tells those who wait that something has changed. */
export class Bell {
  private next = Promise.withResolvers<void>();

  /** Resolves the next time it rings. */
  rung(): Promise<void> {
    return this.next.promise;
  }

  ring(): void {
    const { resolve } = this.next;
    this.next = Promise.withResolvers<void>();
    resolve();
  }
}
