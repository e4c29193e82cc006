/** Chance that can be repeated: SEED=n runs the same shapes again. */
export class Random {
  constructor(private state: number) {}

  /** mulberry32: small, and good enough to choose with. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }

  /** 0 to n - 1. */
  below(n: number): number {
    return Math.floor(this.next() * n)
  }

  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T
  }

  chance(p: number): boolean {
    return this.next() < p
  }
}

export const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
