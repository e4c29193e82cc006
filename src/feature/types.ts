import { validRange } from "semver"
import * as z from "zod/mini"
import { isCreatable, isEnvName, isFeatureName, isIdentifier, isPackageName, isPlainPath } from "../names"
import { hasUnseen } from "../visible"

/** A feature may be somebody else's: what it says goes into code, package.json and commands that are printed. */
const text = (isRight: (value: string) => boolean, message: string) => z.string().check(z.refine(isRight, message))
const list = <Item extends z.ZodMiniType>(item: Item) => z.array(item).check(z.maxLength(1_000))

const identifier = text(isIdentifier, "not an identifier")
const line = text((value) => value.length <= 500 && !hasUnseen(value), "not one line of text")
const range = text((value) => value.length <= 200 && validRange(value) !== null, "not a range of versions")
const route = text((value) => /^(?:\/[\w()-]+)+$/.test(value), "not a path like /settings/mfa")
/** Below the feature's own folder, or the app's: no detours, nothing hidden. */
const isBelow = (path: string): boolean => isPlainPath(path) && path.split("/").every((part) => part !== "" && !part.startsWith("."))
const template = text((path) => isBelow(path) && path.endsWith(".hbs"), "not the path of a template (.hbs) in the feature's folder")
const module = text((path) => isBelow(path) && isCreatable(`${path}.ts`), "not the path of a module")
const target = text(
  // Whatever folder the app has for it; what it comes to there is looked at again.
  (path) => !path.startsWith(".") && isCreatable(path.replace(/^\{base\}/, "").replace(/^\{\w+\}/, "app/folder")),
  "not a file that a feature may create: code, styles and schemas of the app, and nothing that a tool reads as its configuration",
)
/** Words: what a shell would take for more than that is nothing to print as the next step. */
const command = text((value) => value.length <= 300 && /^[\w{}@:=./ -]+$/.test(value), "not a plain command")

/**
 * Variables that are an app's already, or that a program takes orders from; and what begins with `NEXT_PUBLIC_` is
 * written into what browsers get.
 */
const reserved = /^(?:AUTH_SECRET.*|NEXTAUTH_.*|DATABASE_URL|DIRECT_URL|NEXT_.*|NODE_.*|NPM_.*|LD_.*|DYLD_.*|GIT_.*|PATH|HOME|SHELL)$/i

/** Which hosts a part of the feature is for; what is not said does not matter. */
const condition = z.strictObject({
  styling: z.optional(z.enum(["css", "tailwind"])),
  major: z.optional(z.number()),
  router: z.optional(z.enum(["app", "pages"])),
  middleware: z.optional(z.enum(["auth", "own-call", "with-auth", "own"])),
  language: z.optional(z.enum(["ts", "js"])),
  database: z.optional(z.enum(["mongodb", "relational"])),
  /** `own`: the pages bring their root layout. */
  layout: z.optional(z.enum(["own", "app"])),
  /** What makes the app call NextAuth: an import, or only a request. */
  start: z.optional(z.enum(["import", "request"])),
})

/** templates/<feature>/feature.json: all that a feature is, as data. */
export const featureSchema = z.strictObject({
  name: text(isFeatureName, "not a name of small letters, digits and dashes"),
  title: line,
  requires: z.strictObject({
    next: range,
    nextAuth: range,
    nextAuthAdvised: range,
    prisma: range,
    prismaAdvised: range,
    /** What an auth handler in the app folder needs beyond that. */
    appRouter: z.strictObject({ next: range, nextAuth: range }),
  }),
  dependencies: list(
    z.strictObject({
      name: text(isPackageName, "not the name of a package of the registry"),
      range,
      dev: z._default(z.boolean(), false),
      when: z.optional(condition),
    }),
  ),
  env: list(
    z.strictObject({
      name: text((name) => isEnvName(name) && !reserved.test(name), "not the name of a variable that a feature may have"),
      comment: line,
      generate: z.string().check(z.regex(/^base64:[1-9]\d{0,3}$/)),
    }),
  ),
  schema: z.strictObject({
    userFields: list(
      z
        .strictObject({
          name: identifier,
          type: z.string().check(z.regex(/^[A-Za-z]\w{0,99}(?:\?|\[\])?$/)),
          attributes: z._default(z.string().check(z.regex(/^[\w@(),.:"[\] -]{0,200}$/)), ""),
        })
        .check(
          z.refine(
            // The rows that are there already have no value for it, and no migration would go through.
            ({ type, attributes }) => /[?\]]$/.test(type) || /@default\b/.test(attributes),
            "a field of users that is required and has no default",
          ),
        ),
    ),
    models: template,
  }),
  /** The call of the auth library that is wrapped, and what wraps it. */
  wrapCall: z.strictObject({ wrapper: identifier, module }),
  /** A function that is called with the auth options where they are declared. */
  guardOptions: z.strictObject({ function: identifier, module, when: z.optional(condition) }),
  /** What opens the challenge page in a middleware: a wrapper of its own NextAuth, or a module in place of the library's. */
  openMiddleware: z.strictObject({ wrapper: identifier, module, replaces: text(isPlainPath, "not the name of a module") }),
  /** A function that a middleware of the app's own is given to. */
  passMiddleware: z.strictObject({ wrapper: identifier, module }),
  /** A function that takes a sign-in form where its result says; the wrapper does so before the form has the result. */
  followResult: z.strictObject({ function: identifier, wrapper: identifier, module }),
  routes: z.strictObject({ settings: route, challenge: route }),
  files: list(z.strictObject({ template, target, when: z.optional(condition) })),
  /** Tailwind classes by role; without Tailwind the role is a class of the feature's CSS module. */
  styles: z.record(
    identifier,
    text((value) => /^[\w:/.%#[\]()!,&>*=-][\w:/.%#[\]()!,&>*= -]{0,499}$/.test(value), "not a list of classes"),
  ),
  nextSteps: z.strictObject({
    migrations: command,
    push: command,
    /** Where neither makes the client anew: from Prisma 7. */
    generate: command,
    /** After that, for some hosts. */
    after: list(z.strictObject({ command, when: condition })),
  }),
})

export type Feature = z.infer<typeof featureSchema>
export type Condition = z.infer<typeof condition>
export type Requirements = Feature["requires"]
/** @property isBuiltIn it is called as one of this package's: what earlier versions of it have written is known by its name */
export type LoadedFeature = Feature & { dir: string; isBuiltIn: boolean }
