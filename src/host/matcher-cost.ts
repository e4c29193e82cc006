/**
 * How long a matcher of Next.js may take to try on a path: a pattern is the app's own expression, and `(?:a|a)` forty
 * times has a billion ways to fail. It is read as far as the forms go that people write; anything else has no bound.
 */

/** @property ways how many ways there are to match @property work how many steps all of them take together */
type Cost = { ways: number; work: number }

/** Neither of a known form, nor bounded. */
const unknown: Cost = { ways: Number.POSITIVE_INFINITY, work: Number.POSITIVE_INFINITY }
const one: Cost = { ways: 1, work: 1 }

/** Characters. */
const longestPattern = 1_000
/** Groups within one another. */
const deepest = 10

/** Steps at most on a path of `length` characters; infinite for a pattern that is not of a known form. */
export function matcherCost(pattern: string, length: number): number {
  return pattern.length > longestPattern ? Number.POSITIVE_INFINITY : new Reader(pattern, length + 1).path().work
}

class Reader {
  #at = 0

  constructor(
    private readonly text: string,
    /** Places that something which repeats may end at. */
    private readonly places: number,
  ) {}

  /** The outer language: text, `:name`, `:name(expression)`, `(expression)`, each with `?`, `*` or `+` behind it. */
  path(): Cost {
    const parts: Cost[] = []
    while (this.#at < this.text.length) {
      const isName = this.#take(/:\w+/y) !== null
      if (this.#take(/\(/y) !== null) parts.push(this.#optional(this.#rest(1)))
      // What repeats a name takes a slash between: it can be divided in one way only.
      else if (isName) parts.push(this.#take(/[?*+]/y) === null ? this.#many() : optional(this.#many()))
      else if (this.#take(/\\.|[^:(){}?*+\\]/y) !== null) parts.push(one)
      else return unknown
    }
    return sequence(parts)
  }

  /** An expression up to the `)` that closes it. */
  #rest(depth: number): Cost {
    const alternatives: Cost[] = []
    let parts: Cost[] = []
    while (depth <= deepest) {
      if (this.#take(/\|/y) !== null) {
        alternatives.push(sequence(parts))
        parts = []
      } else if (this.#take(/\)/y) !== null) return sum([...alternatives, sequence(parts)])
      else {
        const part = this.#part(depth)
        if (part === unknown) break
        parts.push(part)
      }
    }
    return unknown
  }

  #part(depth: number): Cost {
    if (this.#take(/\(\?[!=]/y) !== null) {
      // It is left the first way that it is found, and not entered again.
      const { work } = this.#rest(depth + 1)
      return this.#take(/[?*+{]/y) === null ? { ways: 1, work } : unknown
    }
    if (this.#take(/\(\?:/y) !== null) return this.#optional(this.#rest(depth + 1))
    if (this.#take(/[$^]/y) !== null) return one
    // `\1` would be what a group has found.
    if (this.#take(/\\[^\dkpPux]|\[(?:\\.|[^\]\\])+\]|[^\\()[\]{}|?*+$^]/y) === null) return unknown
    const repeats = this.#take(/[*+]\??/y)
    return repeats === null ? this.#optional(one) : this.#many()
  }

  /** A group or character that may be missing. One that repeats a group has no bound. */
  #optional(cost: Cost): Cost {
    if (this.#take(/[*+{]/y) !== null) return unknown
    return this.#take(/\?\??/y) === null ? cost : optional(cost)
  }

  #many = (): Cost => ({ ways: this.places, work: this.places })

  #take(what: RegExp): string | null {
    what.lastIndex = this.#at
    const found = what.exec(this.text)?.[0]
    if (found === undefined) return null
    this.#at += found.length
    return found
  }
}

const optional = ({ ways, work }: Cost): Cost => ({ ways: ways + 1, work: work + 1 })

const sum = (costs: Cost[]): Cost =>
  costs.reduce((all, { ways, work }) => ({ ways: all.ways + ways, work: all.work + work }), { ways: 0, work: 0 })

/** Each part is tried once for every way in which those before it match. */
const sequence = (costs: Cost[]): Cost =>
  costs.reduce((all, { ways, work }) => ({ ways: all.ways * ways, work: all.work + all.ways * work }), { ways: 1, work: 1 })
