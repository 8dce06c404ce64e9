/**
 * The stack of a stack machine: each item with the number of the instruction that pushed it. An item may be still to come.
 */
import type { TupleElement } from "#data-plane/store/tuple";

export interface Item {
  readonly index: number;
  readonly value: TupleElement | Promise<TupleElement>;
}

export class Stack {
  private items: Item[] = [];

  get size(): number {
    return this.items.length;
  }

  push(index: number, value: TupleElement | Promise<TupleElement>): void {
    this.items.push({ index, value });
  }

  duplicate(): void {
    this.items.push(this.items[this.items.length - 1]!);
  }

  /** Swaps the top with the item at this depth. */
  swap(depth: number): void {
    const top = this.items.length - 1;
    const other = top - depth;
    const item = this.items[top]!;
    this.items[top] = this.items[other]!;
    this.items[other] = item;
  }

  clear(): void {
    this.items = [];
  }

  async popItem(): Promise<{ readonly index: number; readonly value: TupleElement }> {
    const item = this.items.pop();
    if (item === undefined) throw new Error("The stack is empty.");
    return { index: item.index, value: await item.value };
  }

  async pop(): Promise<TupleElement> {
    return (await this.popItem()).value;
  }

  /** The top first. */
  async popMany(count: number): Promise<TupleElement[]> {
    const values: TupleElement[] = [];
    for (let i = 0; i < count; i++) values.push(await this.pop());
    return values;
  }

  async popNumber(): Promise<number> {
    return Number(await this.pop());
  }

  async popBytes(): Promise<Uint8Array> {
    const value = await this.pop();
    if (!(value instanceof Uint8Array)) throw new Error(`Bytes are expected, not ${String(value)}.`);
    return value;
  }

  async popText(): Promise<string> {
    const value = await this.pop();
    if (typeof value !== "string") throw new Error(`A text is expected, not ${String(value)}.`);
    return value;
  }
}
