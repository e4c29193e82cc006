import { dirname } from "node:path"
import type { EnvAction } from "../plan/types"
import type { UpdatePlan } from "../plan/update"
import { manifestWrite, rangesOf, storeWrite } from "./apply"
import { isKeptWithStore } from "./git"
import { type Answers, basePath, emptyManifest, hashOf, type InstalledEnv, type InstalledFeature, readManifest } from "./store"
import { commit, missingFolders, type Write } from "./transaction"

/**
 * Carries out an update, in one transaction with the record of it.
 * @param verify looks at what was written; where it throws, everything is restored
 */
export async function applyUpdate(
  root: string,
  boundary: string,
  feature: string,
  { changes, created, edited, kept, dependencies, env }: UpdatePlan,
  { version, answers, verify }: { version: string; answers: Answers; verify(): Promise<void> },
): Promise<void> {
  const manifest = readManifest(root) ?? emptyManifest()
  const earlier = manifest.features[feature] as InstalledFeature
  const writes = changes.flatMap(({ path, before, after, state }): Write[] =>
    state === "planned" && after !== before ? [{ path, before, after }] : [],
  )
  const folders = missingFolders(
    root,
    writes.flatMap(({ path, after }) => (after === null ? [] : [path])),
  )
  const inConflict = new Set(changes.flatMap(({ path, state }) => (state === "conflict" ? [path] : [])))
  const bases = new Map([...created, ...Array.from(edited, ([path, { left }]) => [path, left] as const)])
  const isKept = (path: string) => created.has(path) || isKeptWithStore({ root, boundary }, path)
  // What could not be brought along stays what it was: the next update starts there.
  for (const path of inConflict) bases.delete(path)
  const stays = (path: string) => bases.has(path) || inConflict.has(path) || kept.has(path)
  const obsolete = [...earlier.created, ...earlier.edited].filter(({ path }) => !stays(path))
  const installed: InstalledFeature = {
    ...earlier,
    version,
    answers: { ...earlier.answers, ...answers },
    created: [
      ...earlier.created.filter(({ path }) => inConflict.has(path) || kept.has(path)),
      ...Array.from(created, ([path, text]) => ({ path, hash: hashOf(text) })).filter(({ path }) => !inConflict.has(path)),
    ],
    edited: [
      ...earlier.edited.filter(({ path }) => kept.has(path)),
      ...Array.from(edited, ([path, { left, insertions }]) => ({ path, hash: hashOf(left), insertions })),
    ],
    env: env.reduce(withEnv, earlier.env),
    dependencies: [...new Set([...earlier.dependencies, ...dependencies])],
    folders: [...earlier.folders, ...folders],
  }
  const gone = writes.flatMap(({ path, after }) => (after === null ? [path] : []))
  await commit(root, boundary, {
    command: "update",
    verify,
    writes: [
      ...writes,
      ...Array.from(bases, ([path, text]) => storeWrite(root, basePath(path), isKept(path) ? text : null)).filter(
        ({ before, after }) => before !== after,
      ),
      ...obsolete.map(({ path }) => storeWrite(root, basePath(path), null)).filter(({ before }) => before !== null),
      manifestWrite(root, { ...manifest, features: { ...manifest.features, [feature]: installed } }),
    ],
    emptied: [...gone, ...obsolete.map(({ path }) => basePath(path))].map((path) => dirname(path)).filter((path) => path !== "."),
  })
}

/** Where the file is what we left, its ranges go on counting; where it is not, its keys are found by their names. */
function withEnv(known: InstalledEnv[], { path, before, after, names, filled = [], secret, edits }: EnvAction): InstalledEnv[] {
  const earlier = known.find((file) => file.path === path)
  const isAsLeft = earlier === undefined || earlier.hash === hashOf(before ?? "")
  const file: InstalledEnv = {
    path,
    created: earlier?.created ?? before === null,
    hash: isAsLeft ? hashOf(after) : "",
    names: [...(earlier?.names ?? []), ...names],
    ...((earlier?.filled || filled.length > 0) && { filled: [...(earlier?.filled ?? []), ...filled] }),
    secret,
    ranges: [...(earlier?.ranges ?? []), ...rangesOf(edits)],
  }
  return [...known.filter((other) => other !== earlier), file]
}
