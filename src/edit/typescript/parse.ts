/**
 * TypeScript's parser, with an end. Where a text may be read in two ways, the parser tries one, and then the other: of some
 * texts it reads a part twice for every level that it is nested, of others for every word.
 */
import { ts } from "ts-morph"
import { OutOfTime, Patience } from "../../patience"

/** Documentation comments stay unread: TypeScript 6.0 does not come back from some that have no end, such as `/** t-au`. */
const options: ts.CreateSourceFileOptions = {
  languageVersion: ts.ScriptTarget.Latest,
  jsDocParsingMode: ts.JSDocParsingMode.ParseNone,
}

/** For each character. Code that is written densely has half a node, those among them that are made and thrown away. */
const mostNodes = 4
/** For a text however short. */
const fewNodes = 20_000

/** Milliseconds. A thousand characters take a fifth of one. */
const usualTime = (text: string): number => 50 + text.length / 1_000
const patience = new Patience(10_000)

class TooManyNodes extends Error {}

/** @returns null where the parser would not come to an end */
export function parseSource(path: string, text: string, kind: ts.ScriptKind): ts.SourceFile | null {
  const parse = () => {
    nodesLeft = fewNodes + mostNodes * text.length
    return ts.createSourceFile(path, text, options, true, kind)
  }
  // The parser forgets what it knows of a text only at its end: it must not be taken for what is known of the next one.
  const forget = () => {
    nodesLeft = fewNodes
    ts.createSourceFile("x.ts", "", options)
  }
  Object.assign(allocator, counting)
  try {
    return patience.persist(usualTime(text), parse, forget)
  } catch (error) {
    if (error instanceof TooManyNodes || error instanceof OutOfTime) return null
    throw error
  } finally {
    Object.assign(allocator, plain)
  }
}

let nodesLeft = 0

type NodeConstructor = new (kind: ts.SyntaxKind, pos: number, end: number) => ts.Node
const makers = ["getNodeConstructor", "getTokenConstructor", "getIdentifierConstructor", "getPrivateIdentifierConstructor"] as const
type Allocator = Record<(typeof makers)[number], () => NodeConstructor>

/** Where the parser takes the constructors of its nodes from, for each text anew. */
const allocator = (ts as unknown as { objectAllocator: Allocator }).objectAllocator
const plain: Allocator = { ...allocator }
const counting = Object.fromEntries(makers.map((maker) => [maker, counted(plain[maker]())])) as Allocator

function counted(Node: NodeConstructor): () => NodeConstructor {
  class Counted extends Node {
    constructor(kind: ts.SyntaxKind, pos: number, end: number) {
      super(kind, pos, end)
      if (--nodesLeft < 0) throw new TooManyNodes()
    }
  }
  return () => Counted
}
