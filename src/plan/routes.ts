import { CliError } from "../errors"
import type { RenderedFile, Routes } from "../feature/render"
import { addressOf, isOpen, isOpenToNone, type Taken } from "../host/taken-routes"
import type { Host, Warning } from "../host/types"
import type { Sources } from "./sources"

/**
 * Refuses an app of which a file answers an address of ours already, from whatever folder: Next.js builds no app with
 * two files for one address. Where one answers it among others, ours goes before it, which is said.
 * @throws CliError route_taken
 */
export function assertRoutesFree(host: Host, files: RenderedFile[], routes: Routes, sources: Sources): Warning[] {
  const ours = new Set(files.map(({ path }) => path))
  const { router, routesDir, handler } = host.auth
  return files.flatMap(({ path }) => {
    const address = addressOf(router, routesDir, path)
    if (address === null) return []
    return sources
      .routesAt(address)
      .filter(({ file }) => !ours.has(file) && file !== handler && !sources.isInstalled(file))
      .flatMap((taken) => judge(address, taken, routes))
  })
}

function judge(address: string, { file, pattern }: Taken, routes: Routes): Warning[] {
  const refusal = (message: string) =>
    new CliError("route_taken", message, {
      file,
      suggestion: `Nothing was changed. Move ${file} to another address, or remove it, then run this again.`,
    })
  if (pattern === null) throw refusal(`${address} is taken: ${file} answers it, and MFA needs it for itself.`)
  const parts = pattern.split("/").slice(1)
  const open = parts.findIndex(isOpen)
  const depth = address.split("/").length - 1
  if (open === depth && isOpenToNone(parts[open] ?? ""))
    throw refusal(`${address} is taken: ${file} answers it, too, and Next.js builds no app in which another file is for it.`)
  // Below a folder of this name is somebody's own second factor, whose parts would be ours from then on.
  const names = [routes.settings, routes.challenge].map((route) => route.split("/").at(-1))
  if (parts.slice(0, open).some((part) => names.includes(part)))
    throw refusal(`${address} is taken: ${file} answers it as ${pattern}, and would not be asked any more.`)
  if (open === 0 || open !== depth - 1) return []
  return [{ code: "route_shadowed", message: `${address} was answered as ${pattern} until now; MFA's own file goes before it.`, file }]
}
