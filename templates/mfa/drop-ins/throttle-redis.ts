/**
 * Failed codes per account, counted in Redis: put this in the place of `lib/mfa/throttle.ts`, add the package `redis` and
 * set REDIS_URL. An attempt is reserved before its code is looked at, by one script that Redis runs as a whole, so
 * parallel guesses get no more tries on any number of instances (T2, T7, T43).
 *
 * Only the counting moves. That a code or a backup code is accepted once is still the database's to decide: a Redis that
 * forgets gives guesses back, never a used code. When it cannot be reached nobody gets in (T49).
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

/** KEYS[1] the account; ARGV[1] now, then the levels. Returns 0 when reserved, else milliseconds to wait. */
const reserve = `
local failures = tonumber(redis.call("HGET", KEYS[1], "failures") or "0")
local last = tonumber(redis.call("HGET", KEYS[1], "last") or "0")
local now = tonumber(ARGV[1])
for index = 2, #ARGV, 2 do
  if failures == tonumber(ARGV[index]) then
    local block = tonumber(ARGV[index + 1])
    if block < 0 then return 3600000 end
    if last + block > now then return last + block - now end
  elseif failures > tonumber(ARGV[#ARGV - 1]) then
    return 3600000
  end
end
redis.call("HSET", KEYS[1], "failures", failures + 1, "last", now)
return 0
`

/** Counts one attempt as failed (`clearFailures` takes it back), or says in how many seconds the next is possible. */
export async function reserveAttempt(userId: UserId, now: Date = new Date()): Promise<Reservation> {
  await connected()
  const answer = await client.eval(reserve, { keys: [keyOf(userId)], arguments: [now.getTime(), ...levels].map(String) })
  const wait = Number(answer)
  return wait === 0 ? { ok: true } : { ok: false, retryAfter: Math.min(Math.ceil(wait / 1000), 3600) }
}

/** A right code ends the count. */
export async function clearFailures(userId: UserId): Promise<void> {
  await connected()
  await client.del(keyOf(userId))
}
