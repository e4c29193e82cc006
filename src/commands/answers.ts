import { type Answers, readManifest } from "../apply/store"
import { HostFiles } from "../host/files"
import type { RunOptions } from "./options"

const names = ["auth", "schema", "userModel", "prismaClient"] as const

/** What the command line says to overrule detection. */
export function answersOf(options: RunOptions): Answers {
  return Object.fromEntries(names.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])))
}

/** The options, with what was said when the feature was installed where nothing is said now. */
export function withAnswers(options: RunOptions): RunOptions {
  const known = readManifest(new HostFiles(options.dir).root)?.features[options.feature]?.answers
  return { ...known, ...options }
}
