/**
 * What a manifest may say. It is committed, so whoever clones a repository gets what somebody else has written into it:
 * every value is checked as if from a stranger before anything is read, written or deleted by it.
 */
import { valid } from "semver"
import * as z from "zod/mini"
import { isCleanPath, isCreatable, isEditable, isEnvName, isFeatureName, isIdentifier, isOpenPath, isPackageName, tidyPath } from "../names"

const most = 5_000
const list = <Item extends z.ZodMiniType>(item: Item) => z.array(item).check(z.maxLength(most))
const text = (isRight: (value: string) => boolean) => z.string().check(z.refine(isRight))
/** Earlier versions noted paths of the command line as they were typed: `./src/auth.ts`, `prisma/`. */
const typed = (isRight: (value: string) => boolean) =>
  z.string().check(
    z.overwrite((value) => tidyPath(value)),
    z.refine(isRight),
  )

const hash = z.string().check(z.regex(/^(?:[0-9a-f]{64})?$/))
const offset = z.number().check(z.nonnegative(), z.multipleOf(1))

const envPath = (path: string): boolean => isOpenPath(path) && /(?:^|\/)\.env[\w.-]*$/.test(path)
const folder = (path: string): boolean =>
  path === ".chimerai" || (isOpenPath(path) && path.split("/").every((part) => part === ".." || !part.startsWith(".")))
/** The way to a file, with or without the name of what it exports. */
const client = (value: string): boolean => {
  const [file = "", name = "prisma", ...more] = value.split("#")
  return more.length === 0 && isOpenPath(file) && isIdentifier(name)
}

/** As the options of the command line. */
const answers = z.strictObject({
  auth: z.exactOptional(typed(isOpenPath)),
  schema: z.exactOptional(typed(isOpenPath)),
  userModel: z.exactOptional(text(isIdentifier)),
  userEmail: z.exactOptional(text(isIdentifier)),
  prismaClient: z.exactOptional(typed(client)),
  pm: z.exactOptional(z.enum(["npm", "pnpm", "yarn", "bun"])),
})

const installed = z.strictObject({
  version: text((value) => value.length <= 100 && valid(value) !== null),
  // The first layout knew no answers, and noted no names of dependencies.
  answers: z._default(answers, {}),
  created: list(z.strictObject({ path: text(isCreatable), hash })),
  edited: list(z.strictObject({ path: typed(isEditable), hash, insertions: list(z.strictObject({ at: offset, text: z.string() })) })),
  env: list(
    z.strictObject({
      path: text(envPath),
      created: z.boolean(),
      hash,
      names: list(text(isEnvName)),
      filled: z.optional(list(text(isEnvName))),
      secret: z.boolean(),
      ranges: list(z.strictObject({ at: offset, length: offset })),
    }),
  ),
  dependencies: z._default(list(text(isPackageName)), []),
  folders: list(text((path) => isCleanPath(path) && folder(path))),
})

export type InstalledSchema = z.infer<typeof installed>

/** Characters: some thousand files take less. */
export const longestManifest = 20_000_000

/**
 * @param features `features` of a manifest, as parsed
 * @returns them, or the place of what is wrong
 */
export function readFeatures(features: unknown): { ok: true; features: Record<string, InstalledSchema> } | { ok: false; at: string } {
  if (typeof features !== "object" || features === null || Array.isArray(features)) return { ok: false, at: "features" }
  const read: Record<string, InstalledSchema> = Object.create(null)
  for (const [name, value] of Object.entries(features)) {
    // A name like `__proto__` would mean something else than a feature wherever it is looked up.
    if (!isFeatureName(name)) return { ok: false, at: "features" }
    const parsed = installed.safeParse(value)
    if (!parsed.success) return { ok: false, at: ["features", name, ...(parsed.error.issues[0]?.path ?? [])].join(".") }
    read[name] = parsed.data
  }
  return { ok: true, features: read }
}
