import type { EnvFacts } from "./env"
import type { MiddlewareGuard } from "./middleware"
import type { PagePlaces } from "./pages"
import type { BareSession, SignInCaller } from "./sign-in-callers"

export type PackageManager = "npm" | "pnpm" | "yarn" | "bun"
export type Language = "ts" | "js"
export type Styling = "tailwind-4" | "tailwind-3" | "css"

/** Where each fact was read: `tsconfig.json:12`. */
export type Evidence = Record<string, string>

/** How code is to look, by the names and values of Prettier's options. */
export type FormatOptions = Readonly<Record<string, string | number | boolean>>

/** A constant, or a function that makes options (also what a module exports as `default`). */
export type OptionsSource = { file: string; name: string; kind: "constant" | "function" }

export type AuthFacts = {
  library: "next-auth"
  version: string
  major: number
  /** The file that holds the options. */
  config: string
  /** The files that call NextAuth, the one to wrap first. */
  calls: [string, ...string[]]
  /** The module whose import runs the call; null where NextAuth is called only once a request comes. */
  runs: string | null
  session: "jwt" | "database" | "dynamic"
  providers: string[]
  /** What the options have of them, as far as it can be read: an adapter, OAuth, how many credentials providers, the tables that those read, and the ids of those that end when the browser comes back. */
  signIns: { adapter: boolean; oauth: boolean; credentials: number; tables: string[]; byPage: string[] }
  /** Where providers are that could not be read: `src/auth.ts:12`. What follows from all of them is not known then. */
  unknownProviders: string | null
  /** NextAuth is called in a function, which may make one for each tenant. */
  isMadeInFunction: boolean
  /** Where the app encodes its session tokens itself: `src/auth.ts:12`. */
  ownEncoding: string | null
  /** The route handler ([...nextauth]) and the router it belongs to, which MFA's routes and pages join. */
  handler: string
  router: "app" | "pages"
  /** The folder of that router: `src/app`. */
  routesDir: string
  /** What other files can read the options from: `src/lib/auth.ts#authOptions`. */
  options: OptionsSource[]
  /** `pages.signIn` of the options, where it is a literal or the name of one. */
  signInPage: string | null
  /** Where it is neither: `src/auth.ts:12`. */
  unknownSignInPage: string | null
  /** The folder of the auth route handler's catch-all: `src/app/api/auth`. */
  handlerDir: string
}

export type UserId = { name: string; type: string; nativeType: string | null }

export type PrismaFacts = {
  version: string
  /** The schema file, or the folder of a schema in several files. */
  schema: string
  /** The folder of the package it belongs to. */
  home: string
  files: string[]
  provider: string
  userModel: string
  userModelFile: string
  /** Its table or collection. */
  userTable: string
  userId: UserId
  /** `@@schema("auth")` of the user model, where the database has several. */
  userSchema: string | null
  userEmail: string
  /** The model of database sessions, where there is one in the shape of the adapter's. */
  sessionModel: string | null
  /** Its `sessionToken`, where the column's type is too narrow for a token with the time of its sign-in. */
  narrowSessionToken: { type: string; file: string; line: number } | null
  /** What the schema is generated from, where it is: an edit would be lost. */
  generatedFrom: string | null
  /** Fields of the user and models that look like a second factor, ours included. */
  secondFactors: { name: string; file: string; line: number }[]
  /**
   * The module that exports the client; `specifier` where it is another package, which is imported by name. With `isOwn`
   * the app exports none: `file` is ours, and `specifier` is where it has the class from. With `replicas` it is extended
   * with `readReplicas(…)`: its reads may be older than its writes, unless they ask for `$primary()`.
   */
  client: { file: string; export: string; specifier: string | null; isOwn: boolean; replicas: boolean }
}

/** @property others every other alias of the app: one that says more of a path goes before this one */
export type AliasFact = { pattern: string; prefix: string; dir: string; others: string[] }

/** What the names of pages and of routes end in, behind a dot: `tsx` and `ts`, or what pageExtensions has in their place. */
export type Endings = { page: string; route: string }

/** What is known about the app, each fact with its evidence. Paths are relative to `root`, with `/`. */
export type Host = {
  root: string
  /** The way from the app to the root of its workspace: `../..`; null when it is by itself. */
  workspace: string | null
  name: string
  packageManager: PackageManager
  next: string
  router: "app" | "pages" | "both"
  appDir: string | null
  pagesDir: string | null
  endings: Endings
  pages: PagePlaces
  srcDir: boolean
  language: Language
  auth: AuthFacts
  prisma: PrismaFacts
  alias: AliasFact | null
  middleware: string | null
  /** Paths that the middleware is known to leave alone; null where its matcher cannot be read. */
  middlewareMatches: string[] | null
  /** What in the middleware decides who may pass, where that is known. */
  middlewareGuard: MiddlewareGuard | null
  /** The file in which a NextAuth of the middleware's own is called. */
  middlewareCall: string | null
  /** Forms that must go to the URL they get back. */
  /** Calls of next-auth 4's `getServerSession` without options, which go on accepting sessions that have ended. */
  bareSessions: BareSession[]
  signInCallers: SignInCaller[]
  styling: Styling
  /** What the app's own formatter is told; null where it has none that can be read. */
  formatting: FormatOptions | null
  env: EnvFacts
  usesMigrations: boolean
  evidence: Evidence
  warnings: Warning[]
}

export type Warning = { code: string; message: string; file?: string; line?: number }
