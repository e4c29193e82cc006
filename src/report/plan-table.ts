import kleur from "kleur"
import { type Action, isDifferent, type Plan } from "../plan/types"
import { visible } from "../visible"
import type { Shown } from "./paths"

const marks: Record<Action["kind"], string> = {
  create: "create",
  edit: "edit",
  env: "env",
  dependency: "deps",
  manual: "you",
  delete: "delete",
}

const routers = { app: "App Router", pages: "Pages Router", both: "App and Pages Router" } as const

/** The plan as a table: what happens to which file, and why. */
export function planTable(plan: Plan, shown: Shown): string {
  const { host } = plan
  const facts = [
    ["Next.js", `${host.next}, ${routers[host.router]}, ${shown(host.auth.routesDir)}/`],
    [
      "Sign-in",
      `next-auth ${host.auth.version} in ${shown(host.auth.calls[0])}, ${host.auth.session} sessions${host.auth.providers.length > 0 ? ` (${host.auth.providers.join(", ")})` : ""}`,
    ],
    [
      "Prisma",
      `${host.prisma.version}, ${host.prisma.provider}, model ${host.prisma.userModel} in ${shown(host.prisma.userModelFile)}, client ${shown(host.prisma.client.file)}`,
    ],
    ["Also", `${host.packageManager}, ${host.styling}${host.middleware ? `, ${shown(host.middleware)}` : ""}`],
  ]
  const name = (path: string) => visible(shown(path))
  const width = Math.max(...plan.actions.map(({ path }) => name(path).length))
  const rows = plan.actions.map((action) => {
    const same = isDifferent(action) ? kleur.yellow("yours".padEnd(7)) : kleur.dim("same".padEnd(7))
    const mark = action.state === "unchanged" ? same : colour(action.kind)(marks[action.kind].padEnd(7))
    return `  ${mark} ${name(action.path).padEnd(width)}  ${kleur.dim(visible(action.reason))}`
  })
  return [...facts.map(([name, value]) => `  ${kleur.dim(String(name).padEnd(8))} ${visible(String(value))}`), "", ...rows].join("\n")
}

function colour(kind: Action["kind"]) {
  if (kind === "create") return kleur.green
  if (kind === "manual") return kleur.yellow
  return kind === "delete" ? kleur.red : kleur.cyan
}
