/** Work on somebody else's texts is ended when it takes too long. */
import { expect, test } from "vitest"
import { OutOfTime, Patience } from "../../src/patience"

const endless = () => {
  for (;;);
}

test("gives back what the work does, and what it throws", () => {
  const patience = new Patience(10_000)
  expect(patience.spend(1_000, () => 42)).toBe(42)
  expect(() =>
    patience.spend(1_000, () => {
      throw new RangeError("too deep")
    }),
  ).toThrow(new RangeError("too deep"))
})

test("ends work that does not come to an end, also one that catches whatever is thrown", () => {
  expect(() => new Patience(50).spend(50, endless)).toThrow(OutOfTime)
  const stubborn = () => {
    for (;;) {
      try {
        endless()
      } catch {
        // again
      }
    }
  }
  expect(() => new Patience(50).spend(50, stubborn)).toThrow(OutOfTime)
})

test("gives all work of a run its grace only once", () => {
  const patience = new Patience(500)
  expect(() => patience.spend(10, endless)).toThrow(OutOfTime)
  expect(patience.limit(10)).toBe(10)
  expect(() => patience.spend(10, endless)).toThrow(OutOfTime)
  // Usual work is done all the same.
  expect(patience.spend(10_000, () => 42)).toBe(42)
})

test("does not take what is usual from the grace", () => {
  const patience = new Patience(500)
  patience.spent(90, 100)
  expect(patience.limit(0)).toBe(500)
  patience.spent(300, 100)
  expect(patience.limit(0)).toBe(300)
})
