import { join } from "node:path"
import { CliError } from "../errors"
import { findApp } from "../host/apps"
import type { PackageManager } from "../host/types"
import { tidyPath } from "../names"

/** What the command line says, checked. */
export type RunOptions = {
  feature: string
  /** The app's folder. */
  dir: string
  /** The way there from the folder that was given, from which paths are shown: `.` or `apps/web`. */
  app: string
  yes: boolean
  dryRun: boolean
  diff: boolean
  json: boolean
  install: boolean
  verbose: boolean
  color: boolean
  strict: boolean
  rollback: boolean
  resume: boolean
  allowDirty: boolean
  force: boolean
  purge: boolean
  pm?: PackageManager
  auth?: string
  schema?: string
  userModel?: string
  userEmail?: string
  prismaClient?: string
  /** A feature folder instead of the built-in one. */
  templates?: string
}

const managers: readonly string[] = ["npm", "pnpm", "yarn", "bun"]

/** @throws CliError invalid_option, app_ambiguous */
export function readOptions(feature: string, dir: string | undefined, flags: Record<string, unknown>): RunOptions {
  const text = (name: string) => (typeof flags[name] === "string" ? (flags[name] as string) : undefined)
  const path = (name: string) => {
    const given = text(name)
    return given === undefined ? undefined : tidyPath(given)
  }
  const on = (name: string) => flags[name] === true
  const pm = text("pm")
  if (pm !== undefined && !managers.includes(pm))
    throw new CliError("invalid_option", `--pm ${pm}: there is no such package manager.`, { suggestion: `One of ${managers.join(", ")}.` })
  const cwd = text("cwd")
  if (dir !== undefined && cwd !== undefined && dir !== cwd)
    throw new CliError("invalid_option", `Two directories were given: ${dir} and --cwd ${cwd}.`)
  const given = dir ?? cwd ?? "."
  const app = findApp(given, text("app"))
  const auth = path("auth")
  const schema = path("schema")
  const userModel = text("userModel")
  const userEmail = text("userEmail")
  const prismaClient = path("prismaClient")
  const templates = text("templates")
  if (on("rollback") && on("resume")) throw new CliError("invalid_option", "--rollback and --resume are opposites.")
  if (on("dryRun") && (on("rollback") || on("resume")))
    throw new CliError("invalid_option", "--rollback and --resume write; --dry-run does not.", {
      suggestion: "What an interrupted run was about to write is in .chimerai/journal.json.",
    })
  return {
    feature,
    dir: join(given, app),
    app,
    yes: on("yes"),
    dryRun: on("dryRun"),
    diff: on("diff"),
    json: on("json"),
    install: flags.install !== false,
    verbose: on("verbose"),
    color: flags.color !== false,
    strict: on("strict"),
    rollback: on("rollback"),
    resume: on("resume"),
    allowDirty: on("allowDirty"),
    force: on("force"),
    purge: on("purge"),
    ...(pm !== undefined && { pm: pm as PackageManager }),
    ...(auth !== undefined && { auth }),
    ...(schema !== undefined && { schema }),
    ...(userModel !== undefined && { userModel }),
    ...(userEmail !== undefined && { userEmail }),
    ...(prismaClient !== undefined && { prismaClient }),
    ...(templates !== undefined && { templates }),
  }
}
