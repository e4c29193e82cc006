import { coerce, intersects, parse as parseVersion, satisfies, validRange } from "semver"
import { CliError } from "../errors"
import type { Requirements } from "../feature/types"
import { detectAuth, detectAuthVersion } from "./auth"
import { settleAuthVersion } from "./auth-major"
import { detectClient } from "./client"
import { detectEnv } from "./env"
import { HostFiles } from "./files"
import { detectFormatting } from "./formatting"
import { scriptsOf } from "./json"
import { detectMiddleware, findMiddleware } from "./middleware"
import { Modules } from "./modules"
import { detectNext, detectStyling } from "./next"
import { endingsOf, readNextConfig } from "./next-config"
import { detectPages } from "./pages"
import { detectPrismaVersion, detectSchema, sessionTokenLength } from "./prisma"
import { findSignInCallers } from "./sign-in-callers"
import { Aliases } from "./tsconfig"
import type { Host, Warning } from "./types"
import { whoseSignIn } from "./whose-sign-in"
import { detectPackageManager, type PackageJson, readPackageJson, type VersionFact } from "./workspace"

export type Overrides = {
  auth?: string
  schema?: string
  userModel?: string
  userEmail?: string
  prismaClient?: string
  pm?: Host["packageManager"]
}
export type Detection = { host: Host; files: HostFiles; modules: Modules }

/**
 * Everything a plan needs to know about the app in `dir`, each fact with its evidence.
 * Reads only what the facts need, so that a large host takes no longer than a small one. Runs nothing of it.
 * @param written texts by path that stand for what is on disk
 * @throws CliError for a host that cannot be served; nothing has been changed then
 */
export async function detect(
  dir: string,
  requires: Requirements,
  overrides: Overrides = {},
  written?: ReadonlyMap<string, string | null>,
): Promise<Detection> {
  const files = new HostFiles(dir, written)
  const { data: manifest, text: manifestText } = readPackageJson(files)
  const warnings: Warning[] = []
  const next = detectNext(files, manifest, manifestText)
  requireVersion("next_version_unsupported", "Next.js", next.version, requires.next, warnings)
  warnings.push(...next.warnings)
  const statedAuth = detectAuthVersion(files, manifest, manifestText)
  const aliases = new Aliases(files)
  const modules = await Modules.of(files, aliases)
  const config = readNextConfig(files, modules)
  const { pageExtensions } = config
  warnings.push(...config.warnings)
  const { version: authVersion, warnings: authDoubts } = settleAuthVersion(files, { ...next.facts, pageExtensions }, statedAuth, requires)
  warnings.push(...authDoubts)
  requireVersion("auth_version_unsupported", "next-auth", authVersion, requires.nextAuth, warnings)
  const prismaVersion = detectPrismaVersion(files, modules, manifest, manifestText)
  requireVersion("prisma_version_unsupported", "Prisma", prismaVersion, requires.prisma, warnings)
  const auth = detectAuth(files, modules, { ...next.facts, pageExtensions }, authVersion.version, overrides.auth)
  if (auth.facts.router === "app") {
    requireVersion("next_version_unsupported", "Next.js", next.version, requires.appRouter.next, warnings)
    requireVersion("auth_version_unsupported", "next-auth", authVersion, requires.appRouter.nextAuth, warnings)
  }
  const middlewareFile = findMiddleware(files, { ...next.facts, pageExtensions, next: next.version.version })
  const pages = detectPages(files, auth.facts, { middleware: middlewareFile, pageExtensions, pagesDir: next.facts.pagesDir })
  const endings = endingsOf(config, next.facts.language, [pages.signInFile, auth.facts.handler])
  const base = next.facts.srcDir ? "src/" : ""
  const own = `${base}lib/mfa/db.${next.facts.language}`
  const client = detectClient(files, modules, auth.facts.calls[0], own, overrides.prismaClient)
  const schema = detectSchema(files, modules, auth.facts, client.client, overrides)
  const alias = aliases.covering(`${base}lib/mfa`)
  const middleware = detectMiddleware(modules, middlewareFile, auth.facts.calls[0])
  const styling = detectStyling(files, manifest, manifestText, auth.facts.router === "pages" ? next.facts.pagesDir : null)
  const formatting = detectFormatting(files)
  const env = detectEnv(files)
  const packageManager = overrides.pm ? { name: overrides.pm, evidence: "--pm", rivals: [] } : detectPackageManager(files)

  warnings.push(...oldVersions(authVersion.version, prismaVersion.version, requires))
  const [rival] = packageManager.rivals
  if (rival)
    warnings.push({
      code: "lockfiles_conflict",
      message: `There are lockfiles of several package managers; ${packageManager.name} is used (${packageManager.evidence}), and ${packageManager.rivals.join(", ")} left alone. --pm overrules it.`,
      file: rival,
    })
  if (schema.facts.provider === "mongodb")
    warnings.push({
      code: "mongodb_replica_set",
      message:
        "MongoDB must be a replica set: what keeps a code from being used twice takes transactions. This code is type-checked for MongoDB, but was never run on one.",
      file: schema.facts.schema,
    })
  const { narrowSessionToken: narrow, sessionModel } = schema.facts
  if (narrow && auth.facts.session === "database")
    throw new CliError(
      "session_token_too_narrow",
      `${sessionModel}.sessionToken is ${narrow.type}. Behind next-auth's token MFA writes when the session began and with how many factors, ${sessionTokenLength} characters in all; no sign-in would work.`,
      {
        file: narrow.file,
        line: narrow.line,
        suggestion: `Take ${narrow.type} away from sessionToken, or give it 255 characters, migrate, and run add again.`,
      },
    )
  const prisma = { version: prismaVersion.version, ...schema.facts, client: client.client }
  warnings.push(...whoseSignIn(auth.facts, prisma, auth.evidence["auth.providers"] ?? auth.facts.config))
  const { unknownSignInPage } = auth.facts
  if (unknownSignInPage !== null) {
    const [file = "", line] = unknownSignInPage.split(":")
    warnings.push({
      code: "sign_in_page_unknown",
      message: `pages.signIn of next-auth's options cannot be read here, so MFA's pages are laid out as if the app had no sign-in page of its own, and its forms are not looked for. Write it as a literal or a constant of one, signIn: "/login", and run this again; where the address stays as it is, see that a form that calls signIn(..., { redirect: false }) goes to the URL it gets back.`,
      file,
      ...(line && { line: Number(line) }),
    })
  }
  if (client.client.replicas)
    warnings.push({
      code: "read_replicas",
      message:
        "Reads of this app's Prisma client go to replicas, which may be behind. MFA reads and writes through $primary(): a challenge, a code or a session that has just changed is seen at once. Do the same where your own code reads a sign-in right after it was written.",
      file: client.client.file,
    })

  const signIns = findSignInCallers(files, modules, pages, auth.facts)
  warnings.push(...signIns.warnings, ...sessionsWithoutOptions(signIns.bareSessions), ...aliases.warnings)

  const host: Host = {
    root: files.root,
    workspace: files.workspace,
    name: manifest.name ?? "app",
    packageManager: packageManager.name,
    next: next.version.version,
    ...next.facts,
    endings,
    pages,
    auth: auth.facts,
    prisma,
    alias: alias?.fact ?? null,
    middleware: middleware?.file ?? null,
    middlewareMatches: middleware?.matches ?? null,
    middlewareGuard: middleware?.guard ?? null,
    middlewareCall: middleware?.call ?? null,
    signInCallers: signIns.callers,
    bareSessions: signIns.bareSessions,
    styling: styling.styling,
    formatting: formatting?.options ?? null,
    env: env.facts,
    usesMigrations: schema.facts.provider !== "mongodb" && usesMigrations(files, schema.facts.schema, manifest),
    evidence: {
      packageManager: packageManager.evidence,
      ...next.evidence,
      "auth.version": authVersion.evidence,
      ...auth.evidence,
      "prisma.version": prismaVersion.evidence,
      ...schema.evidence,
      "prisma.client": client.evidence,
      ...(alias && { alias: alias.evidence }),
      ...(middleware && { middleware: middleware.file }),
      styling: styling.evidence,
      ...(formatting && { formatting: formatting.evidence }),
      env: env.evidence,
    },
    warnings,
  }
  return { host, files, modules }
}

/** Where the app pushes its schema and keeps no migrations, `migrate dev` would want to reset its database. */
function usesMigrations(files: HostFiles, schema: string, manifest: PackageJson): boolean {
  const dir = schema.includes("/") ? schema.slice(0, schema.lastIndexOf("/")) : "."
  if (files.isDirectory(`${dir}/migrations`) || files.isDirectory(`${schema}/migrations`)) return true
  return !scriptsOf(manifest).some((script) => /\bdb push\b/.test(script))
}

function sessionsWithoutOptions(calls: Host["bareSessions"]): Warning[] {
  const [first] = calls
  if (!first) return []
  const places = calls.map(({ file, line }) => `${file}:${line}`).slice(0, 10)
  return [
    {
      code: "session_without_options",
      message: `getServerSession is called without options here (${places.join(", ")}${calls.length > places.length ? ", ..." : ""}): it goes on accepting sessions that end when MFA is turned on or reset. Pass it the options that NextAuth is called with: getServerSession(authOptions).`,
      ...first,
    },
  ]
}

/** Versions that work, and should be left behind. */
function oldVersions(auth: string, prisma: string, requires: Requirements): Warning[] {
  const flaw = auth.startsWith("4.")
    ? "before 4.24.5 a sign-in that was not finished could be passed off as a user (CVE-2023-48309)"
    : "before 5.0.0-beta.32 auth() could return an error as a session"
  const file = "package.json"
  return [
    ...(inRange(auth, requires.nextAuthAdvised)
      ? []
      : [{ code: "auth_version_old", message: `next-auth ${auth}: ${flaw}. Please upgrade.`, file }]),
    ...(inRange(prisma, requires.prismaAdvised)
      ? []
      : [
          {
            code: "prisma_version_old",
            message: `Prisma ${prisma} is older than advised (${requires.prismaAdvised}); chimerai has not been run with it.`,
            file,
          },
        ]),
  ]
}

function inRange(version: string, range: string): boolean {
  const parsed = parseVersion(version) ?? coerce(version)
  return parsed === null || satisfies(parsed, range, { includePrerelease: true })
}

/** Characters. */
const longestRange = 200

/** A version below what is needed refuses. One that nobody knows, of a range that reaches far enough, is only doubted. */
function requireVersion(
  code: "next_version_unsupported" | "auth_version_unsupported" | "prisma_version_unsupported",
  name: string,
  { version, range, guessed, evidence }: VersionFact,
  required: string,
  warnings: Warning[],
): void {
  const isKnown = parseVersion(version) !== null || coerce(version) !== null
  if (isKnown && inRange(version, required)) return
  const [file = "package.json", line] = evidence.split(":")
  const place = { file, ...(line && { line: Number(line) }) }
  // To compare two ranges takes as long as both together, squared.
  const isTag = guessed && !isKnown && !validRange(range)
  if (
    !isTag &&
    (!guessed || range.length > longestRange || !validRange(range) || !intersects(range, required, { includePrerelease: true }))
  )
    throw new CliError(
      code,
      `${name} ${version.slice(0, longestRange)} is not supported; this version of chimerai needs ${name} ${required}.`,
      {
        ...place,
        suggestion: "Nothing was changed. Upgrade, then run this again.",
      },
    )
  warnings.push({
    code: "version_unknown",
    message: `Nothing is installed and nothing is locked, so ${name} may be anything in ${range}. It must be ${required}.`,
    ...place,
  })
}
