import { expect, test } from "bun:test";
import { type Borrower, createBufferPool, type Loan } from "./buffer-pool.ts";

const nobody: Borrower = { recall: () => undefined };

function world(max = 2, kept = 1) {
  let created = 0;
  const pool = createBufferPool({
    create: () => {
      created += 1;
      return { number: created };
    },
    max,
    kept,
  });
  const now = (borrower = nobody): Loan<{ number: number }> => {
    const loan = pool.borrow(borrower);
    if (loan instanceof Promise) throw new Error("had to wait");
    return loan;
  };
  return { pool, now, created: () => created };
}

test("buffers are created as they are wanted, kept as far as allowed, and used again", () => {
  const { now, created, pool } = world();
  const [first, second] = [now(), now()];
  expect(pool.lent).toBe(2);
  first.release();
  second.release();
  expect(pool.lent).toBe(0);
  expect(now().buffer.number).toBe(1);
  now();
  expect(created()).toBe(3);
});

test("who comes when all are lent waits; first come, first served", async () => {
  const { now, pool } = world();
  const [first, second] = [now(), now()];
  const order: string[] = [];
  const third = Promise.resolve(pool.borrow(nobody)).then((loan) => {
    order.push("third");
    return loan;
  });
  const fourth = Promise.resolve(pool.borrow(nobody)).then((loan) => {
    order.push("fourth");
    return loan;
  });
  second.release();
  expect((await third).buffer).toBe(second.buffer);
  expect(order).toEqual(["third"]);
  first.release();
  expect((await fourth).buffer).toBe(first.buffer);
  expect(pool.lent).toBe(2);
});

test("each who waits has one loan recalled, the oldest first, and none twice", async () => {
  const { pool } = world(3);
  const recalled: string[] = [];
  const loans = ["a", "b", "c"].map((name) => pool.borrow({ recall: () => recalled.push(name) }) as Loan<unknown>);
  pool.borrow(nobody);
  expect(recalled).toEqual([]);
  await Promise.resolve();
  expect(recalled).toEqual(["a"]);
  pool.borrow(nobody);
  pool.borrow(nobody);
  pool.borrow(nobody);
  await Promise.resolve();
  expect(recalled).toEqual(["a", "b", "c"]);
  for (const loan of loans) loan.release();
  expect(pool.lent).toBe(3);
});

test("a loan that went on to one who waited is recalled for the next who waits", async () => {
  const { pool } = world(1);
  const recalled: string[] = [];
  const borrow = (name: string) => Promise.resolve(pool.borrow({ recall: () => recalled.push(name) }));
  const loans = ["a", "b", "c"].map(borrow);
  (await loans[0]!).release();
  const second = await loans[1]!;
  await Promise.resolve();
  expect(recalled).toEqual(["a", "b"]);
  second.release();
  await loans[2]!;
  await Promise.resolve();
  expect(recalled).toEqual(["a", "b"]);
});
