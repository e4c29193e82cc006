import { execFileSync } from "node:child_process"

/**
 * A TOTP code from oathtool, which shares no code with what is tested.
 * @param step 30-second steps from now
 */
export function oathCode(secret: string, step = 0): string {
  awaitRoomInStep()
  const at = Math.floor(Date.now() / 1000) + step * 30
  return execFileSync("oathtool", ["--totp", "-b", secret, "--now", `@${at}`], { encoding: "utf8" }).trim()
}

/** A code of the step before is none any more when the clock moves on between here and the app: not that close to it. */
function awaitRoomInStep(): void {
  const left = 30_000 - (Date.now() % 30_000)
  if (left < 2500) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, left + 50)
}

/** Six digits that are none of the codes accepted now or soon. */
export function wrongCode(secret: string): string {
  const near = new Set([-2, -1, 0, 1, 2, 3].map((step) => oathCode(secret, step)))
  for (let value = 0; ; value++) {
    const code = String(value).padStart(6, "0")
    if (!near.has(code)) return code
  }
}

/** Until the clock has moved on from the time step in which this was: its codes are those of the step before then. */
export async function stepAfter(milliseconds: number): Promise<void> {
  const next = (Math.floor(milliseconds / 30_000) + 1) * 30_000
  if (next > Date.now()) await new Promise((resolve) => setTimeout(resolve, next - Date.now() + 50))
}
