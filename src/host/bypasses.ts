import { lineAt } from "../edit/splice"
import type { HostFiles } from "./files"
import { mostInFile, sourceFiles } from "./sources"

export type Place = { file: string; line: number }
export type Bypasses = {
  /** Code that makes sessions by itself: no second factor is asked for there. */
  makesSessions: Place[]
  /** Code that reads the session's cookie by itself: it takes an older token until that is next read through next-auth. */
  readsTokens: Place[]
  /** Code that knows its caller by a key of its own, or by a header: no session is needed there, and no second factor. */
  takesKeys: Place[]
  /** Code that changes a user's password, and leaves the sign-ins that are held for that user as they are. */
  changesPasswords: Place[]
}

/** Characters. */
const longestLine = 1_000

/** Updates of users, of all files, that are looked at. A generated file may have tens of thousands. */
const mostUpdates = 5_000

const makes = /\bsession\s*\.\s*create\s*\(|\bcreateSession\s*\(|\bencode\s*\(\s*\{|\bsignInAs\b|\bimpersonat\w*\s*\(/
const reads = /\bgetToken\s*\(|\bdecode\s*\(\s*\{/
const takesKey =
  /\.\s*(?:api_?(?:key|token)|personal_?access_?token)s?\s*\.\s*find|\bheaders\b.*["'`]authorization["'`]|\.\s*headers\s*\.\s*authorization\b/i
const fromNextAuth = /["'](?:next-auth|@auth\/core)\/jwt["']/

/**
 * Places beside the sign-in that the hook cannot see. Found by text: a hint where to look, and nothing is decided by it.
 * @param known files that are MFA's, or the auth config's own
 * @param users Prisma Client's name for the queries of users
 */
export function findBypasses(files: HostFiles, known: ReadonlySet<string>, users: string): Bypasses {
  let room = mostUpdates
  const found: Bypasses = { makesSessions: [], readsTokens: [], takesKeys: [], changesPasswords: [] }
  for (const file of sourceFiles(files)) {
    if (known.has(file) || /\.(test|spec)\.\w+$|(^|\/)(tests?|__tests__|e2e)\//.test(file)) continue
    const text = files.glance(file)
    if (!/session|next-auth|@auth\/core|impersonat|signInAs|api_?key|token|authorization|passw/i.test(text)) continue
    const here: Bypasses = { makesSessions: [], readsTokens: [], takesKeys: [], changesPasswords: [] }
    if (!text.includes("endHeldSignIns")) here.changesPasswords = passwordUpdates(file, text, users, () => room-- > 0)
    // Asked once: a line for each call would have the whole text looked through as often.
    const hasTokens = fromNextAuth.test(text)
    const callsNextAuth = otherCall(text)
    text.split("\n").forEach((whole, index) => {
      // A longer line is no code that somebody has written.
      const line = whole.slice(0, longestLine)
      const place = { file, line: index + 1 }
      const makesOne = makes.test(line) && (hasTokens || !/\bencode\b/.test(line))
      if (makesOne || callsNextAuth?.test(line)) here.makesSessions.push(place)
      if (hasTokens && reads.test(line)) here.readsTokens.push(place)
      if (takesKey.test(line)) here.takesKeys.push(place)
    })
    for (const kind of Object.keys(found) as (keyof Bypasses)[]) found[kind].push(...here[kind].slice(0, mostInFile))
  }
  return found
}

/** `db.user.update({ where, data: { passwordHash } })`, over as many lines as that usually takes. */
function passwordUpdates(file: string, text: string, users: string, mayLook: () => boolean): Place[] {
  const update = new RegExp(`\\.\\s*${users}\\s*\\.\\s*(?:update|updateMany|upsert)\\s*\\(`, "g")
  const found: Place[] = []
  for (const { index } of text.matchAll(update)) {
    if (found.length === mostInFile || !mayLook()) break
    const isOne = /\b(?:data|update)\s*:\s*\{[^}]*\b\w*passw(?:or)?d\w*\b/i.test(text.slice(index, index + 600))
    if (isOne) found.push({ file, line: lineAt(text, index) })
  }
  return found
}

/** What a call of NextAuth looks like in a file that serves sign-ins with one of its own; null where it does not. */
function otherCall(text: string): RegExp | null {
  const [, all, renamed, plain] =
    /(?:^|;)[ \t]*import[ \t]+(?:(?:\w+,[ \t]*)?\*[ \t]+as[ \t]+(\w+)|\{[^}"']{0,500}\bdefault[ \t]+as[ \t]+(\w+)|(\w+))[^;"']{0,500}["']next-auth(?:\/next)?(?:\/index)?["']/m.exec(
      text,
    ) ?? []
  const name = all === undefined ? (renamed ?? plain) : `${all}[ \\t]*\\.[ \\t]*default`
  if (!name) return null
  const keepsAll = new RegExp(`\\b(?:const|let)[ \\t]+\\w+[ \\t]*=[ \\t]*${name}[ \\t]*\\(`).test(text) && !/\.auth\b/.test(text)
  return keepsAll || /\bhandlers?\b|\bsignIn\b|\bPOST\b/.test(text) ? new RegExp(`\\b${name}\\s*\\(`) : null
}
