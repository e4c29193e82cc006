import type { EditResult } from "../splice"
import { claimName, importInsertion, type Origin, statementBehind } from "./imports"
import { declarationOf, statementsCalling } from "./locate"
import type { Module } from "./module"

export type CallRequest = Origin & {
  /** The function to call. */
  name: string
  /** The constant it is called with. */
  argument: string
}

/** `name(argument)` as a statement of its own, right after the statement that declares the constant. */
export function addCall(module: Module, { name, from, means, argument }: CallRequest): EditResult {
  const declaration = declarationOf(module, argument)
  if (!declaration) return { kind: "refuse", code: "edit_unsafe", message: `${argument} is not declared at the top of this file.` }
  const { ours, taken } = claimName(module, name, { means })
  if (taken) return taken
  if (ours && statementsCalling(module, name, argument) > 0) return { kind: "present" }
  const statement = statementBehind(module, declaration, `${name}(${argument})`)
  return { kind: "edit", edits: ours ? [statement] : [importInsertion(module, name, from), statement] }
}
