/** What is beside a prepared tree: nothing of it may ever change. And the tree itself, as it is without following a link. */
import { createHash } from "node:crypto"
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"

/** A neighbouring project, with what an attacker would want to write to or read from. */
export function makeOutside(dir, trap) {
  const files = {
    "secret.txt": "outside-canary-1f7c\n",
    ".env": "AUTH_SECRET=outside-canary-1f7c\n",
    "package.json": '{ "name": "neighbour", "dependencies": { "next": "16.4.6" } }\n',
    "auth.ts": "export {};\n",
    "app/layout.tsx": "export default 1;\n",
    "prisma/schema.prisma": "model User {\n  id String @id\n}\n",
    "folder/kept.txt": "kept\n",
    ".git/HEAD": "ref: refs/heads/main\n",
    ".git/config": `[core]\n\trepositoryformatversion = 0\n\tfsmonitor = ${trap}\n\thooksPath = hooks\n[filter "x"]\n\tclean = ${trap}\n\tsmudge = ${trap}\n\tprocess = ${trap}\n`,
    ".git/hooks/kept": "#!/bin/sh\n",
    ".git/refs/heads/.keep": "",
    ".git/objects/.keep": "",
    "templates/feature.json": "{}\n",
  }
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(dir, path, ".."), { recursive: true })
    writeFileSync(join(dir, path), text)
  }
  mkdirSync(join(dir, "empty"), { recursive: true })
  chmodSync(join(dir, "secret.txt"), 0o600)
  if (!existsSync(join(dir, "link"))) symlinkSync("folder", join(dir, "link"))
}

const longest = 1_000_000 // bytes

/** Every entry below a folder: its kind, mode, size, target, and for files a hash of what is in them. */
export function entriesBelow(dir, prefix = "", found = {}) {
  let names
  try {
    names = readdirSync(join(dir, prefix), { encoding: "buffer" })
  } catch (error) {
    found[`${prefix}/`] = error.code
    return found
  }
  for (const name of names.map((bytes) => bytes.toString("utf8")).sort()) {
    const path = prefix ? `${prefix}/${name}` : name
    const stat = statOf(join(dir, path))
    if (stat === null) {
      found[path] = "cannot be looked at"
      continue
    }
    found[path] = `${stat.mode.toString(8)} ${stat.uid}`
    if (stat.isDirectory()) entriesBelow(dir, path, found)
    else if (stat.isSymbolicLink()) found[path] += ` -> ${readlinkSync(join(dir, path))}`
    else if (stat.isFile()) found[path] += ` ${stat.size} ${stat.size > longest ? stat.mtimeMs : hashOf(join(dir, path))}`
  }
  return found
}

/** A folder that can be listed need not be one that can be entered. */
function statOf(path) {
  try {
    return lstatSync(path)
  } catch {
    return null
  }
}

function hashOf(path) {
  try {
    return createHash("sha1").update(readFileSync(path)).digest("hex")
  } catch (error) {
    return error.code
  }
}

/** Paths at which two such records are not the same. */
export const differences = (before, after) =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((path) => before[path] !== after[path])
