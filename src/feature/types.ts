import * as z from "zod/mini"

/** templates/<feature>/feature.json: all that a feature is, as data. */
export const featureSchema = z.strictObject({
  name: z.string(),
  title: z.string(),
  requires: z.strictObject({ next: z.string(), nextAuth: z.string(), nextAuthAdvised: z.string(), prisma: z.string() }),
  dependencies: z.array(z.strictObject({ name: z.string(), range: z.string(), dev: z._default(z.boolean(), false) })),
  env: z.array(z.strictObject({ name: z.string(), comment: z.string(), generate: z.string().check(z.regex(/^base64:\d+$/)) })),
  schema: z.strictObject({
    userFields: z.array(z.strictObject({ name: z.string(), type: z.string(), attributes: z._default(z.string(), "") })),
    models: z.string(),
  }),
  /** The call of the auth library that is wrapped, and what wraps it. */
  wrapCall: z.strictObject({ wrapper: z.string(), module: z.string() }),
  routes: z.strictObject({ settings: z.string(), challenge: z.string() }),
  files: z.array(
    z.strictObject({
      template: z.string(),
      target: z.string(),
      when: z.optional(z.strictObject({ styling: z.enum(["css", "tailwind"]) })),
    }),
  ),
  /** Tailwind classes by role; without Tailwind the role is a class of the feature's CSS module. */
  styles: z.record(z.string(), z.string()),
  nextSteps: z.strictObject({ migrations: z.string(), push: z.string() }),
})

export type Feature = z.infer<typeof featureSchema>
export type Requirements = Feature["requires"]
export type LoadedFeature = Feature & { dir: string }
