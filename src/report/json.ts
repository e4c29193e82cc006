import type { CliError, ErrorCode } from "../errors"
import type { Host, Warning } from "../host/types"
import type { Action, Plan } from "../plan/types"
import { shownEvidence, shownFrom } from "./paths"

export type Status = "applied" | "unchanged" | "planned" | "refused" | "rolled-back" | "conflicts"
export type Outcome = { status: Status; actions: Action[]; nextSteps: string[]; warnings: Warning[] }

/** The document of CONTRACT.md, section 1, for a run that has a plan. */
export function planDocument(command: string, version: string, plan: Plan, outcome: Outcome, app: string): object {
  const shown = shownFrom(app)
  return {
    command,
    feature: plan.feature,
    version,
    status: outcome.status,
    host: hostDocument(plan.host, app),
    actions: outcome.actions.map(({ kind, path, state, reason }) => ({ kind, path: shown(path), state, reason })),
    dependencies: plan.dependencies,
    routes: { settings: plan.routes.settings, challenge: plan.routes.challenge },
    nextSteps: outcome.nextSteps,
    warnings: outcome.warnings.map((warning) => ({ ...warning, ...(warning.file && { file: shown(warning.file) }) })),
  }
}

export function hostDocument(host: Host, app: string): object {
  const { auth, prisma } = host
  const shown = shownFrom(app)
  return {
    root: shown(host.workspace ?? "."),
    app,
    packageManager: host.packageManager,
    next: host.next,
    router: host.router,
    srcDir: host.srcDir,
    language: host.language,
    auth: {
      library: auth.library,
      version: auth.version,
      major: auth.major,
      config: shown(auth.config),
      calls: auth.calls.map(shown),
      session: auth.session,
      providers: auth.providers,
    },
    prisma: {
      version: prisma.version,
      schema: shown(prisma.schema),
      userModel: prisma.userModel,
      userModelFile: shown(prisma.userModelFile),
      userId: { name: prisma.userId.name, type: prisma.userId.type },
      provider: prisma.provider,
      client: `${shown(prisma.client.file)}#${prisma.client.export}`,
    },
    alias: host.alias?.pattern ?? null,
    middleware: host.middleware && shown(host.middleware),
    styling: host.styling,
    evidence: shownEvidence(host.evidence, shown),
  }
}

/** What ends a run that had begun to write. */
const rolledBack: ErrorCode[] = ["apply_failed", "disk_full", "verification_failed", "cancelled"]

export function errorDocument(command: string, feature: string | null, version: string, error: CliError): object {
  const status: Status = rolledBack.includes(error.code) ? "rolled-back" : "refused"
  // What a person would be asked is none of a script's business: the suggestion names the flag.
  const { choice: _, ...details } = error.details
  return {
    command,
    ...(feature && { feature }),
    version,
    status,
    error: { code: error.code, message: error.message, ...details },
  }
}
