/**
 * Text of somebody else's, for a terminal. What would move the cursor, end a line or turn the direction of writing is
 * shown by its number: a version or a file name must not be able to draw a line that looks like one of ours.
 */

/** Controls, direction marks, zero-width characters, tags, separators of lines, and letters that are blank. */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u115F\u1160\u3164]/u
const everyUnseen = new RegExp(unseen, "gu")

const hex = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`
/** Beyond the first plane a character is two, as JSON has it. */
const byNumber = (char: string): string => Array.from({ length: char.length }, (_, index) => hex(char.charAt(index))).join("")

/** Whether a text has what cannot be seen in it, line breaks included: no name has any. */
export const hasUnseen = (text: string): boolean => unseen.test(text)

/** A value within a line. */
export const visible = (value: string): string => value.replace(everyUnseen, byNumber)

/** Styles that kleur writes here: dim, bold, red, green, yellow, cyan, and their ends. */
const ownStyles = new RegExp(`(${String.fromCharCode(27)}\\[(?:1|2|22|31|32|33|36|39)m)`)

/**
 * Text of several lines with our own colours. A carriage return stays at the end of a line alone: in the middle of one
 * it would have the rest written over its beginning.
 */
export const visibleLines = (text: string, hasStyles: boolean): string =>
  (hasStyles ? text.split(ownStyles) : [text]).map((part, index) => (index % 2 === 1 ? part : inLines(part))).join("")

const inLines = (text: string): string =>
  text.replace(everyUnseen, (char, at: number) => {
    const stays = char === "\n" || char === "\t" || (char === "\r" && text.charAt(at + 1) === "\n")
    return stays ? char : byNumber(char)
  })

/** JSON escapes control characters by itself; the rest of what cannot be seen is written by number, too. */
export const visibleJson = (json: string): string => json.replace(everyUnseen, (char) => (char === "\n" ? char : byNumber(char)))
