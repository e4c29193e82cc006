import type { CliError } from "../errors"
import type { Host, Warning } from "../host/types"
import type { Action, Plan } from "../plan/types"

export type Status = "applied" | "unchanged" | "planned" | "refused" | "rolled-back" | "conflicts"
export type Outcome = { status: Status; actions: Action[]; nextSteps: string[]; warnings: Warning[] }

/** The document of CONTRACT.md, section 1, for a run that has a plan. */
export function planDocument(command: string, version: string, plan: Plan, outcome: Outcome): object {
  return {
    command,
    feature: plan.feature,
    version,
    status: outcome.status,
    host: hostDocument(plan.host),
    actions: outcome.actions.map(({ kind, path, state, reason }) => ({ kind, path, state, reason })),
    dependencies: plan.dependencies,
    routes: { settings: plan.routes.settings, challenge: plan.routes.challenge },
    nextSteps: outcome.nextSteps,
    warnings: outcome.warnings,
  }
}

export function hostDocument(host: Host): object {
  const { auth, prisma } = host
  return {
    root: ".",
    app: ".",
    packageManager: host.packageManager,
    next: host.next,
    router: host.router,
    srcDir: host.srcDir,
    language: host.language,
    auth: {
      library: auth.library,
      version: auth.version,
      major: auth.major,
      config: auth.config,
      calls: auth.calls,
      session: auth.session,
      providers: auth.providers,
    },
    prisma: {
      version: prisma.version,
      schema: prisma.schema,
      userModel: prisma.userModel,
      userModelFile: prisma.userModelFile,
      userId: { name: prisma.userId.name, type: prisma.userId.type },
      provider: prisma.provider,
      client: `${prisma.client.file}#${prisma.client.export}`,
    },
    alias: host.alias?.pattern ?? null,
    middleware: host.middleware,
    styling: host.styling,
    evidence: host.evidence,
  }
}

export function errorDocument(command: string, feature: string | null, version: string, error: CliError): object {
  const status: Status = error.code === "apply_failed" || error.code === "cancelled" ? "rolled-back" : "refused"
  return {
    command,
    ...(feature && { feature }),
    version,
    status,
    error: { code: error.code, message: error.message, ...error.details },
  }
}
