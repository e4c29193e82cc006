import { type Answers, manifestPath, readManifest } from "../apply/store"
import { CliError } from "../errors"
import type { LoadedFeature } from "../feature/types"
import { detect } from "../host/detect"
import { HostFiles } from "../host/files"
import type { Host, Warning } from "../host/types"
import type { RunOptions } from "./options"

const names = ["auth", "schema", "userModel", "userEmail", "prismaClient"] as const

/** What the command line says to overrule detection. */
export function answersOf(options: RunOptions): Answers {
  return Object.fromEntries(names.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])))
}

const knownAnswers = (options: RunOptions): Answers =>
  readManifest(new HostFiles(options.dir).root)?.features[options.feature]?.answers ?? {}

/** The options, with what was said when the feature was installed where nothing is said now. */
export function withAnswers(options: RunOptions): RunOptions {
  return { ...knownAnswers(options), ...options }
}

/** The fact that an answer is about, as it was found. */
const facts: { name: (typeof names)[number]; what: string; of(host: Host): string }[] = [
  { name: "auth", what: "The call of NextAuth", of: ({ auth }) => auth.calls[0] },
  { name: "schema", what: "The Prisma schema", of: ({ prisma }) => prisma.schema },
  { name: "userModel", what: "The model of users", of: ({ prisma }) => prisma.userModel },
  { name: "userEmail", what: "The field that users are known by", of: ({ prisma }) => prisma.userEmail },
  { name: "prismaClient", what: "The Prisma client", of: ({ prisma }) => `${prisma.client.file}#${prisma.client.export}` },
]

export const answerDiffers = "answer_differs"

/**
 * Answers of the manifest that are other than what the app says by itself. Whoever has committed the manifest may have
 * meant MFA to guard a sign-in that nobody uses.
 * @param given without what the manifest answers
 * @param host as the manifest's answers have it
 */
export async function contradicted(given: RunOptions, feature: LoadedFeature, host: Host): Promise<Warning[]> {
  const known = knownAnswers(given)
  const asked = facts.filter(({ name }) => known[name] !== undefined && given[name] === undefined)
  if (asked.length === 0) return []
  const own = await hostWithout(given, feature)
  // The app leaves it open: that is what the answer is for.
  if (own === null) return []
  return asked
    .filter(({ of }) => of(own) !== of(host))
    .map(({ what, of }) => ({
      code: answerDiffers,
      message: `${what} is ${of(host)} because ${manifestPath} says so, not you; the app's own is ${of(own)}. If you do not know why, take that answer out of the manifest.`,
      file: manifestPath,
    }))
}

async function hostWithout(given: RunOptions, feature: LoadedFeature): Promise<Host | null> {
  try {
    return (await detect(given.dir, feature.requires, given)).host
  } catch (error) {
    if (error instanceof CliError) return null
    throw error
  }
}
