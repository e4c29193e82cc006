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

/** The machine stands still: nothing is taken of the processor. */
const still = () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000)

test("what a machine loses that stands still is not the work's", () => {
  const patience = new Patience(200)
  const failure = () => {
    try {
      patience.spend(10, still)
    } catch (error) {
      return error
    }
  }
  expect(failure()).toMatchObject({ isStalled: true })
  expect(patience.limit(0)).toBeGreaterThan(100)
})

test("work is done again where the machine stood still, with what it has left put in order", () => {
  const done: string[] = []
  const work = () => {
    done.push("work")
    if (done.length < 4) still()
    return 42
  }
  expect(new Patience(200).persist(10, work, () => done.push("clear"))).toBe(42)
  expect(done).toEqual(["work", "clear", "work", "clear", "work"])
  let count = 0
  const never = () => {
    count++
    still()
  }
  expect(() => new Patience(100).persist(10, never, () => {})).toThrow(OutOfTime)
  expect(count).toBe(5)
})
