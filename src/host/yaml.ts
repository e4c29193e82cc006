/**
 * YAML of a repository that somebody else has written, as data: every scalar is a text, as it is written. What would take
 * for ever is unreadable: a file that is too large, references beyond a few, values that grow by them without end.
 */
import { type Alias, type Document, isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml"

/** @property line where it cannot be read */
export type Yaml = { ok: true; data: unknown } | { ok: false; line: number }

/** Characters. Configs have a tenth of it; the parser takes longer for mistakes than their number says. */
const longest = 100_000
/** Brackets that open something, in a file. */
const mostBrackets = 500
/** Columns that a line is indented by, and marks of entries (`- `, `? `, `: `) on one line. */
const deepest = 150
/** References. People write a handful; to look one up takes as long as the file. */
const mostAliases = 100
/** Values, those behind references counted each time. */
const mostValues = 100_000

/** Lists as arrays, maps as objects without a prototype; of two entries of a name there is no telling, and it is said. */
export function readYaml(text: string): Yaml {
  if (text.length > longest) return { ok: false, line: 1 }
  const deep = tooDeep(text)
  if (deep !== null) return { ok: false, line: deep }
  const lines = new LineCounter()
  // To compare the keys of a map one by one takes their number squared: it is done below.
  const document = parseDocument(text.replace(/^\uFEFF/, ""), {
    schema: "failsafe",
    uniqueKeys: false,
    lineCounter: lines,
    prettyErrors: false,
    logLevel: "error",
  })
  const [error] = document.errors
  if (error) return { ok: false, line: lines.linePos(error.pos[0]).line || 1 }
  const reader = new Reader(document)
  try {
    return { ok: true, data: reader.valueOf(document.contents) }
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error
    return { ok: false, line: lines.linePos(error.at).line || 1 }
  }
}

/** The line from which on a text may be nested so deeply that the parser, which calls itself, ends the process. */
function tooDeep(text: string): number | null {
  let brackets = 0
  for (const [index, line] of text.split(/\r\n|\r|\n/).entries()) {
    brackets += line.split(/[[{]/).length - 1
    const indent = line.length - line.trimStart().length
    if (brackets > mostBrackets || indent > deepest || line.split(/[-?:](?=\s|$)/).length > deepest) return index + 1
  }
  return null
}

class Unreadable extends Error {
  constructor(readonly at: number) {
    super("unreadable")
  }
}

/** Not the library's own `toJS`, which prints a key that is a map, within one that is a map, without end. */
class Reader {
  #aliases = 0
  #values = 0

  constructor(private readonly document: Document) {}

  valueOf(node: unknown, at = 0): unknown {
    const start = startOf(node, at)
    if (++this.#values > mostValues) throw new Unreadable(start)
    if (isAlias(node)) return this.valueOf(this.#behind(node, start), start)
    if (isSeq(node)) return node.items.map((item) => this.valueOf(item, start))
    if (isScalar(node)) return String(node.value ?? "")
    if (!isMap(node)) return ""
    const own: Record<string, unknown> = Object.create(null)
    const merged: Record<string, unknown>[] = []
    for (const { key, value } of node.items) {
      const place = startOf(key, start)
      const name = isAlias(key) ? this.#behind(key, place) : key
      if (!isScalar(name)) throw new Unreadable(place)
      const text = String(name.value ?? "")
      const read = this.valueOf(value, place)
      if (text === "<<" && isScalar(key) && key.type === "PLAIN") merged.push(...mapsIn(read, place))
      else if (text in own) throw new Unreadable(place)
      else own[text] = read
    }
    return Object.assign(Object.create(null), ...merged.toReversed(), own)
  }

  #behind(alias: Alias, at: number): unknown {
    if (++this.#aliases > mostAliases) throw new Unreadable(at)
    const node = alias.resolve(this.document)
    if (node === undefined) throw new Unreadable(at)
    return node
  }
}

const startOf = (node: unknown, otherwise: number): number => (node as { range?: [number] | null } | null)?.range?.[0] ?? otherwise

/** What `<<` merges: a map, or several of which the first counts most. */
function mapsIn(value: unknown, at: number): Record<string, unknown>[] {
  const maps = [value].flat()
  if (!maps.every((map) => typeof map === "object" && map !== null && !Array.isArray(map))) throw new Unreadable(at)
  return maps as Record<string, unknown>[]
}
