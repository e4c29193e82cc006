/**
 * Time for work on texts of somebody else's. The libraries that read them have no bound of their own, and a bound by what
 * a text looks like misses the next one: what takes far longer than its length explains is ended, and counts as not read.
 */
import { Script } from "node:vm"

/**
 * What was to be done in time is not done.
 * @property isStalled the machine stood still, or did something else: the work itself has taken little of it
 */
export class OutOfTime extends Error {
  constructor(readonly isStalled = false) {
    super()
  }
}

/** A machine may be put to sleep once, and again. */
const mostAttempts = 5

/** One for all work of a kind in a run: many that take nearly too long would take as long as they are many. */
export class Patience {
  #grace: number

  /** @param grace milliseconds that the work of a whole run may take beyond what is usual for it */
  constructor(grace: number) {
    this.#grace = grace
  }

  /** Milliseconds that the next work may take, of which `usual` are nothing out of the way. */
  limit(usual: number): number {
    return Math.ceil(usual + this.#grace)
  }

  /** Work has taken so many milliseconds, of which `usual` are nothing out of the way. */
  spent(milliseconds: number, usual: number): void {
    this.#grace = Math.max(0, this.#grace - Math.max(0, milliseconds - usual))
  }

  /**
   * Does work that waits for nothing.
   * @throws OutOfTime; the work was left in the middle then, and not even its `finally` was run
   */
  spend<Result>(usual: number, work: () => Result): Result {
    const limit = this.limit(usual)
    const start = process.cpuUsage()
    // Of the processor: other programs of a busy machine take none of it.
    const taken = () => {
      const { user, system } = process.cpuUsage(start)
      return (user + system) / 1000
    }
    try {
      return endAfter(limit, work)
    } catch (error) {
      if (!(error instanceof OutOfTime)) throw error
      if (taken() < limit / 4) throw new OutOfTime(true)
      this.#grace = 0
      throw error
    } finally {
      this.spent(taken(), usual)
    }
  }

  /** The same, done again where only the machine stood still. @param clear puts in order what the work has left */
  persist<Result>(usual: number, work: () => Result, clear: () => void): Result {
    for (let attempt = 1; ; attempt++)
      try {
        return this.spend(usual, work)
      } catch (error) {
        clear()
        if (!(error instanceof OutOfTime) || !error.isStalled || attempt === mostAttempts) throw error
      }
  }
}

/** How a script, which alone can be ended from outside, finds the work. */
const place = Symbol.for("chimerai.work")
const script = new Script(`globalThis[Symbol.for(${JSON.stringify(place.description)})]()`)

function endAfter<Result>(timeout: number, work: () => Result): Result {
  Object.defineProperty(globalThis, place, { value: work, configurable: true })
  try {
    return script.runInThisContext({ timeout, displayErrors: false })
  } catch (error) {
    throw (error as NodeJS.ErrnoException)?.code === "ERR_SCRIPT_EXECUTION_TIMEOUT" ? new OutOfTime() : error
  } finally {
    Reflect.deleteProperty(globalThis, place)
  }
}
