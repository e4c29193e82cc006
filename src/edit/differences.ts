/**
 * How one text comes from another, with an end: for a run there is one budget, and what is not found within it counts as
 * too different. Many texts that each differ just little enough would take hours together.
 */
import { type ChangeObject, createTwoFilesPatch, diffArrays } from "diff"

/** Differences. Texts with more in them have nothing to do with each other. */
const mostDifferences = 3_000

/**
 * Comparisons of a line or a word with another, which is what a search consists of. Fifty files of ours, each with half of
 * its lines changed, take less than a hundredth of it.
 */
let comparisonsLeft = 40_000_000

class TooManyComparisons extends Error {}

const bounds = {
  maxEditLength: mostDifferences,
  comparator(one: string, other: string): boolean {
    if (--comparisonsLeft < 0) throw new TooManyComparisons()
    return one === other
  },
}

/** The parts of two lists that are common, removed or added; null where they differ too much. */
export const differences = (from: string[], to: string[]): ChangeObject<string[]>[] | null =>
  withinBudget(() => diffArrays(from, to, bounds))

type Names = { from: string; to: string; fromNote?: string; toNote?: string }

/** A unified diff of two texts; null where they differ too much. What is new, or gone, is no search. */
export function patchBetween({ from, to, fromNote, toNote }: Names, before: string, after: string): string | null {
  const patch = (limits: object) =>
    createTwoFilesPatch(from, to, before, after, fromNote, toNote, { context: 3, ...limits }) as string | undefined
  return before === "" || after === "" ? (patch({}) ?? null) : withinBudget(() => patch(bounds))
}

function withinBudget<Result>(search: () => Result | undefined): Result | null {
  try {
    return search() ?? null
  } catch (error) {
    if (error instanceof TooManyComparisons) return null
    throw error
  }
}
