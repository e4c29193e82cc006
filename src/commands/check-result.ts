/** What a run leaves behind, judged before it is written and once more when it is. */
import { scanSchema } from "../edit/prisma/scan"
import { CliError } from "../errors"
import type { LoadedFeature } from "../feature/types"
import { HostFiles } from "../host/files"
import { OutOfTime } from "../patience"
import type { Action, Plan } from "../plan/types"
import { withPrisma } from "../prisma-wasm"
import { makePlan } from "./make-plan"
import type { RunOptions } from "./options"

/**
 * What a plan that was carried out has still to do, and what Prisma says of the schema then; empty where all is well.
 * A schema that Prisma did not accept before is its owner's affair.
 * @param written texts by path that stand for what is on disk: a rehearsal
 */
export type OpenAfter = (written?: ReadonlyMap<string, string | null>) => Promise<string>

/** To be made before anything is written. */
export function openAfter(feature: LoadedFeature, options: RunOptions, { host }: Plan): OpenAfter {
  const schemaWasValid = schemaErrors(new HostFiles(options.dir), host.prisma.files) === ""
  return (written) =>
    openIn(makePlan(feature, options, written), ({ actions, host }) => {
      const open = openPaths(actions, ["create", "edit", "dependency", "env"])
      return open || (schemaWasValid ? schemaErrors(new HostFiles(options.dir, written), host.prisma.files) : "")
    })
}

/** What `look` finds open in a plan, or why there is no plan; empty where all is well. */
export async function openIn(plan: Promise<Plan>, look: (plan: Plan) => string): Promise<string> {
  try {
    return look(await plan)
  } catch (error) {
    if (error instanceof CliError) return error.message
    throw error
  }
}

export const openPaths = (actions: Plan["actions"], kinds: Action["kind"][]): string =>
  actions
    .filter(({ kind, state }) => kinds.includes(kind) && state === "planned")
    .map(({ path }) => path)
    .join(", ")

/** @throws CliError verification_failed, inside the transaction: every file is restored */
export function assertNothingOpen(open: string): void {
  if (open === "") return
  throw new CliError("verification_failed", `What was written is not read as it was meant: ${open}.`, {
    suggestion: "This is a defect of chimerai, or another program writes here at the same time: run it again, and report it if it stays.",
  })
}

/** The version of Prisma whose validator is asked. */
export const validatorMajor = 6

/** What Prisma's own validator says of the schema that `paths` make up; empty where it is content. */
export function schemaErrors(files: HostFiles, paths: string[]): string {
  const input = JSON.stringify({ prismaSchema: paths.map((path) => [path, withUrl(files.glance(path))]), noColor: true })
  try {
    withPrisma((prisma) => prisma.validate(input))
    return ""
  } catch (error) {
    if (error instanceof OutOfTime) return "Prisma's validator does not come to an end with it"
    return firstComplaint(error instanceof Error ? error.message : String(error))
  }
}

/** Characters. The first complaint has a line, and some around it. */
const longestComplaint = 20_000

/** The first of the validator's complaints, as `what is wrong (file:line)`. */
function firstComplaint(report: string): string {
  const { message } = (report.startsWith("{") ? JSON.parse(report) : { message: report }) as { message: string }
  const first = message.slice(0, longestComplaint)
  const [, what = first, where] = /^error: (.*?)\n\s*-->\s*(\S+)/s.exec(first) ?? []
  return where === undefined ? what : `${what} (${where})`
}

/** Prisma 7 has the address in its config; the validator, of version 6, wants one in the schema. */
function withUrl(text: string): string {
  const scan = scanSchema(text)
  const source = scan.ok ? scan.blocks.find(({ kind }) => kind === "datasource") : undefined
  if (!source || /^[ \t]*url[ \t]*=/m.test(source.body)) return text
  return `${text.slice(0, source.bodyStart)}\n  url = env("DATABASE_URL")\n${text.slice(source.bodyStart)}`
}
