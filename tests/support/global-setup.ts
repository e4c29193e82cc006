import { builtApp } from "../../scripts/apps.mjs"
import { fixtures, ownSessions, passkeyFixture, recordedFixtures } from "./fixtures"

/**
 * Builds each fixture once, before the workers start: a worker that is silent for a minute is taken for dead.
 * CHIMERAI_FIXTURES=a,b builds only these, for work on one of them.
 */
export default function setup(): void {
  const only = process.env.CHIMERAI_FIXTURES?.split(",")
  for (const { name } of [...fixtures, ...ownSessions, ...recordedFixtures, passkeyFixture])
    if (!only || only.includes(name)) builtApp(name)
}
