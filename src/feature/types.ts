import * as z from "zod/mini"

/** Which hosts a part of the feature is for; what is not said does not matter. */
const condition = z.strictObject({
  styling: z.optional(z.enum(["css", "tailwind"])),
  major: z.optional(z.number()),
  router: z.optional(z.enum(["app", "pages"])),
  middleware: z.optional(z.enum(["auth", "own-call", "with-auth", "own"])),
  language: z.optional(z.enum(["ts", "js"])),
  database: z.optional(z.enum(["mongodb", "relational"])),
})

/** templates/<feature>/feature.json: all that a feature is, as data. */
export const featureSchema = z.strictObject({
  name: z.string(),
  title: z.string(),
  requires: z.strictObject({
    next: z.string(),
    nextAuth: z.string(),
    nextAuthAdvised: z.string(),
    prisma: z.string(),
    prismaAdvised: z.string(),
    /** What an auth handler in the app folder needs beyond that. */
    appRouter: z.strictObject({ next: z.string(), nextAuth: z.string() }),
  }),
  dependencies: z.array(
    z.strictObject({ name: z.string(), range: z.string(), dev: z._default(z.boolean(), false), when: z.optional(condition) }),
  ),
  env: z.array(z.strictObject({ name: z.string(), comment: z.string(), generate: z.string().check(z.regex(/^base64:\d+$/)) })),
  schema: z.strictObject({
    userFields: z.array(z.strictObject({ name: z.string(), type: z.string(), attributes: z._default(z.string(), "") })),
    models: z.string(),
  }),
  /** The call of the auth library that is wrapped, and what wraps it. */
  wrapCall: z.strictObject({ wrapper: z.string(), module: z.string() }),
  /** A function that is called with the auth options where they are declared. */
  guardOptions: z.strictObject({ function: z.string(), module: z.string(), when: z.optional(condition) }),
  /** What opens the challenge page in a middleware: a wrapper of its own NextAuth, or a module in place of the library's. */
  openMiddleware: z.strictObject({ wrapper: z.string(), module: z.string(), replaces: z.string() }),
  /** A function that a middleware of the app's own is given to. */
  passMiddleware: z.strictObject({ wrapper: z.string(), module: z.string() }),
  /** A function that takes a sign-in form where its result says. */
  followResult: z.strictObject({ function: z.string(), module: z.string() }),
  routes: z.strictObject({ settings: z.string(), challenge: z.string() }),
  files: z.array(
    z.strictObject({
      template: z.string(),
      target: z.string(),
      when: z.optional(condition),
    }),
  ),
  /** Tailwind classes by role; without Tailwind the role is a class of the feature's CSS module. */
  styles: z.record(z.string(), z.string()),
  nextSteps: z.strictObject({
    migrations: z.string(),
    push: z.string(),
    /** After that, for some hosts. */
    after: z.array(z.strictObject({ command: z.string(), when: condition })),
  }),
})

export type Feature = z.infer<typeof featureSchema>
export type Condition = z.infer<typeof condition>
export type Requirements = Feature["requires"]
export type LoadedFeature = Feature & { dir: string }
