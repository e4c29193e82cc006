import { buildApps } from "../../scripts/apps.mjs"
import { fixtures, ownSessions, ownWays, passkeyFixture, recordedFixtures } from "./fixtures"

/**
 * Builds each fixture once, before the workers start: a worker that is silent for a minute is taken for dead.
 * CHIMERAI_FIXTURES=a,b builds only these, for work on one of them.
 */
export default async function setup(): Promise<void> {
  const only = process.env.CHIMERAI_FIXTURES?.split(",")
  const names = [...fixtures, ...ownSessions, ...ownWays, ...recordedFixtures, passkeyFixture].map(({ name }) => name)
  await buildApps([...new Set(names)].filter((name) => !only || only.includes(name)))
}
