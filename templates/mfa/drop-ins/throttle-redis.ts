/**
 * Failed codes per account, counted in Redis: put this in the place of `lib/mfa/throttle.ts`, add the package `redis` and
 * set REDIS_URL. An attempt is reserved before its code is looked at, by one script that Redis runs as a whole, so
 * parallel guesses get no more tries on any number of instances.
 *
 * Only the counting moves. That a code or a backup code is accepted once is still the database's to decide: a Redis that
 * forgets gives guesses back, never a used code. When it cannot be reached nobody gets in.
 */
import { createClient } from "redis"
import { throttleLevels } from "./config"
import type { UserId } from "./db"

export type Reservation = { ok: boolean; retryAfter?: number }

const client = createClient({ url: process.env.REDIS_URL, disableOfflineQueue: true })
// Without a listener a lost connection would end the process; whoever asks next finds out.
client.on("error", () => {})
const connecting = client.connect().catch(() => {})

/** The first requests wait for the connection, but not for ever: without one, every command is an error. */
async function connected(): Promise<void> {
  if (!client.isReady) await Promise.race([connecting, new Promise((resolve) => setTimeout(resolve, 2000))])
}

const keyOf = (userId: UserId): string => `mfa:throttle:${userId}`

/** Levels as the script reads them: failures, block in milliseconds; -1 is without end. */
const levels = throttleLevels.flatMap(({ failures, block }) => [failures, Number.isFinite(block) ? block : -1])

/** KEYS[1] the account; ARGV[1] now, then the levels. Returns milliseconds to wait, where there is a block. */
const wait = `
local failures = tonumber(redis.call("HGET", KEYS[1], "failures") or "0")
local last = tonumber(redis.call("HGET", KEYS[1], "last") or "0")
local now = tonumber(ARGV[1])
-- A time to come is one of a clock that was ahead.
if last > now then last = now end
for index = 2, #ARGV, 2 do
  if failures == tonumber(ARGV[index]) then
    local block = tonumber(ARGV[index + 1])
    if block < 0 then return 86400000 end
    if last + block > now then return last + block - now end
  elseif failures > tonumber(ARGV[#ARGV - 1]) then
    return 86400000
  end
end
`

/** Returns 0 when nothing blocks the account, and changes nothing. */
const look = `${wait}return 0`

/** Returns 0 when an attempt is reserved. */
const reserve = `${wait}redis.call("HSET", KEYS[1], "failures", failures + 1, "last", now)
return 0`

const run = async (script: string, userId: UserId, now: Date): Promise<number> => {
  await connected()
  const milliseconds = await client.eval(script, { keys: [keyOf(userId)], arguments: [now.getTime(), ...levels].map(String) })
  return Math.min(Math.ceil(Number(milliseconds) / 1000), 86_400)
}

/** Counts one attempt as failed (`clearFailures` takes it back), or says in how many seconds the next is possible. */
export async function reserveAttempt(userId: UserId, now: Date = new Date()): Promise<Reservation> {
  const retryAfter = await run(reserve, userId, now)
  return retryAfter === 0 ? { ok: true } : { ok: false, retryAfter }
}

/** Seconds until the next attempt is possible, 0 when it is now. Counts nothing. */
export const secondsBlocked = (userId: UserId, now: Date = new Date()): Promise<number> => run(look, userId, now)

/** A right code, or an administrator, ends the count. */
export async function clearFailures(userId: UserId): Promise<void> {
  await connected()
  await client.del(keyOf(userId))
}
