/** Chance that can be repeated: the same seed and number make the same tree. */
export class Random {
  #state

  constructor(...seeds) {
    this.#state = seeds.reduce((state, seed) => Math.imul(state ^ seed, 0x9e3779b1) + 0x6d2b79f5, 0x2545f491)
    for (let round = 0; round < 4; round++) this.next()
  }

  /** mulberry32: small, and good enough to choose with. */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }

  /** 0 to n - 1. */
  below(n) {
    return Math.floor(this.next() * n)
  }

  of(choices) {
    return choices[this.below(choices.length)]
  }

  chance(p) {
    return this.next() < p
  }
}
